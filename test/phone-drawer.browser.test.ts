import { describe, expect } from 'vitest'
import { seriousViolations } from './browser.js'
import { phoneTest as it } from './browser-fixture.js'
import { app, chat, contact, until, write } from './phone-stage.js'
import { screenshot } from './support/screenshot.js'

describe('the phone page around the phones', () => {
  describe('the drawer', () => {
    it('shows a push decrypted and as it went, and the API call that followed', async ({ stage }) => {
      const { one, page } = await stage.enterChat()
      stage.bot.hears('你好', (ctx) => ctx.reply('您好!'))
      await write(one, '你好')
      await chat(one).getByText('您好!').waitFor()
      const drawer = page.getByRole('complementary', { name: '开发者抽屉' })
      const push = drawer.getByRole('button', { name: /推送 text 客户 1 success/ })
      await push.click()
      const msgId = stage.pushes[1]?.payload.msgType === 'text' ? stage.pushes[1].payload.msgId : 'none'
      await drawer
        .getByRole('group', { name: /已解密/ })
        .getByText('"你好"')
        .waitFor()
      await drawer.getByText(msgId, { exact: true }).waitFor()
      await drawer.getByRole('button', { name: '请求原文' }).click()
      await drawer.getByText(/^POST http.*msg_signature=/).waitFor()
      await drawer.getByText(/"Encrypt":"/).waitFor()
      await drawer.getByRole('button', { name: 'curl' }).click()
      expect(await page.evaluate<string>('navigator.clipboard.readText()')).toMatch(
        /^curl -X POST '.*msg_signature=/,
      )
      await drawer.getByRole('button', { name: '应答原文' }).click()
      await drawer.getByText('success', { exact: true }).last().waitFor()

      const call = drawer.getByRole('button', { name: /API 调用 custom\/send 客户 1 ok/ })
      await call.click()
      await drawer.getByRole('group', { name: '请求内容' }).getByText('"您好!"').waitFor()
      await drawer.getByRole('group', { name: '微信的应答' }).getByText('"errmsg"').waitFor()
      await drawer.getByRole('group', { name: '看哪一种' }).getByRole('button', { name: '推送' }).click()
      await call.waitFor({ state: 'detached' })
    })

    it('adds a fault that happens, shows its errcode, and takes faults away', async ({ stage }) => {
      const { one, page } = await stage.enterChat()
      let failure: unknown
      stage.bot.hears('你好', (ctx) => ctx.reply('您好!'))
      stage.bot.catch((error) => {
        failure = error
      })
      const drawer = page.getByRole('complementary', { name: '开发者抽屉' })
      await drawer.getByRole('tab', { name: '故障' }).click()
      await drawer.getByText('45047').click()
      await drawer.getByRole('button', { name: '添加故障' }).click()
      await drawer.getByText('还有 1 次').waitFor()
      await write(one, '你好')
      await until(() => failure).toMatchObject({ errcode: 45047 })
      await drawer.getByText('没有。一切按微信的正常规则进行。').waitFor()
      await drawer.getByRole('tab', { name: '往来' }).click()
      await drawer.getByRole('button', { name: /API 调用 custom\/send 客户 1 45047/ }).click()
      await drawer.getByText('这次结果由「故障」里设置的故障造成。').waitFor()

      await drawer.getByRole('tab', { name: '故障' }).click()
      await drawer.getByText('重复推送').click()
      await drawer.getByRole('button', { name: '添加故障' }).click()
      await drawer.getByRole('button', { name: '全部清除' }).click()
      await until(() => stage.emulator.faults.items).toEqual([])
    })

    it('shows what the fake model was asked, and has it be slow, busy or down', async ({ stage }) => {
      const { page, trouble } = await stage.open()
      const drawer = page.getByRole('complementary', { name: '开发者抽屉' })
      const ask = (): Promise<Response> =>
        fetch(`${stage.emulator.url}/_model/v1/chat/completions`, {
          method: 'POST',
          headers: { authorization: 'Bearer sk-planted' },
          body: JSON.stringify({
            model: 'deepseek-chat',
            messages: [
              { role: 'system', content: '<<entries:a>>[{"id":"E1","title":"什么时候发货"}]<<end:a>>' },
              { role: 'user', content: '<b>请问</b>什么时候发货' },
            ],
          }),
        })
      await drawer.getByRole('tab', { name: '故障' }).click()
      const faults = drawer.getByRole('group', { name: '模拟的大模型' })
      const pressed = faults.locator('[aria-pressed=true]')
      await until(() => pressed.innerText()).toBe('正常')
      expect((await ask()).status).toBe(200)
      for (const [name, status] of [
        ['限流', 429],
        ['宕机', 500],
      ] as const) {
        await faults.getByRole('button', { name }).click()
        await until(() => stage.emulator.model.faults).toMatchObject([{ status }])
        await until(() => pressed.innerText()).toBe(name)
        expect((await ask()).status).toBe(status)
      }
      await screenshot(page, 'phone-model-faults')
      await faults.getByRole('button', { name: '慢' }).click()
      await until(() => stage.emulator.model.faults).toEqual([{ delayMs: 6000 }])
      await faults.getByRole('button', { name: '正常' }).click()
      await until(() => stage.emulator.model.faults).toEqual([])
      // Somebody else's fault is seen, too.
      stage.emulator.model.fail({ html: true })
      await faults.getByText('另有 1 个故障，由接口设置。').waitFor()

      await drawer.getByRole('tab', { name: '往来' }).click()
      await drawer.getByRole('group', { name: '看哪一种' }).getByRole('button', { name: '大模型' }).click()
      await drawer.getByRole('button', { name: /大模型 deepseek-chat 500/ }).waitFor()
      await drawer.getByRole('button', { name: /大模型 deepseek-chat ok <b>请问<\/b>什么时候发货/ }).click()
      await drawer
        .getByRole('group', { name: 'user', exact: true })
        .getByText('<b>请问</b>什么时候发货')
        .waitFor()
      await drawer.getByRole('group', { name: '模型的回答' }).getByText('"E1"').waitFor()
      await drawer.getByRole('button', { name: 'curl' }).click()
      const copied = await page.evaluate<string>('navigator.clipboard.readText()')
      expect(copied).toMatch(/^curl -X POST 'http:.*_model\/v1\/chat\/completions'/)
      expect(copied).not.toContain('sk-planted')
      await screenshot(page, 'phone-model-wire')
      expect(await seriousViolations(page)).toEqual([])
      await page.emulateMedia({ colorScheme: 'dark' })
      // Colours change by a transition, however short.
      await until(() => page.evaluate<number>('document.getAnimations().length')).toBe(0)
      await screenshot(page, 'phone-model-wire-dark')
      expect(await seriousViolations(page)).toEqual([])
      await page.setViewportSize({ width: 390, height: 844 })
      await drawer.getByRole('tab', { name: '故障' }).click()
      await faults.scrollIntoViewIfNeeded()
      await screenshot(page, 'phone-model-narrow')
      expect(trouble).toEqual([])
    })

    it('advances the clock past a window, and begins again', async ({ stage }) => {
      const { one, page } = await stage.enterChat()
      await write(one, '你好')
      const drawer = page.getByRole('complementary', { name: '开发者抽屉' })
      await drawer.getByRole('tab', { name: '时钟' }).click()
      await drawer.getByText(/还可接收 5 条 · (48:00|47:5\d) 后到期/).waitFor()
      await drawer.getByRole('button', { name: '+2 小时' }).click()
      await drawer.getByText(/还可接收 5 条 · (46:00|45:5\d) 后到期/).waitFor()
      await drawer.getByRole('button', { name: '+48 小时' }).click()
      await drawer.getByText('已过可回复时间').waitFor()
      await drawer.getByText('比真实时间快 50 小时 0 分').waitFor()
      await drawer.getByRole('button', { name: '全部重置' }).click()
      await drawer.getByRole('button', { name: '再点一次确认' }).click()
      await drawer.getByText('与真实时间一致').waitFor()
      await until(() => chat(one).locator('article').count()).toBe(0)
      await drawer.getByText('还没有联系过客服').waitFor()
    })
  })

  describe('without a Mini Program', () => {
    it('explains itself, registers one that works, and verifies its URL', async ({ emptyStage: stage }) => {
      const { page, phone, trouble } = await stage.open()
      await page.getByRole('heading', { name: '这里还没有小程序' }).waitFor()
      for (const [label, value] of [
        ['AppID', app.appId],
        ['AppSecret', app.appSecret],
        ['Token', app.token],
        ['EncodingAESKey', 'too short'],
        ['消息推送 URL', stage.pushUrl],
      ] as const)
        await page.getByLabel(label, { exact: true }).fill(value)
      await page.getByRole('button', { name: '随机生成' }).click()
      expect(await page.getByLabel('EncodingAESKey').inputValue()).toMatch(/^[A-Za-z0-9]{43}$/)
      await page.getByLabel('EncodingAESKey').fill(app.encodingAESKey)
      await page.getByRole('button', { name: '复制为 .env' }).click()
      expect(await page.evaluate<string>('navigator.clipboard.readText()')).toContain(
        `WECHAT_APP_ID=${app.appId}\n`,
      )
      await page.getByRole('button', { name: '登记', exact: true }).click()
      await contact(phone()).click()
      await until(() => stage.pushes.length).toBe(1)

      await page.getByRole('tab', { name: '小程序' }).click()
      await page.getByRole('button', { name: '验证 URL' }).click()
      await page.getByText('验证通过：原样收到了 echostr。').waitFor()
      stage.emulator.addApp({ ...app, token: 'another', pushUrl: stage.pushUrl })
      await page.getByRole('button', { name: '验证 URL' }).click()
      await page.getByText(/HTTP 403/).waitFor()
      expect(trouble).toEqual([])
    })
  })

  describe('the link to the emulator', () => {
    it('says when it is lost, and catches up by itself', async ({ stage }) => {
      const { one, page, context, customer } = await stage.enterChat()
      const lost = page.getByRole('alert').filter({ hasText: '与模拟器的连接断开了' })
      await context.setOffline(true)
      // That cuts no connection that stands already.
      await page.evaluate('window.stop()')
      await lost.waitFor()
      await stage.api.send(customer, { msgType: 'text', content: '您不在的时候' })
      await context.setOffline(false)
      await chat(one).getByText('您不在的时候').waitFor()
      await lost.waitFor({ state: 'detached' })
    })

    it('forgets what an emulator that began again does not know, and goes on with it', async ({ stage }) => {
      const { one, page, customer } = await stage.enterChat()
      await stage.api.send(customer, { msgType: 'text', content: '从前' })
      await chat(one).getByText('从前').waitFor()
      await stage.restartEmulator(async () => {
        await page.getByRole('alert').filter({ hasText: '与模拟器的连接断开了' }).waitFor()
      })
      await chat(one).getByText('从前').waitFor({ state: 'detached' })
      await write(one, '现在')
      await chat(one).getByText('现在').waitFor()
      await until(() => stage.pushes[1]?.payload).toMatchObject({ content: '现在' })
    })
  })

  describe('the language', () => {
    it('is English when asked for, by the address or the switch, and stays', async ({ stage }) => {
      const { page, phone } = await stage.open('?lang=en')
      await phone().getByRole('button', { name: 'Contact us' }).waitFor()
      expect(await page.evaluate('document.documentElement.lang')).toBe('en')
      await page.getByRole('button', { name: '中文' }).click()
      await contact(phone()).waitFor()
      expect(await page.evaluate('document.documentElement.lang')).toBe('zh-CN')
      await page.getByRole('button', { name: 'English' }).click()
      await page.goto(stage.emulator.url)
      await phone().getByRole('button', { name: 'Contact us' }).waitFor()
    })
  })
})
