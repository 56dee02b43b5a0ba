import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { silentLogger } from '../../src/log.js'
import { readConfig } from '../../src/config/config.js'
import { callControl } from '../../src/server/control-client.js'
import { startDemo } from '../../src/demo/demo.js'
import { signIn, startDeskStage } from '../../test/desk-stage.js'
import { addAgent } from '../../test/support/desk-agent.js'
import type { Step } from './step.js'
import { shoot } from './shoot.js'

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** The desk, in conversations and around them. */
export async function takeDesk(browser: Browser, step: Step): Promise<void> {
  const demo = await startDemo(readConfig({ PORT: '0', EMULATOR_PORT: '0' }), silentLogger)
  let user = ''

  async function control(path: string, body: object): Promise<void> {
    const answer = await fetch(`${user}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  }
  const says = (message: object): Promise<void> => control('/messages', message)

  async function open(options: BrowserContextOptions = {}, query = ''): Promise<Page> {
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      reducedMotion: 'reduce',
      locale: 'zh-CN',
      permissions: ['notifications'],
      ...options,
    })
    const page = await context.newPage()
    await page.goto(demo.deskUrl)
    if (query !== '') await page.goto(new URL(`/${query}`, demo.deskUrl).href)
    await page.getByRole('listbox').getByRole('option').first().waitFor()
    return page
  }
  const row = (page: Page, name: RegExp): Promise<void> =>
    page.getByRole('listbox').getByRole('option', { name }).click()

  try {
    const apps = (await (await fetch(`${demo.phoneUrl}_emulator/apps`)).json()) as {
      items: { appId: string }[]
    }
    user = `${demo.phoneUrl}_emulator/apps/${apps.items[0]?.appId ?? ''}/users/oDemo7Kq2xSuXiaomian010`
    await control('/enter', { sessionFrom: '{"page":"订单详情","order":"20512"}' })
    await says({ msgType: 'text', content: '你好，我的杯子杯口有裂纹，可以换一个吗？' })
    const photo = await fetch(`${demo.phoneUrl}_emulator/media`, {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body: new Blob([new Uint8Array(await readFile(at('assets/demo/photo.png')))]),
    })
    const { mediaId } = (await photo.json()) as { mediaId: string }
    await says({ msgType: 'image', mediaId })
    await says({ msgType: 'text', content: '转人工' })

    await step('wide: a conversation that is answered', async () => {
      const page = await open()
      await row(page, /访客 n010/)
      await page.getByRole('button', { name: '接入', exact: true }).click()
      const reply = page.getByRole('textbox', { name: '回复' })
      await reply.fill('您好，我是小满。非常抱歉，马上为您安排换货，运费由我们承担。')
      await reply.press('Enter')
      await page.getByText('微信已接收').last().waitFor()
      await page.getByRole('button', { name: '小程序卡片' }).click()
      const form = page.getByRole('dialog')
      await form.getByLabel('标题').fill('售后申请 · 云朵马克杯')
      await form.getByLabel('页面路径').fill('pages/service/apply?order=20512')
      await form.locator('input[type=file]').setInputFiles(at('assets/demo/cover.png'))
      await form.locator('img').waitFor()
      await shoot(page, 'desk-card')
      await form.getByRole('button', { name: '发送卡片' }).click()
      await page.getByRole('log').getByText('售后申请').waitFor()
      await says({ msgType: 'text', content: '好的，已经提交了，多久能收到新的？' })
      await page.getByRole('log').getByText('多久能收到').waitFor()
      await page.getByRole('tab', { name: '全部' }).click()
      await page.getByRole('option', { name: /老王五金/ }).waitFor()
      await reply.fill('/')
      await page.getByRole('listbox', { name: '快捷回复' }).waitFor()
      await shoot(page, 'desk-canned')
      await reply.fill('新杯子今天下午发出，预计后天送到。')
      await shoot(page, 'desk-wide')
    })

    await step('in the dark', async () => {
      const page = await open({ colorScheme: 'dark' })
      await page.getByRole('tab', { name: '全部' }).click()
      await row(page, /陈晓雨/)
      await page.getByRole('log').getByText('大概几天能到').waitFor()
      await shoot(page, 'desk-dark')
    })

    await step('narrow', async () => {
      const page = await open({ viewport: { width: 390, height: 844 }, hasTouch: true })
      await page.getByRole('tab', { name: '全部' }).click()
      await page.getByRole('option', { name: /老王五金/ }).waitFor()
      await shoot(page, 'desk-narrow-list')
      await row(page, /陈晓雨/)
      await page.getByRole('log').getByText('大概几天能到').waitFor()
      await shoot(page, 'desk-narrow-thread')
    })

    await step('in English, with the keyboard’s help', async () => {
      const page = await open({ viewport: { width: 1100, height: 760 } }, '?lang=en')
      await page.getByRole('tab', { name: 'All' }).click()
      await row(page, /陈晓雨/)
      await page.getByRole('log').getByText('大概几天能到').waitFor()
      await shoot(page, 'desk-english')
      await page.keyboard.press('?')
      await page.getByRole('dialog').waitFor()
      await shoot(page, 'desk-keyboard')
    })

    await step('empty, signed out, and failed', async () => {
      const stage = await startDeskStage(browser)
      const outside = await stage.open()
      await outside.page.getByRole('button', { name: '登录' }).waitFor()
      await shoot(outside.page, 'desk-sign-in')
      const desk = await stage.enter('小满')
      await desk.page.getByText('没有等待的客户').waitFor()
      await shoot(desk.page, 'desk-empty')
      await stage.customer().sends('订单什么时候发货？')
      await desk.row(/什么时候发货/).click()
      await desk.button('接入').click()
      stage.emulator.faults.add({ reset: 'after', path: '/cgi-bin/message/custom/send' })
      await desk.reply.fill('今天下午就能发出。')
      await desk.reply.press('Enter')
      await desk.thread.getByText('结果未知').waitFor()
      stage.emulator.faults.add({ errcode: 87014, path: '/cgi-bin/message/custom/send' })
      await desk.reply.fill('单号稍后发给您。')
      await desk.reply.press('Enter')
      await desk.thread.getByText('被微信拦截').waitFor()
      await shoot(desk.page, 'desk-failed')
      await stage.close()
    })

    await step('the rules, with what matched', async () => {
      const stage = await startDeskStage(browser)
      await callControl(stage.service.config.dataDir, 'import-rules', {
        rules: [
          {
            name: '欢迎',
            when: { event: 'user_enter_tempsession' },
            then: [{ reply: { text: '您好，请问有什么可以帮您？' } }],
          },
          {
            name: '退货退款',
            when: { text: { contains: ['退款', '退货', '换货'] } },
            then: [{ reply: { text: '请提供订单号，马上为您处理。' } }, { tag: '售后' }, { handoff: '售后' }],
          },
          {
            name: '查订单',
            when: { text: { matches: '^订单\\s*(\\d+)$' } },
            then: [{ reply: { text: '正在查询订单 {{match.1}}' } }],
          },
          { name: '图片', when: { type: 'image' }, then: [{ reply: { text: '图片收到，正在为您查看。' } }] },
        ],
      })
      for (const [openId, text] of [
        ['oENu5xk3lGm0001poec', '我想换货'],
        ['oENu5xk3lGm0002n010', '有没有大号的？'],
      ] as const) {
        await stage.customer(openId).enters({ sessionFrom: '商品详情' })
        await stage.customer(openId).sends('订单 1024')
        await stage.customer(openId).sends(text)
      }
      const { page } = await stage.enter('店长', { role: 'admin' })
      await page.goto(`${stage.service.url}/#/admin/rules`)
      await page.getByText('有没有大号的？').waitFor()
      await page.getByRole('button', { name: '下移 退货退款' }).click()
      await shoot(page, 'desk-rules')
      await stage.close()
    })

    await step('the set-up guide, while WeChat is awaited', async () => {
      const none = { WECHAT_APP_ID: '', WECHAT_APP_SECRET: '', WECHAT_TOKEN: '', WECHAT_ENCODING_AES_KEY: '' }
      const stage = await startDeskStage(browser, none)
      const shop = { appId: 'wx3f9c20b7a1d4e856', appSecret: '0123456789abcdef0123456789abcdef' }
      const encodingAESKey = 'notYetnotYetnotYetnotYetnotYetnotYetnotYetn'
      stage.emulator.addApp({ ...shop, token: 'notYet', encodingAESKey, pushUrl: stage.service.url })
      await addAgent(stage.service, '店长', 'admin')
      const { page } = await stage.open('', { viewport: { width: 1280, height: 1220 } })
      await signIn(page, '店长')
      await page.getByLabel('AppID（小程序 ID）').fill(shop.appId)
      await page.getByLabel('AppSecret（小程序密钥）').fill(shop.appSecret)
      await page.getByLabel('名称（可不填）').fill('云朵杂货店')
      await page.getByRole('button', { name: '保存并验证' }).click()
      await page.getByText('已取得 access_token').waitFor()
      await page.getByLabel('你的公网域名').fill('kefu.example.com')
      // Made for this picture, and used nowhere.
      await page.getByText('等待微信验证').waitFor()
      await shoot(page, 'desk-guide')
      await stage.close()
    })
  } finally {
    await demo.close()
  }
}
