import { buffer } from 'node:stream/consumers'
import { describe, expect } from 'vitest'
import { miniProgramLink } from '../src/wechat/index.js'
import { phoneTest as it } from './browser-fixture.js'
import { app, chat, contact, conversation, program, until, write } from './phone-stage.js'
import { tinyPng } from './push-receiver.js'
import { gate } from './support/gate.js'

describe('the phone', () => {
  describe('the contact button', () => {
    it('pushes the entering with the session-from of the developer’s strip', async ({ stage }) => {
      const { phone, openId, trouble } = await stage.open()
      const one = phone()
      await one.getByRole('button', { name: '开发者' }).click()
      await one.getByLabel('session-from').fill('来自:详情页?id=1024&x=<1>')
      await one.getByLabel('session-from').press('Enter')
      await contact(one).click()
      await until(() => stage.pushes[0]?.payload).toMatchObject({
        event: 'user_enter_tempsession',
        sessionFrom: '来自:详情页?id=1024&x=<1>',
        fromUserName: await openId(),
      })
      await chat(one).waitFor()
      await one.getByText('还可接收 2 条').waitFor()
      expect(trouble).toEqual([])
    })

    it('offers the card that the page has, and a tap sends it with its cover', async ({ stage }) => {
      const { one, page } = await stage.enterChat()
      await one.getByRole('complementary', { name: '可能要发送的小程序' }).getByRole('button').first().click()
      await until(() => stage.pushes[1]?.payload).toMatchObject({
        msgType: 'miniprogrampage',
        title: '云朵马克杯 · 今日 8 折',
        pagePath: 'pages/goods/detail?id=1024',
        appId: app.appId,
      })
      const coverWidth = `document.querySelector('[role=log] button[title^="pages/goods"] img')?.naturalWidth`
      await until(() => page.evaluate(coverWidth)).toBe(520)
      await one.getByRole('complementary', { name: '可能要发送的小程序' }).waitFor({ state: 'detached' })
    })
  })

  describe('the chat', () => {
    it('carries text both ways, whatever is in it', async ({ stage }) => {
      const { one, customer, trouble } = await stage.enterChat()
      const text = '你好 😀👍🏽 <b>粗</b> ]]> &amp; "引号" \\u0041 𠮷'
      await write(one, text)
      await until(() => stage.pushes[1]?.payload).toMatchObject({ msgType: 'text', content: text })
      await stage.api.send(customer, { msgType: 'text', content: `收到:${text}\n第二行` })
      await chat(one).getByText(`收到:${text}\n第二行`, { exact: true }).waitFor()
      await chat(one).getByText(text, { exact: true }).waitFor()
      expect(trouble).toEqual([])
    })

    it('sends on Enter, and breaks the line on Shift+Enter', async ({ stage }) => {
      const { one, page } = await stage.enterChat()
      await one.getByRole('textbox', { name: '消息' }).focus()
      await page.keyboard.insertText('你好')
      await page.keyboard.press('Shift+Enter')
      await page.keyboard.insertText('在吗')
      await page.keyboard.press('Enter')
      await until(() => stage.pushes[1]?.payload).toMatchObject({ content: '你好\n在吗' })
      expect(await one.getByRole('textbox', { name: '消息' }).inputValue()).toBe('')
    })

    it('leaves Enter to an input method that is composing', async ({ stage }) => {
      const { one, page, context } = await stage.enterChat()
      const devtools = await context.newCDPSession(page)
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
      await one.getByRole('textbox', { name: '消息' }).focus()
      await page.keyboard.insertText('一')
      await devtools.send('Input.imeSetComposition', { text: 'er', selectionStart: 2, selectionEnd: 2 })
      await enter(13)
      await devtools.send('Input.insertText', { text: '二' })
      // Safari's way: the composition has ended before the key that ended it, and only its code tells.
      await enter(229)
      await page.keyboard.insertText('三')
      await page.keyboard.press('Enter')
      await until(() => stage.pushes[1]?.payload).toMatchObject({ content: '一二三' })
    })

    it('sends pictures that are picked, pasted or dropped, and shows one large', async ({ stage }) => {
      const { one, page } = await stage.enterChat()
      await one.getByRole('button', { name: '更多' }).click()
      await one
        .locator('input[type=file]')
        .setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: tinyPng })
      await until(() => stage.pushes[1]?.payload.msgType).toBe('image')
      const bytes = tinyPng.toString('base64')
      const transfer = `const data = new DataTransfer()
        data.items.add(new File([Uint8Array.from(atob('${bytes}'), (c) => c.charCodeAt(0))], 'b.png', { type: 'image/png' }))`
      await page.evaluate(`${transfer}
        document.querySelector('textarea').dispatchEvent(
          new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))`)
      await until(() => stage.pushes[2]?.payload.msgType).toBe('image')
      await page.evaluate(`${transfer}
        document.querySelector('[role=log]').dispatchEvent(
          new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))`)
      await until(() => stage.pushes[3]?.payload.msgType).toBe('image')

      const payload = stage.pushes[3]?.payload
      const { body } = await stage.api.getTempMedia(payload?.msgType === 'image' ? payload.mediaId : '')
      expect(await buffer(body)).toEqual(tinyPng)

      const picture = one.getByRole('button', { name: '查看大图' }).last()
      await picture.click()
      const viewer = one.getByRole('dialog', { name: '查看大图' })
      await viewer.waitFor()
      await page.keyboard.press('Escape')
      await viewer.waitFor({ state: 'detached' })
      expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe('查看大图')
    })

    it('shows every kind of message that a service sends', async ({ stage }) => {
      const { one, customer, page, trouble } = await stage.enterChat()
      await write(one, '你好')
      await until(() => stage.pushes.length).toBe(2)
      const { api, emulator } = stage
      const { mediaId } = await api.uploadTempMedia(tinyPng)
      const thumb = `${emulator.url}/_emulator/media/${mediaId}`
      const link = miniProgramLink({ appId: app.appId, path: 'pages/order/detail?id=7', text: '查看物流' })
      await api.send(customer, { msgType: 'text', content: `已发货,${link}。`, isAiMsg: true })
      await api.send(customer, { msgType: 'image', mediaId })
      await api.send(customer, {
        msgType: 'link',
        title: '保养方法',
        description: '温水清洗',
        url: 'https://example.com/care',
        thumbUrl: thumb,
      })
      await api.send(customer, {
        msgType: 'miniprogrampage',
        title: '云朵马克杯',
        pagePath: 'pages/cart/index?from=kefu',
        thumbMediaId: mediaId,
      })
      const log = chat(one)
      await log.getByText('内容由第三方AI生成').waitFor()
      await log.getByRole('img', { name: '客服：发送的图片' }).waitFor()
      await one.getByText('还可接收 1 条').waitFor()

      await log.getByRole('button', { name: /保养方法/ }).click()
      const web = one.getByRole('dialog', { name: '网页' })
      expect(await web.getByRole('link', { name: '在浏览器中打开' }).getAttribute('href')).toBe(
        'https://example.com/care',
      )
      await web.getByRole('button', { name: '关闭' }).click()

      await log.getByRole('link', { name: '查看物流' }).click()
      await one.getByText('pages/order/detail', { exact: true }).waitFor()
      await one.getByRole('row', { name: 'id 7' }).waitFor()
      await contact(one).click()
      await log.getByRole('button', { name: /云朵马克杯/ }).click()
      await one.getByText('pages/cart/index', { exact: true }).waitFor()
      await one.getByRole('row', { name: 'from kefu' }).waitFor()
      await program(one).getByRole('button', { name: '返回' }).click()
      await one.getByRole('heading', { name: '商品详情' }).waitFor()
      expect(await page.title()).toBe('kefu · 模拟微信')
      expect(trouble).toEqual([])
    })

    it('announces a message that comes while the customer is elsewhere, and a tap opens the chat', async ({
      stage,
    }) => {
      const { one, customer } = await stage.enterChat()
      await one.getByRole('button', { name: '返回' }).click()
      await stage.api.send(customer, { msgType: 'text', content: '还在吗?' })
      await one.getByRole('button', { name: /联系客服.*未读消息/ }).waitFor()
      await one.getByRole('button', { name: /还在吗/ }).click()
      await chat(one).getByText('还在吗?').waitFor()
      await until(() => stage.pushes[1]?.payload).toMatchObject({ sessionFrom: 'wxapp' })
    })

    it('shows that the service is typing, until its message is there', async ({ stage }) => {
      const { one, customer } = await stage.enterChat()
      await stage.api.setTyping(customer, true)
      await conversation(one).getByRole('heading', { name: '对方正在输入…' }).waitFor()
      await stage.api.send(customer, { msgType: 'text', content: '好了' })
      await conversation(one).getByRole('heading', { name: '云朵商城' }).waitFor()
    })

    it('shows a push under way, and WeChat’s failure line when the service is dead', async ({ stage }) => {
      const { one, page } = await stage.enterChat()
      const answer = gate()
      stage.bot.hears('慢', () => answer.opened)
      await write(one, '慢')
      await one.getByRole('img', { name: '正在推送' }).waitFor()
      answer.open()
      await one.getByRole('img', { name: '正在推送' }).waitFor({ state: 'detached' })

      stage.emulator.addApp({ ...app, pushUrl: 'http://127.0.0.1:9/wechat' })
      await write(one, '有人吗')
      await chat(one).getByText('该小程序提供的服务出现故障，请稍后再试').waitFor()
      await one.getByRole('button', { name: '推送失败，看看往来记录' }).click()
      const attempts = page.getByRole('group', { name: '各次推送' }).getByRole('button')
      await until(() => attempts.count()).toBe(3)
      await page
        .getByRole('complementary', { name: '开发者抽屉' })
        .getByText(/ECONNREFUSED/)
        .waitFor()
    })

    it('gives the conversation to WeChat’s own agents, whom the developer can speak for', async ({
      stage,
    }) => {
      const { one } = await stage.enterChat()
      stage.bot.hears('转人工', (ctx) => {
        ctx.transfer()
      })
      await write(one, '转人工')
      await chat(one).getByText('已为您转接人工客服').waitFor()
      const say = one.getByRole('textbox', { name: '以官方客服的身份说' })
      await say.fill('我是官方客服')
      await say.press('Enter')
      await chat(one).getByText('我是官方客服').waitFor()
      await write(one, '谢谢')
      await chat(one).getByText('谢谢').waitFor()
      await one.getByRole('button', { name: '结束会话' }).click()
      await chat(one).getByText('人工客服已结束会话').waitFor()
      await say.waitFor({ state: 'detached' })
      await write(one, '又是我')
      await until(() => stage.pushes.length).toBe(3)
      expect(stage.pushes[2]?.payload).toMatchObject({ content: '又是我' })
    })
  })

  describe('several phones', () => {
    it('are several customers, each with their own chat', async ({ stage }) => {
      stage.bot.on('message:text', (ctx) => ctx.reply(`${ctx.message.content}!`))
      const { page, phone, openId } = await stage.open()
      await page.getByRole('banner').getByRole('button', { name: '添加一部手机' }).click()
      const [first, second] = [phone(0), phone(1)]
      await contact(first).click()
      await contact(second).click()
      await write(first, '一')
      await write(second, '二')
      await chat(first).getByText('一!').waitFor()
      await chat(second).getByText('二!').waitFor()
      expect(await chat(first).getByText('二').count()).toBe(0)
      expect(await openId(0)).not.toBe(await openId(1))

      await page.reload()
      await until(() => phone(1).count()).toBe(1)
      await page.getByRole('button', { name: '移除客户 1 的手机' }).click()
      await until(() => phone(1).count()).toBe(0)
      await contact(phone()).click()
      await chat(phone()).getByText('二!').waitFor()
    })

    it('are as many as ?phones= says', async ({ stage }) => {
      const { phone, page } = await stage.open('?phones=3')
      await until(() => phone(2).count()).toBe(1)
      await page.getByRole('heading', { name: '客户 3' }).waitFor()
    })
  })
})
