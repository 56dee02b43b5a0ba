import { describe, expect } from 'vitest'
import { phoneTest as it } from './browser-fixture.js'
import { seriousViolations } from './browser.js'
import { hostile } from './hostile.js'
import { app, until } from './phone-stage.js'
import { tinyPng } from './push-receiver.js'

describe('the phone, against hostile and with everybody', () => {
  it('shows hostile texts as the text they are: nothing runs, nothing is asked for, nothing leads away', async ({
    stage,
  }) => {
    const { page, phone, openId, trouble } = await stage.open()
    const customer = await openId()
    const user = stage.emulator.user(customer)
    await phone().getByRole('button', { name: '联系客服' }).click()
    const log = phone().getByRole('log')
    const { mediaId } = await stage.api.uploadTempMedia(tinyPng)
    for (const content of hostile) {
      await user.sends(content)
      await stage.api.send(customer, { msgType: 'text', content })
    }
    await user.sends({ msgType: 'miniprogrampage', title: hostile[0]!, pagePath: `x?${hostile[1]!}` })
    await user.sends({ msgType: 'other', type: 'location', fields: { Label: hostile[0]! } })
    for (const content of hostile.slice(0, 2)) {
      await stage.api.send(customer, {
        msgType: 'link',
        title: content,
        description: content,
        url: 'javascript:globalThis.ran = 1',
        thumbUrl: 'javascript:globalThis.ran = 1',
      })
      await stage.api.send(customer, {
        msgType: 'miniprogrampage',
        title: content,
        pagePath: content,
        thumbMediaId: mediaId,
      })
    }
    await until(() => log.locator('article').count()).toBe(hostile.length * 2 + 6)

    // Each is there twice, letter for letter.
    const shown = await page.evaluate<string[]>(
      `[...document.querySelectorAll('[role=log] .bubble')].map((bubble) => bubble.textContent)`,
    )
    expect(hostile.filter((content) => shown.filter((text) => text === content).length !== 2)).toEqual([])
    for (const text of await log.getByRole('link').allTextContents())
      expect(text).toMatch(/^https:\/\/evil\.example/)

    // Whatever can be tapped is tapped.
    await log.locator('.link-card').first().click()
    await page.getByText('微信只打开 http 和 https 链接').waitFor()
    await log.getByRole('link').first().click()
    await phone().getByRole('dialog', { name: '网页' }).getByRole('button', { name: '关闭' }).click()
    await log.locator('.card').last().click()
    await phone().getByText(hostile[1]!, { exact: false }).first().waitFor()
    const drawer = page.getByRole('complementary', { name: '开发者抽屉' })
    for (const row of (await drawer.getByRole('listitem').getByRole('button').all()).slice(-6))
      await row.click()

    expect(await page.evaluate('globalThis.ran')).toBeUndefined()
    expect(page.context().pages()).toHaveLength(1)
    expect(page.url()).toBe(`${stage.emulator.url}/`)
    expect(trouble).toEqual([])
  })

  it('takes a Mini Program’s name, the session-from and the language from the address as text', async ({
    stage,
  }) => {
    stage.emulator.addApp({ ...app, name: hostile[1]!, pushUrl: stage.pushUrl })
    const { page, phone, trouble } = await stage.open(
      `?lang=${encodeURIComponent(hostile[0]!)}&phones=${hostile[1]!}`,
    )
    await phone().getByRole('button', { name: '联系客服' }).click()
    await phone()
      .getByRole('group', { name: '客服会话' })
      .getByRole('heading', { name: hostile[1]! })
      .waitFor()
    expect(await page.evaluate('globalThis.ran')).toBeUndefined()
    expect(trouble).toEqual([])
  })

  describe.each([
    ['light and wide', { colorScheme: 'light', viewport: { width: 1440, height: 900 } }],
    ['dark and wide', { colorScheme: 'dark', viewport: { width: 1440, height: 900 } }],
    ['on a phone', { colorScheme: 'light', viewport: { width: 360, height: 740 } }],
  ] as const)('%s', (_name, options) => {
    it('has nothing that axe finds serious', async ({ stage }) => {
      stage.bot.hears('转人工', (ctx) => {
        ctx.transfer()
      })
      const { page, phone, openId } = await stage.open('', options)
      const isNarrow = options.viewport.width < 1024
      const openDrawer = async (): Promise<void> => {
        if (isNarrow) await page.getByRole('banner').getByRole('button', { name: '开发者抽屉' }).click()
      }
      await phone().getByRole('button', { name: '开发者' }).click()
      expect(await seriousViolations(page)).toEqual([])
      await page.keyboard.press('Escape')

      await phone().getByRole('button', { name: '联系客服' }).click()
      const customer = await openId()
      const user = stage.emulator.user(customer)
      await user.sends('你好 https://example.com')
      await user.sendsImage(tinyPng)
      const { mediaId } = await stage.api.uploadTempMedia(tinyPng)
      const link = `<a href="https://example.com">网页</a>`
      await stage.api.send(customer, { msgType: 'text', content: `您好,${link}`, isAiMsg: true })
      await stage.api.send(customer, {
        msgType: 'miniprogrampage',
        title: '卡',
        pagePath: 'pages/a',
        thumbMediaId: mediaId,
      })
      const thumbUrl = `${stage.emulator.url}/_emulator/media/${mediaId}`
      await stage.api.send(customer, {
        msgType: 'link',
        title: '图文',
        description: '说明',
        url: 'https://example.com',
        thumbUrl,
      })
      await expect(stage.api.send('nobody', { msgType: 'text', content: '?' })).rejects.toThrow('40003')
      await phone().getByRole('log').getByRole('button', { name: '图文' }).waitFor()
      await phone().getByRole('button', { name: '更多' }).click()
      expect(await seriousViolations(page)).toEqual([])
      await phone().getByRole('button', { name: '表情' }).click()
      await phone().getByRole('textbox', { name: '消息' }).fill('转人工')
      expect(await seriousViolations(page)).toEqual([])
      await phone().getByRole('button', { name: '发送', exact: true }).click()
      await phone().getByText('已为您转接人工客服').waitFor()

      await openDrawer()
      const drawer = page.getByRole('complementary', { name: '开发者抽屉' })
      await drawer.getByRole('button', { name: /推送 text .*transfer/ }).click()
      expect(await seriousViolations(page)).toEqual([])
      await drawer.getByRole('button', { name: '请求原文' }).click()
      expect(await seriousViolations(page)).toEqual([])
      for (const tab of ['故障', '时钟', '小程序']) {
        await drawer.getByRole('tab', { name: tab }).click()
        if (tab === '故障') await drawer.getByRole('button', { name: '添加故障' }).click()
        if (tab === '小程序') await drawer.getByRole('button', { name: '登记一个小程序' }).click()
        expect(await seriousViolations(page)).toEqual([])
      }
    })

    it('has nothing serious in its empty state, and scrolls only one way', async ({ emptyStage: stage }) => {
      const { page } = await stage.open('', options)
      await page.getByRole('heading', { name: '这里还没有小程序' }).waitFor()
      expect(await seriousViolations(page)).toEqual([])
      expect(await page.evaluate('document.querySelector("main").scrollWidth <= innerWidth')).toBe(true)
    })
  })

  it('is usable by keyboard alone', async ({ stage }) => {
    const { page, phone } = await stage.open()
    await phone().getByRole('button', { name: '联系客服' }).focus()
    await page.keyboard.press('Enter')
    await until(() => stage.pushes.length).toBe(1)
    expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe('返回')
    // Past the card that is offered, to where one writes.
    for (let i = 0; i < 5; i++) {
      await page.keyboard.press('Tab')
      if ((await page.evaluate('document.activeElement.getAttribute("aria-label")')) === '消息') break
    }
    await page.keyboard.type('键盘')
    await page.keyboard.press('Enter')
    await until(() => stage.pushes[1]?.payload).toMatchObject({ content: '键盘' })
  })
})
