import type { Browser } from 'playwright-core'
import { composerLooks, composerScenes } from '../../test/composer-scenes.js'
import { startDeskStage } from '../../test/desk-stage.js'
import { ApiClient } from '../../test/support/api-client.js'
import type { Step } from './step.js'
import { shoot } from './shoot.js'

const key = 'a-key-of-the-screenshots-0123456789'

/** The composer when something is not as usual. */
export async function takeComposer(browser: Browser, step: Step): Promise<void> {
  for (const { name, reach } of composerScenes)
    await step(name, async () => {
      for (const [suffix, look] of composerLooks) {
        const stage = await startDeskStage(browser, { KEFU_API_KEY: key })
        const api = new ApiClient(stage.service.url, key)
        await stage.customer().sends('我的杯子杯口有裂纹，可以换一个吗？')
        const desk = await stage.enter('小满', {
          viewport: { width: 1280, height: 720 },
          locale: 'zh-CN',
          ...look,
        })
        await desk.row(/杯口有裂纹/).click()
        await desk.button('接入').click()
        await desk.reply.and(desk.page.locator(':enabled')).waitFor()
        await reach({ stage, desk, api })
        await shoot(desk.page, `composer-${name}${suffix}`)
        await stage.close()
      }
    })
}
