import { describe, expect } from 'vitest'
import { deskTest as it, until } from './browser-fixture.js'
import type { OpenDesk } from './desk-stage.js'
import { png } from './support/pictures.js'

describe('the desk, without a mouse and on small screens', () => {
  const focused = ({ page }: OpenDesk): Promise<string> =>
    page.evaluate<string>(
      `(document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.labels?.[0]?.textContent
        ?? document.activeElement?.textContent ?? '').trim()`,
    )
  /** Goes on to a control, as whoever has no mouse does. */
  async function tabTo(desk: OpenDesk, name: RegExp, key = 'Tab'): Promise<void> {
    for (let presses = 0; presses < 40; presses++) {
      if (name.test(await focused(desk))) return
      await desk.page.keyboard.press(key)
    }
    expect.fail(`${key} did not come to ${String(name)}`)
  }

  it('signs in, tags, answers with a canned reply, a picture and a card, and hands over, by keys alone', async ({
    stage,
    api,
  }) => {
    await stage.enter('李四')
    const first = await stage.enter('店长', { role: 'admin' })
    await first.context.close()
    await api.ok('POST /canned-replies', { body: { title: '退款时效', content: '退款 3 天内到账。' } })
    await stage.customer().sends('什么时候退款')

    const desk = await stage.open()
    const { page } = desk
    const { keyboard } = page
    const file = { name: 'a.png', mimeType: 'image/png', buffer: png(52, 42) }
    page.on('filechooser', (chooser) => void chooser.setFiles(file))
    await page.getByLabel('用户名').waitFor()
    await tabTo(desk, /用户名/)
    await keyboard.insertText(stage.nameOf('店长'))
    await keyboard.press('Tab')
    await keyboard.insertText('correct horse battery')
    await keyboard.press('Enter')
    await desk.row(/什么时候退款/).waitFor()
    await keyboard.press('j')
    await desk.button('接入').waitFor()
    await keyboard.press('t')
    await until(() => focused(desk)).toBe('回复')

    await keyboard.type('/tk')
    await page.getByRole('option', { name: /退款时效/ }).waitFor()
    await keyboard.press('Enter')
    await until(() => desk.reply.inputValue()).toBe('退款 3 天内到账。')
    await keyboard.press('Enter')
    expect(await stage.customer().receives()).toMatchObject({ content: { content: '退款 3 天内到账。' } })

    await tabTo(desk, /^图片$/, 'Shift+Tab')
    await keyboard.press('Enter')
    await page.getByAltText('待发图片 1').waitFor()
    await tabTo(desk, /^发送$/)
    await keyboard.press('Enter')
    expect(await stage.customer().receives()).toMatchObject({ content: { msgType: 'image' } })

    await tabTo(desk, /^小程序卡片$/, 'Shift+Tab')
    await keyboard.press('Enter')
    await until(() => focused(desk)).toBe('标题')
    await keyboard.insertText('云朵马克杯')
    await keyboard.press('Tab')
    await keyboard.insertText('pages/goods/detail?id=1024')
    await tabTo(desk, /选择图片/)
    await keyboard.press('Enter')
    await page.getByRole('dialog').locator('img').waitFor()
    await tabTo(desk, /^发送卡片$/)
    await keyboard.press('Enter')
    expect(await stage.customer().receives()).toMatchObject({ content: { title: '云朵马克杯' } })

    // From the text to the list, where the single keys are.
    await until(() => page.getByRole('dialog').count()).toBe(0)
    await tabTo(desk, /^回复$/)
    await keyboard.press('Escape')
    await until(() => page.evaluate(`document.activeElement.getAttribute('role')`)).toBe('option')
    await keyboard.press('l')
    await until(() => focused(desk)).toBe('输入标签后按 Enter')
    await keyboard.insertText('售后')
    await keyboard.press('Enter')
    await desk.button('移除标签 售后').waitFor()
    await keyboard.press('Escape')
    await keyboard.press('a')
    await page.getByRole('dialog', { name: '转接给同事' }).waitFor()
    await keyboard.insertText(stage.nameOf('李四'))
    await tabTo(desk, /李四/)
    await keyboard.press('Enter')
    await page.getByText(`已转接给 ${stage.nameOf('李四')}`).waitFor()

    await keyboard.press('Control+k')
    await page.getByRole('dialog', { name: '命令面板' }).waitFor()
    await keyboard.insertText('打开设置')
    await keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: '设置' }).waitFor()
    expect(desk.trouble).toEqual([])
  })

  it.for([
    ['320 px', { viewport: { width: 320, height: 640 } }],
    ['1280 px at 200 %', { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 }],
  ] as const)('has every page within %s', async ([, options], { stage }) => {
    await stage.customer().sends('很长的一句话没有空格也没有标点'.repeat(12))
    const desk = await stage.enter('店长', { role: 'admin', ...options })
    const { page } = desk
    const mustFit = async (what: string): Promise<void> => {
      const wide = await page.evaluate<string[]>(
        `[document.documentElement, ...document.querySelectorAll('main, .admin .scroll, [role=log], [role=dialog] .body')]
          .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.tagName + '.' + one.className)`,
      )
      expect(wide, what).toEqual([])
    }
    await mustFit('the list')
    await desk.list.getByRole('option').first().click()
    await desk.button('接入').click()
    await until(() => desk.reply.isEnabled()).toBe(true)
    await mustFit('a conversation')
    for (const part of [desk.reply, desk.button('发送')]) {
      const box = await part.boundingBox()
      expect((box?.y ?? Infinity) + (box?.height ?? 0)).toBeLessThanOrEqual(options.viewport.height)
    }
    // Something of the thread can be seen beside the composer.
    expect((await desk.thread.boundingBox())?.height).toBeGreaterThan(40)
    await desk.button('图文链接').click()
    await page.getByRole('dialog').waitFor()
    await mustFit('a form')
    await page.keyboard.press('Escape')
    await page.goto(`${stage.service.url}/#/settings`)
    await page.getByRole('heading', { level: 1, name: '设置' }).waitFor()
    await mustFit('the settings')
    await page.goto(`${stage.service.url}/#/admin/agents`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    const sections = await page.evaluate<string[]>(
      `[...document.querySelectorAll('a[href^="#/admin/"]')].map((link) => link.getAttribute('href'))`,
    )
    for (const section of sections) {
      await page.goto(`${stage.service.url}/${section}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.getByText('加载中…').waitFor({ state: 'hidden' })
      await mustFit(section)
    }
    expect(desk.trouble).toEqual([])
  })
})
