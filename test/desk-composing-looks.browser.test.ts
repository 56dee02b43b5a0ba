import { expect } from 'vitest'
import { composerLooks, composerScenes } from './composer-scenes.js'
import { deskTest as it, until } from './browser-fixture.js'
import { seriousViolations } from './browser.js'

const all = composerScenes.flatMap((scene) =>
  composerLooks.map(([suffix, look]) => [`${scene.name}${suffix}`, scene, look] as const),
)

it.for(all)('%s: can be read and reached by everybody', async ([name, { reach }, look], { stage, api }) => {
  await stage.customer().sends('我的杯子有裂纹')
  const desk = await stage.enter('小满', look)
  await desk.row(/我的杯子有裂纹/).click()
  await desk.button('接入').click()
  await until(() => desk.reply.isEnabled()).toBe(true)
  await reach({ stage, desk, api })
  expect(await seriousViolations(desk.page)).toEqual([])
  const width = desk.page.viewportSize()?.width ?? 0
  expect(await desk.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
  if (name.startsWith('locked'))
    expect((await desk.page.locator('#composer').boundingBox())?.height).toBeLessThanOrEqual(80)
  expect(desk.trouble).toEqual([])
})
