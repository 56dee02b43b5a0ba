import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { callControl } from '../src/server/control-client.js'
import { deskTest as it, said, taken, until } from './browser-fixture.js'
import { signIn } from './desk-stage.js'
import { png } from './support/pictures.js'
import { freePort } from './support/free-port.js'

/** Answers a greeting, and hands over to people who ask for one. */
const shopRules = {
  rules: [
    { name: '转人工', when: { text: { contains: ['人工'] } }, then: [{ handoff: 'asked' }] },
    { name: '欢迎', when: {}, then: [{ reply: { text: '您好，请问有什么可以帮您？' } }] },
  ],
}

describe('the desk', () => {
  const isSending = (page: Page): Promise<number> => page.locator('[data-state=sending]').count()

  it('lets in who has the password, and tells who has not no more than that', async ({ stage }) => {
    const desk = await stage.enter('小满')
    await desk.tab('待接入').waitFor()
    await desk.page.getByText('没有等待的客户').waitFor()
    expect(desk.trouble).toEqual([])

    const stranger = await stage.open()
    await signIn(stranger.page, stage.nameOf('小满'), 'a wrong password')
    await stranger.page.getByRole('alert').filter({ hasText: '用户名或密码不对' }).waitFor()
    expect(await stranger.page.getByLabel('密码').inputValue()).toBe('')
    expect(stranger.trouble).toEqual([])
  })

  it('answers a phone: what is typed there is read here, and the other way round', async ({
    browser,
    ownService,
  }) => {
    // The phone's page shows the first Mini Program that there is.
    const stage = await ownService()
    const desk = await stage.enter('小满')
    const context = await browser.newContext({
      locale: 'zh-CN',
      viewport: { width: 1280, height: 900 },
    })
    const phone = await context.newPage()
    await phone.goto(`${stage.emulator.url}/`)
    await phone.getByRole('button', { name: '联系客服' }).click()
    const box = phone.getByRole('textbox', { name: '消息' })
    await box.fill('从手机上问一句')
    await box.press('Enter')
    await desk.row(/从手机上问一句/).click()
    await desk.button('接入').click()
    await desk.reply.fill('从客服台答一句')
    await desk.reply.press('Enter')
    await phone.getByRole('log').getByText('从客服台答一句').waitFor()
    await box.fill('谢谢')
    await box.press('Enter')
    await desk.thread.getByText('谢谢').waitFor()
    await context.close()
  })

  it('goes the whole way: bot, person, text and picture, a colleague who sees it live', async ({ stage }) => {
    await callControl(stage.service.config.dataDir, 'import-rules', shopRules)
    const desk = await stage.enter('小满')
    const colleague = await stage.enter('李四')
    const customer = stage.customer()
    await customer.enters({ sessionFrom: '{"page":"商品详情页","goods":"1024"}' })
    await customer.sends('在吗')
    expect(await customer.receives()).toMatchObject({ content: { content: '您好，请问有什么可以帮您？' } })

    // The bot's conversation can be read, and only taken over.
    await desk.tab('机器人').click()
    await desk.row(/在吗|您好/).click()
    await desk.thread.getByText('机器人 · 规则：欢迎').waitFor()
    expect(await desk.reply.count()).toBe(0)
    await desk.button('接管').waitFor()

    // Whoever waits is counted in the title and in the tab.
    await customer.sends('转人工')
    await desk.button('接入').waitFor()
    await until(() => desk.page.title()).toBe('(1) 待接入 · 客服台')
    await colleague.row(/待接入.*转人工/).click()
    await colleague.button('接入').waitFor()

    await desk.button('接入').click()
    await desk.reply.fill('您好，我是小满。')
    await desk.button('发送').click()
    await desk.thread.getByText('微信已接收').first().waitFor()
    expect(await customer.receives()).toMatchObject({ content: { content: '您好，我是小满。' } })

    // The colleague sees it as it happens, and can only write notes.
    await colleague.thread.getByText('您好，我是小满。').waitFor()
    await colleague.thread.getByText(`${stage.nameOf('小满')} 接入了会话`).waitFor()
    expect(await colleague.reply.count()).toBe(0)
    await colleague.page.getByRole('textbox', { name: '备注' }).fill('老客户，多关照')
    await colleague.button('发送').click()
    await desk.thread.getByText('老客户，多关照').waitFor()

    // A picture.
    await desk.page
      .locator('input[type=file]')
      .first()
      .setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: png(40, 30) })
    await desk.page.getByAltText('待发图片 1').waitFor()
    await desk.button('发送').click()
    await until(() => said(stage)).toContain('image')
    await colleague.thread.getByRole('button', { name: `${stage.nameOf('小满')}发送的图片` }).waitFor()
    await colleague.thread.getByRole('button', { name: `${stage.nameOf('小满')}发送的图片` }).click()
    await colleague.page.getByRole('dialog').getByRole('img').waitFor()
    await colleague.page.keyboard.press('Escape')

    // Back to the bot.
    await desk.button('交还机器人').click()
    await customer.sends('谢谢')
    await desk.thread.getByText('您好，请问有什么可以帮您？').nth(1).waitFor()
    expect([...desk.trouble, ...colleague.trouble]).toEqual([])
  })

  it('sends cards with a preview of what the customer will see', async ({ stage }) => {
    const desk = await taken(stage)
    await desk.button('小程序卡片').click()
    const form = desk.page.getByRole('dialog', { name: '发送小程序卡片' })
    await form.getByLabel('标题').fill('云朵马克杯')
    await form.getByLabel('页面路径').fill('pages/goods/detail?id=1024')
    await form
      .locator('input[type=file]')
      .setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: png(52, 42) })
    await form.getByRole('group', { name: '预览' }).getByText('云朵马克杯').waitFor()
    await form.getByRole('button', { name: '发送卡片' }).click()
    expect(await stage.customer().receives()).toMatchObject({
      content: { msgType: 'miniprogrampage', title: '云朵马克杯', pagePath: 'pages/goods/detail?id=1024' },
    })
    await desk.thread.getByText('id', { exact: true }).waitFor()

    await desk.button('图文链接').click()
    const link = desk.page.getByRole('dialog', { name: '发送图文链接' })
    await link.getByLabel('标题').fill('保养方法')
    await link.getByLabel('描述').fill('请先取下杯盖')
    await link.getByLabel('链接地址').fill('javascript:alert(1)')
    await link.getByLabel('封面图片地址').fill('https://example.com/a.png')
    expect(await link.getByRole('button', { name: '发送卡片' }).isDisabled()).toBe(true)
    await link.getByLabel('链接地址').fill('https://example.com/care')
    await link.getByRole('button', { name: '发送卡片' }).click()
    expect(await stage.customer().receives()).toMatchObject({
      content: { msgType: 'link', title: '保养方法' },
    })
    expect(desk.trouble).toEqual([])
  })

  it('sends once: a double click, Enter and a click, two tabs with the same draft', async ({ stage }) => {
    const desk = await taken(stage)
    await desk.reply.fill('只发一次')
    await desk.button('发送').dblclick()
    await until(() => said(stage)).toEqual(['只发一次'])

    await desk.reply.fill('两个标签页')
    const address = new URL(desk.page.url())
    const other = await desk.context.newPage()
    await other.goto(address.href)
    const box = other.getByRole('textbox', { name: '回复' })
    await until(() => box.inputValue()).toBe('两个标签页')
    await Promise.all([desk.reply.press('Enter'), box.press('Enter')])
    await until(() => said(stage)).toContain('两个标签页')
    await until(async () => (await isSending(desk.page)) + (await isSending(other))).toBe(0)
    await desk.reply.fill('然后')
    await desk.reply.press('Enter')
    await until(() => said(stage)).toEqual(['只发一次', '两个标签页', '然后'])
  })

  it('leaves Enter to an input method that is composing', async ({ stage }) => {
    const desk = await taken(stage)
    const devtools = await desk.context.newCDPSession(desk.page)
    await desk.reply.focus()
    // The key alone, without the line break that it would type: an input method keeps that to itself.
    const enter = async (windowsVirtualKeyCode: number): Promise<void> => {
      for (const type of ['rawKeyDown', 'keyUp'] as const)
        await devtools.send('Input.dispatchKeyEvent', {
          type,
          key: 'Enter',
          code: 'Enter',
          windowsVirtualKeyCode,
        })
    }
    await devtools.send('Input.imeSetComposition', { text: 'ni', selectionStart: 2, selectionEnd: 2 })
    await enter(13)
    await devtools.send('Input.insertText', { text: '你好' })
    // Safari's way: the composition has ended before the key that ended it, and only its code tells.
    await enter(229)
    expect(await desk.reply.inputValue()).toBe('你好')
    expect(said(stage)).toEqual([])
    await desk.page.keyboard.press('Shift+Enter')
    await desk.page.keyboard.insertText('第二行')
    expect(said(stage)).toEqual([])
    await desk.page.keyboard.press('Enter')
    await until(() => said(stage)).toEqual(['你好\n第二行'])
  })

  it('misses nothing and doubles nothing when the network drops', async ({ stage }) => {
    const desk = await taken(stage)
    await desk.context.setOffline(true)
    await desk.page.getByText('网络已断开').waitFor()
    await stage.customer().sends('断网时的第一句')
    await desk.reply.fill('断网时的回复')
    await desk.reply.press('Enter')
    await desk.thread.getByText('提交中').waitFor()
    await stage.customer().sends('断网时的第二句')
    expect(await desk.thread.getByText('断网时的第一句').count()).toBe(0)
    await desk.context.setOffline(false)
    await desk.thread.getByText('断网时的第二句').waitFor()
    await until(() => said(stage)).toEqual(['断网时的回复'])
    await desk.thread.getByText('微信已接收').waitFor()
    for (const text of ['断网时的第一句', '断网时的第二句', '断网时的回复'])
      expect(await desk.thread.getByText(text, { exact: true }).count(), text).toBe(1)
    await desk.page.getByText('网络已断开').waitFor({ state: 'hidden' })
  })

  it('goes on under an open page when the service is started anew', async ({ ownService }) => {
    // It is stopped under the page, and comes back at its address.
    const stage = await ownService({ PORT: String(await freePort()) })
    const desk = await taken(stage)
    await stage.service.stop()
    await desk.page.getByText('网络已断开').waitFor()
    await desk.reply.fill('重启时的回复')
    await desk.reply.press('Enter')
    await stage.service.restart()
    await until(() => said(stage)).toEqual(['重启时的回复'])
    await stage.customer().sends('重启以后')
    await desk.thread.getByText('重启以后').waitFor()
    expect(await desk.thread.getByText('重启时的回复', { exact: true }).count()).toBe(1)
    expect(desk.trouble).toEqual([])
  })

  it('shows what failed and what is unknown, and lets the agent resolve it', async ({ stage }) => {
    const desk = await taken(stage)
    stage.emulator.faults.add({ errcode: 45002, path: '/cgi-bin/message/custom/send' })
    await desk.reply.fill('太长的内容')
    await desk.reply.press('Enter')
    await desk.thread.getByRole('alert').filter({ hasText: '内容过长，请缩短' }).waitFor()
    await desk.thread.getByRole('button', { name: '修改内容' }).click()
    expect(await desk.reply.inputValue()).toBe('太长的内容')
    await desk.reply.fill('')

    stage.emulator.faults.add({ reset: 'after', path: '/cgi-bin/message/custom/send' })
    await desk.reply.fill('不知道到没到')
    await desk.reply.press('Enter')
    const unknown = desk.thread.getByRole('alert').filter({ hasText: '结果未知' })
    await unknown.waitFor()
    await desk.row(/发送失败/).waitFor()
    await desk.thread.getByRole('button', { name: '我已确认送达' }).click()
    await unknown.waitFor({ state: 'hidden' })
    await desk.thread.getByText('微信已接收').waitFor()
  })

  it('says when WeChat allows no more, and takes nothing then', async ({ stage }) => {
    const desk = await taken(stage)
    for (const text of ['一', '二', '三', '四', '五']) {
      await desk.reply.fill(`第${text}句`)
      await desk.reply.press('Enter')
      await until(() => said(stage).at(-1)).toBe(`第${text}句`)
      if (text === '四') await desk.page.getByText('仅剩 1 条').first().waitFor()
    }
    await desk.page.getByText('本轮 5 条已用完').first().waitFor()
    await until(() => desk.reply.isDisabled()).toBe(true)
    await stage.customer().sends('还有个问题')
    await until(() => desk.reply.isEnabled()).toBe(true)
    await desk.page.getByText('还可回复 5/5 条').first().waitFor()
  })

  it('keeps what is written for each conversation, over a reload too', async ({ stage }) => {
    const desk = await taken(stage)
    await stage.customer('oOther0002abcd').sends('另一个客户')
    await desk.reply.fill('写到一半')
    await desk.row(/另一个客户/).click()
    await desk.button('接入').waitFor()
    await desk.tab('我的').click()
    await desk.row(/我的杯子有裂纹/).click()
    await until(() => desk.reply.inputValue()).toBe('写到一半')
    await desk.page.reload()
    await until(() => desk.reply.inputValue()).toBe('写到一半')
  })

  it('rings in one tab, dots its icon and notifies when somebody waits, until somebody has them', async ({
    stage,
  }) => {
    const desk = await stage.enter('小满')
    const watch = `(() => {
      globalThis.rung = 0
      globalThis.noted = []
      const start = OscillatorNode.prototype.start
      OscillatorNode.prototype.start = function (...args) { globalThis.rung++; return start.apply(this, args) }
      globalThis.Notification = class { static permission = 'granted'; constructor(title) { globalThis.noted.push(title) } close() {} }
    })()`
    await desk.page.evaluate(watch)
    const other = await desk.context.newPage()
    await other.goto(stage.service.url)
    await other.getByRole('listbox', { name: '会话列表' }).waitFor()
    await other.evaluate(watch)
    await stage.customer().sends('有人吗')
    await until(() => desk.page.evaluate('rung > 0')).toBe(true)
    await until(() => desk.page.evaluate<string[]>('noted')).toEqual(['有新客户待接入'])
    const icon = (): Promise<string> => desk.page.evaluate(`document.querySelector('link[rel=icon]').href`)
    await until(icon).toMatch(/^data:image\/png/)
    await other.getByRole('option', { name: /有人吗/ }).waitFor()
    expect(await other.evaluate('[rung, noted.length]')).toEqual([0, 0])
    // Looked at in the other tab, they still wait; taken there, this one is told.
    await other.getByRole('option', { name: /有人吗/ }).click()
    await other.getByRole('button', { name: '接入', exact: true }).waitFor()
    expect(await icon()).toMatch(/^data:image\/png/)
    await other.getByRole('button', { name: '接入', exact: true }).click()
    await until(icon).toMatch(/\.svg$/)
    await desk.button('声音已开').click()
    await desk.button('声音已关').waitFor()
  })

  it('leaves a thread where it was, and says what came below', async ({ stage }) => {
    const desk = await taken(stage)
    for (let index = 0; index < 24; index++) await stage.customer().sends(`第 ${index} 句\n第二行\n第三行`)
    await desk.thread.getByText('第 23 句').waitFor()
    await desk.page.evaluate(`document.querySelector('[role=log]').scrollTop = 300`)
    await desk.button('回到最新').waitFor()
    await stage.customer().sends('下面的新消息')
    await desk.button('1 条新消息').waitFor()
    const top = (): Promise<number> => desk.page.evaluate(`document.querySelector('[role=log]').scrollTop`)
    expect(await top()).toBe(300)
    await stage.customer('oOther0002abcd').sends('另一个客户')
    await desk.row(/另一个客户/).click()
    await desk.button('接入').waitFor()
    await desk.tab('我的').click()
    await desk.row(/下面的新消息/).click()
    await desk.button('接入').waitFor({ state: 'detached' })
    await until(async () => Math.abs((await top()) - 300)).toBeLessThan(60)
    await desk.button('回到最新').click()
    await desk.button('回到最新').waitFor({ state: 'hidden' })
  })

  it('finds conversations by what was said, and says so when there is none', async ({ stage }) => {
    await stage.customer().sends('云朵马克杯能放微波炉吗')
    await stage.customer('oOther0002abcd').sends('发票抬头怎么改')
    const desk = await stage.enter('小满')
    await desk.row(/发票抬头/).waitFor()
    const box = desk.page.getByRole('textbox', { name: '搜索会话' })
    await box.fill('微波炉')
    await desk.row(/微波炉/).waitFor()
    await desk.row(/发票抬头/).waitFor({ state: 'detached' })
    await box.fill('没有这样的话')
    await desk.page.getByText('没有找到「没有这样的话」').waitFor()
    await box.press('Escape')
    await desk.row(/发票抬头/).waitFor()
    expect(desk.trouble).toEqual([])
  })

  it('gives a conversation to a colleague, who hears of it', async ({ stage }) => {
    const desk = await taken(stage)
    const colleague = await stage.enter('李四')
    await colleague.tab('我的').click()
    await colleague.page.getByText('你还没有接待中的会话').waitFor()
    await desk.button('转接').click()
    await desk.page
      .getByRole('dialog', { name: '转接给同事' })
      .getByRole('button', { name: `${stage.nameOf('李四')} 在线` })
      .click()
    await desk.page.getByText(`已转接给 ${stage.nameOf('李四')}`).waitFor()
    await colleague.row(/我的杯子有裂纹/).click()
    await colleague.thread.getByText(`${stage.nameOf('小满')} 把会话转接给 ${stage.nameOf('李四')}`).waitFor()
    await until(() => colleague.reply.isEnabled()).toBe(true)
    await desk.page
      .getByText(`${stage.nameOf('李四')} 正在接待`)
      .first()
      .waitFor()
    // Who looks is seen.
    await desk.page
      .getByText(`${stage.nameOf('李四')} 正在查看`)
      .first()
      .waitFor()
  })

  it('takes a colleague’s conversation only when that is meant', async ({ stage }) => {
    await taken(stage)
    const colleague = await stage.enter('李四')
    await colleague.tab('全部').click()
    await colleague.row(/我的杯子有裂纹/).click()
    await colleague.button('接管').click()
    await colleague.page.getByText(`${stage.nameOf('小满')} 正在接待，确定接管？`).waitFor()
    await colleague.button('取消').click()
    expect(await colleague.reply.count()).toBe(0)
    // Also beside the words that say why nothing can be answered.
    await colleague.page.locator('.lock').getByText('接管', { exact: true }).click()
    await colleague.button('确定接管').click()
    await until(() => colleague.reply.isEnabled()).toBe(true)
  })

  it('makes the first administrator by the one-time link, and by no other', async ({ ownService }) => {
    // There is a link while there is no administrator.
    const stage = await ownService()
    const { page, trouble } = await stage.open('#/setup/not-the-token')
    const fill = async (): Promise<void> => {
      await page.getByLabel('用户名').fill('店长')
      await page.getByLabel('密码', { exact: true }).fill('correct horse battery')
      await page.getByLabel('再输一次密码').fill('correct horse battery')
      await page.getByRole('button', { name: '创建并进入' }).click()
    }
    await fill()
    await page.getByRole('alert').filter({ hasText: /\S/ }).waitFor()
    await page.goto(stage.service.setupUrl ?? '')
    await page.reload()
    await fill()
    await page.getByRole('listbox', { name: '会话列表' }).waitFor()
    expect(new URL(page.url()).hash).toBe('#/conversations')
    expect(trouble).toEqual([])
  })

  it('is worked by the keyboard alone', async ({ stage }) => {
    await stage.customer().sends('第一位')
    await stage.customer('oOther0002abcd').sends('第二位')
    const desk = await stage.enter('小满')
    await desk.row(/第二位/).waitFor()
    const { keyboard } = desk.page
    // Who waits longest comes first.
    await keyboard.press('j')
    await desk.thread.getByText('第一位').waitFor()
    await keyboard.press('j')
    await desk.thread.getByText('第二位').waitFor()
    await keyboard.press('k')
    await desk.thread.getByText('第一位').waitFor()
    await keyboard.press('t')
    await until(() => desk.page.evaluate(`document.activeElement.getAttribute('aria-label')`)).toBe('回复')
    await keyboard.insertText('用键盘回复')
    await keyboard.press('Enter')
    await until(() => said(stage)).toEqual(['用键盘回复'])
    await keyboard.press('Escape')
    await keyboard.press('n')
    await keyboard.insertText('用键盘备注')
    await keyboard.press('Enter')
    await desk.thread.getByText('用键盘备注').waitFor()
    await keyboard.press('Escape')
    await keyboard.press('e')
    await desk.button('重新打开').waitFor()
    await keyboard.press('g')
    await keyboard.press('4')
    await until(() => desk.tab('全部').getAttribute('aria-selected')).toBe('true')
    await keyboard.press('?')
    await desk.page.getByRole('dialog', { name: '键盘快捷键' }).waitFor()
    await keyboard.press('Escape')
    await keyboard.press('Control+k')
    await desk.page.getByRole('dialog', { name: '命令面板' }).waitFor()
  })
})

describe('the desk’s files', () => {
  it('weigh less than 300 kB on their way', () => {
    const folder = fileURLToPath(new URL('../dist/web/desk/assets/', import.meta.url))
    const bytes = readdirSync(folder).map((name) => gzipSync(readFileSync(`${folder}${name}`)).length)
    expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThan(300 * 1024)
  })
})
