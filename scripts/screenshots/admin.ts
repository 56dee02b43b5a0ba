import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { silentLogger } from '../../src/log.js'
import { readConfig } from '../../src/config/config.js'
import { startDemo } from '../../src/demo/demo.js'
import { startDeskStage } from '../../test/desk-stage.js'
import type { Step } from './step.js'
import { shoot } from './shoot.js'

const looks: Readonly<Record<string, BrowserContextOptions>> = {
  '': {},
  '-dark': { colorScheme: 'dark' },
  '-narrow': { viewport: { width: 390, height: 844 }, hasTouch: true },
}

/** The pages of administration. */
export async function takeAdmin(browser: Browser, step: Step): Promise<void> {
  const demo = await startDemo(readConfig({ PORT: '0', EMULATOR_PORT: '0' }), silentLogger)

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      reducedMotion: 'reduce',
      locale: 'zh-CN',
      permissions: ['notifications'],
      ...options,
    })
    const page = await context.newPage()
    await page.goto(demo.deskUrl)
    await page.getByRole('listbox').getByRole('option').first().waitFor()
    // The offer of sound is taken, as by any gesture.
    await page.mouse.click(700, 400)
    return page
  }

  /** What a shop would have set up. */
  async function fill(page: Page): Promise<void> {
    const call = async (method: string, path: string, body: object): Promise<void> => {
      const status = await page.evaluate(
        async ([how, where, text]) => {
          const me = (await (await fetch('./api/v1/session')).json()) as { csrfToken: string }
          const answer = await fetch(`./api/v1${where}`, {
            method: how,
            headers: { 'content-type': 'application/json', 'x-csrf-token': me.csrfToken },
            body: text,
          })
          return answer.ok ? '' : `${answer.status} ${await answer.text()}`
        },
        [method, path, JSON.stringify(body)] as const,
      )
      if (status !== '') throw new Error(`${method} ${path}: ${status}`)
    }
    await call('POST', '/agents', { name: '陈静', role: 'agent' })
    await call('POST', '/api-keys', { name: '订单系统' })
    await call('POST', '/api-keys', { name: '数据看板' })
    await call('POST', '/webhooks', {
      url: 'https://crm.example.com/kefu',
      description: '同步到 CRM',
      events: ['message.received', 'conversation.assigned'],
    })
    await call('PUT', '/rules', { rules: shopRules })
  }

  const ready = async (page: Page): Promise<void> => {
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.getByText('加载中…').waitFor({ state: 'hidden' })
    await page.waitForFunction('document.getAnimations().length === 0')
  }

  try {
    await fill(await open())
    for (const [look, options] of Object.entries(looks))
      await step(`every page${look}`, async () => {
        const page = await open(options)
        await page.goto(new URL('/#/settings', demo.deskUrl).href)
        await ready(page)
        await shoot(page, `desk-settings${look}`)
        await page.goto(new URL('/#/admin/agents', demo.deskUrl).href)
        await ready(page)
        const sections = await page.evaluate<string[]>(
          `[...document.querySelectorAll('a[href^="#/admin/"]')].map((link) => link.hash.split('/').at(-1))`,
        )
        if (sections.length < 8) throw new Error(`There are only ${sections.length} pages of administration.`)
        for (const section of sections) {
          await page.goto(new URL(`/#/admin/${section}`, demo.deskUrl).href)
          await ready(page)
          await shoot(page, `admin-${section}${look}`)
        }
        await page.context().close()
      })

    await step('a rule in its form, and tried', async () => {
      const page = await open()
      await page.goto(new URL('/#/admin/rules', demo.deskUrl).href)
      await ready(page)
      await page.getByLabel('试发的内容').fill('我要退款')
      await page.getByRole('button', { name: '测试', exact: true }).click()
      await page.getByText('由「退货退款」回答').waitFor()
      await page.getByText('由「退货退款」回答').scrollIntoViewIfNeeded()
      await shoot(page, 'admin-rules-test')
      await page.getByRole('button', { name: '编辑退货退款' }).click()
      await page.getByRole('dialog').waitFor()
      await shoot(page, 'admin-rule-form')
      await page.context().close()
    })

    await step('empty, and what could not be read', async () => {
      const stage = await startDeskStage(browser)
      const { page } = await stage.enter('店长', { role: 'admin' })
      for (const section of ['canned', 'rules', 'keys', 'hooks', 'report']) {
        await page.goto(`${stage.service.url}/#/admin/${section}`)
        await ready(page)
        await shoot(page, `admin-${section}-empty`)
      }
      await page.route('**/api/v1/canned-replies', (route) =>
        route.fulfill({ status: 503, json: { error: { code: 'unavailable', message: 'away' } } }),
      )
      await page.goto(`${stage.service.url}/#/admin/canned`)
      await page.reload()
      await page.getByRole('alert').getByRole('button', { name: '重试' }).waitFor()
      await shoot(page, 'admin-failed')
      await stage.close()
    })
  } finally {
    await demo.close()
  }
}

const shopRules = [
  {
    name: '转人工',
    when: { text: { contains: ['人工', '客服'] } },
    then: [{ reply: { text: '正在为您转接人工客服，请稍候。' } }, { handoff: '客户要求人工服务' }],
  },
  {
    name: '退货退款',
    when: { text: { contains: ['退货', '退款', '换货'] } },
    then: [{ reply: { text: '签收 7 天内可无理由退货，请提供订单号。' } }, { tag: '售后' }],
  },
  {
    name: '发货时间',
    when: { text: { contains: ['发货', '快递', '物流'] } },
    then: [{ reply: { text: '下午 4 点前付款当天发出，一般 2 至 3 天送达。' } }],
  },
  {
    name: '欢迎',
    when: { event: 'user_enter_tempsession' },
    then: [{ reply: { text: '您好，欢迎来到云朵商城。' } }],
  },
]
