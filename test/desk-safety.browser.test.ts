import { describe, expect } from 'vitest'
import { callControl } from '../src/server/control-client.js'
import { deskTest as it, until } from './browser-fixture.js'
import { seriousViolations } from './browser.js'
import type { DeskStage, EnterOptions, OpenDesk } from './desk-stage.js'
import { hostile } from './hostile.js'
import { addAgent, signIn } from './support/desk-agent.js'

describe('the desk, against hostile and for everybody', () => {
  /** A conversation of an agent with something of each kind in it. */
  async function full(stage: DeskStage, options: EnterOptions = {}): Promise<OpenDesk> {
    const customer = stage.customer()
    await customer.enters({ sessionFrom: '{"page":"商品详情页"}' })
    await customer.sends('我的杯子有裂纹，订单见 https://shop.example.com/1024')
    await customer.sends({
      msgType: 'miniprogrampage',
      title: '云朵马克杯',
      pagePath: 'pages/goods/detail?id=1024',
    })
    await stage.customer('oOther0002abcd').sends('另一个客户')
    const desk = await stage.enter('小满', options)
    await desk.row(/我的杯子有裂纹|云朵马克杯/).click()
    await desk.button('接入').click()
    await desk.reply.fill('您好')
    await desk.reply.press('Enter')
    await desk.thread.getByText('微信已接收').first().waitFor()
    return desk
  }

  it('shows hostile texts as the text they are: nothing runs, nothing is asked for, nothing leads away', async ({
    stage,
  }) => {
    const { service } = stage
    const customer = stage.customer()
    await addAgent(service, stage.nameOf('管理员'), 'admin')
    const admin = await signIn(service.url, stage.nameOf('管理员'))
    const send = async (method: string, path: string, body: object): Promise<unknown> => {
      const answer = await fetch(`${service.url}/api/v1${path}`, {
        method,
        headers: { 'content-type': 'application/json', ...admin.headers },
        body: JSON.stringify(body),
      })
      const text = await answer.text()
      if (!answer.ok) throw new Error(`${method} ${path} ${answer.status} ${text}`)
      return text === '' ? undefined : JSON.parse(text)
    }
    await callControl(service.config.dataDir, 'import-rules', {
      rules: [
        {
          name: '<img src=x onerror=globalThis.ran=1>',
          when: {},
          then: [{ reply: { text: '机器人<b>答</b>' } }],
        },
      ],
    })
    await customer.enters({
      sessionFrom: JSON.stringify(
        Object.fromEntries(hostile.map((text, index) => [`k${index}${text}`.slice(0, 60), text])),
      ).slice(0, 900),
    })
    for (const content of hostile) await customer.sends(content)
    await customer.sends({
      msgType: 'miniprogrampage',
      title: hostile[0] ?? '',
      pagePath: `x?${hostile[1] ?? ''}`,
    })
    await customer.sends({ msgType: 'other', type: 'location', fields: { Label: hostile[0] } })

    const desk = await stage.enter('小满')
    await desk.tab('全部').click()
    await desk.list.getByRole('option').first().click()
    await desk.page
      .getByRole('main')
      .getByRole('button', { name: /^接[入管]$/ })
      .click()
    const id = Number(new URL(desk.page.url()).hash.split('/').at(-1))
    const { contact } = (await send('GET', `/conversations/${id}`, {}).catch(() => ({
      contact: { id: 1 },
    }))) as { contact: { id: number } }
    await send('PATCH', `/contacts/${contact.id}`, { name: hostile[1], remark: hostile[2] })
    await send('PUT', `/conversations/${id}/tags`, { tags: ['<svg/onload=globalThis.ran=1>', '"><b>x'] })
    for (const content of hostile.slice(0, 4)) await send('POST', `/conversations/${id}/notes`, { content })
    await send('POST', '/canned-replies', {
      title: '<img src=x onerror=globalThis.ran=1>',
      content: `${hostile[3] ?? ''}{{contact.name}}`,
    })
    stage.emulator.faults.add({ errcode: 99999, path: '/cgi-bin/message/custom/send' })
    await desk.reply.fill(hostile[4] ?? '')
    await desk.reply.press('Enter')
    await desk.thread.getByRole('alert').filter({ hasText: '99999' }).waitFor()

    // Letter for letter.
    const bubbles = await desk.page.evaluate<string[]>(
      `[...document.querySelectorAll('[role=log] .bubble')].map((bubble) => bubble.textContent)`,
    )
    expect(hostile.filter((text) => !bubbles.includes(text))).toEqual([])
    await desk.page
      .getByRole('complementary', { name: '客户信息' })
      .getByText(hostile[2] ?? '')
      .first()
      .waitFor()
    await desk.page.getByText('<svg/onload=globalThis.ran=1>').first().waitFor()

    // Links lead only to the web, and are asked about first.
    const links = await desk.thread.getByRole('link').all()
    for (const link of links) expect(await link.getAttribute('href')).toMatch(/^https?:\/\//)
    await desk.thread.getByRole('link').first().click()
    await desk.page.getByRole('dialog', { name: '打开链接' }).getByText('evil.example').first().waitFor()
    await desk.page.keyboard.press('Escape')

    // The canned reply, the search, the reload.
    await desk.page.reload()
    await desk.reply.fill('/img')
    await desk.page.getByRole('listbox', { name: '快捷回复' }).getByRole('option').first().waitFor()
    await desk.page.keyboard.press('Enter')
    expect(await desk.page.evaluate('globalThis.ran')).toBeUndefined()
    expect(await desk.page.locator('script:not([src]), iframe, base, [onerror], [onload]').count()).toBe(0)
    expect(desk.trouble).toEqual([])
  })

  for (const colorScheme of ['light', 'dark'] as const)
    it(`has nothing that axe finds serious, ${colorScheme}`, async ({ stage }) => {
      const desk = await full(stage, { colorScheme })
      const { page } = desk
      const look = async (what: string): Promise<void> => {
        expect(await seriousViolations(page), what).toEqual([])
      }
      await look('a conversation of mine')
      await desk.row(/另一个客户/).click()
      await desk.button('接入').waitFor()
      await look('a conversation that waits')
      await page.keyboard.press('?')
      await page.getByRole('dialog').waitFor()
      await look('the keyboard help')
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'hidden' })
      await page.getByRole('button', { name: `${stage.nameOf('小满')}，在线` }).click()
      await page.getByRole('menu').waitFor()
      await look('my menu')
      await page.keyboard.press('Escape')
      await page.getByRole('link', { name: '设置' }).click()
      await page.getByRole('heading', { name: '设置', exact: true }).waitFor()
      await look('the settings')
      await page.getByRole('button', { name: `${stage.nameOf('小满')}，在线` }).click()
      await page.getByRole('menuitem', { name: '退出登录' }).click()
      await page.getByRole('button', { name: '登录' }).waitFor()
      await look('signing in')
      await page.goto(`${stage.service.url}/#/setup/token`)
      await page.getByRole('heading', { name: '创建第一个管理员' }).waitFor()
      await look('the first administrator')
    })

  it('is one pane at a time on a narrow screen, and nothing is wider than it', async ({ stage }) => {
    const desk = await full(stage, { viewport: { width: 320, height: 640 } })
    const { page } = desk
    const isTooWide = (): Promise<unknown> =>
      page.evaluate('document.documentElement.scrollWidth > innerWidth')
    expect(await isTooWide()).toBe(false)
    expect(await desk.list.isVisible()).toBe(false)
    await page.getByRole('button', { name: '客户信息' }).first().click()
    await page.getByRole('complementary', { name: '客户信息' }).waitFor()
    expect(await isTooWide()).toBe(false)
    await page.getByRole('button', { name: '关闭客户信息' }).click()
    await page.getByRole('button', { name: '返回列表' }).click()
    await desk.list.waitFor()
    await desk.tab('我的').click()
    await desk.row(/您好/).click()
    await until(() => desk.reply.isVisible()).toBe(true)
    expect(desk.trouble).toEqual([])
  })

  it('speaks English, all of it', async ({ stage }) => {
    const desk = await full(stage)
    const { page } = desk
    await page.getByRole('button', { name: `${stage.nameOf('小满')}，在线` }).click()
    await page.getByRole('menuitem', { name: 'English' }).click()
    await page.getByRole('tab', { name: 'Waiting' }).waitFor()
    expect(await page.evaluate('document.documentElement.lang')).toBe('en')
    // What people wrote and are called (one character of it in a picture) stays as it is; everything else is ours.
    const ours = await page.evaluate<
      string[]
    >(`[...document.querySelectorAll('button, [role=tab], dt, h1, h2, h3, .bar p, .lock, label')]
      .filter((element) => !element.closest('[role=log], [role=listbox]'))
      .map((element) => (element.getAttribute('aria-label') ?? '') + element.textContent)`)
    const allowed = /小满|中文|[小满]|商品详情页|另一个客户|客服/g
    expect(ours.filter((text) => /\p{Script=Han}/u.test(text.replace(allowed, '')))).toEqual([])
    await page.reload()
    await page.getByRole('tab', { name: 'Waiting' }).waitFor()
  })
})
