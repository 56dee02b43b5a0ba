import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { conversationView } from '../src/desk/schemas/conversation-view.js'
import { listOf } from '../src/http/schemas/list.js'
import { buildPage, describeInBrowser, launchBrowser } from './browser.js'
import { patience, startDeskStage, type DeskStage, type OpenDesk } from './desk-stage.js'
import { ApiClient } from './support/api-client.js'
import { addAgent, signIn } from './support/desk-agent.js'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 })

const key = 'a-key-of-the-ownership-test-0123456789'
const handlers = `export default (bot) => {
  bot.hears('炸', () => { throw new Error('a mistake') })
  bot.hears('多', async (ctx) => { for (let i = 1; i <= 6; i++) await ctx.reply('第' + i + '条') })
}`

describeInBrowser('who has a conversation', () => {
  let browser: Browser
  let stage: DeskStage
  let program: ApiClient
  let directory: string
  /** One page for all, as it takes long to open; each test has a customer of its own. */
  let desk: OpenDesk
  /** What the service’s clock is ahead; it stands still where this says so. */
  let ahead = 0
  let stoppedAt: number | undefined

  beforeAll(async () => {
    await buildPage('desk')
    directory = mkdtempSync(join(tmpdir(), 'kefu-ownership-'))
    writeFileSync(join(directory, 'bot.mjs'), handlers)
    browser = await launchBrowser()
    stage = await startDeskStage(
      browser,
      { KEFU_API_KEY: key, KEFU_BOT: join(directory, 'bot.mjs') },
      { now: () => (stoppedAt ?? Date.now()) + ahead },
    )
    program = new ApiClient(stage.service.url, key)
    desk = await stage.enter('小满')
    await desk.page.clock.install()
    await desk.page.reload()
    await desk.list.waitFor()
    await addAgent(stage.service, '老周')
  })
  afterAll(async () => {
    await stage.close()
    await browser.close()
    rmSync(directory, { recursive: true })
  })

  const until = <T>(read: () => T | Promise<T>): ReturnType<typeof expect.poll<T>> =>
    expect.poll(read, { timeout: patience })
  async function find(openId: string) {
    const { items } = await program.get(listOf(conversationView), 'GET /conversations', {
      query: { q: openId },
    })
    return items.find((each) => each.openId === openId)
  }
  /** A customer who wrote, whom the agent has taken at the desk; gives the conversation's id. */
  async function taken(openId: string): Promise<number> {
    await stage.customer(openId).sends(`我是${openId}`)
    await until(async () => (await find(openId))?.status).toBe('waiting')
    const id = (await find(openId))?.id ?? 0
    await desk.page.goto(`${stage.service.url}/#/conversations/${id}`)
    await desk.button('接入').click()
    await until(() => desk.reply.isEnabled()).toBe(true)
    return id
  }
  /** Single keys mean nothing in a field. */
  const leaveFields = () => desk.page.evaluate('document.activeElement?.blur()')
  /** Time stands still for page and service, so that a slow machine has no say in what is still possible. */
  async function still(work: () => Promise<void>): Promise<void> {
    const pageNow = Number(await desk.page.evaluate('Date.now()'))
    await desk.page.clock.pauseAt(pageNow + 5000)
    stoppedAt = Date.now()
    try {
      await work()
    } finally {
      stoppedAt = undefined
      await desk.page.clock.resume()
    }
  }

  it('E and B do it at once; 撤销 and Z take it back; who is too late is told', async () => {
    const id = await taken('oUndo')
    const { page } = desk
    const bar = (words: string) => page.getByRole('status').getByText(words)
    await still(async () => {
      await desk.button('结束').click()
      await bar('已结束与').waitFor()
      expect((await find('oUndo'))?.status).toBe('closed')
      await page.getByRole('button', { name: '撤销' }).click()
      await until(() => desk.reply.isEnabled()).toBe(true)
      await bar('已结束与').waitFor({ state: 'hidden' })
      expect(await find('oUndo')).toMatchObject({ status: 'assigned', agent: { name: '小满' } })
      await desk.thread.getByText('小满 撤销了操作，继续接待').waitFor()

      for (const [press, words, status] of [
        ['e', '已结束与', 'closed'],
        ['b', '交还机器人', 'bot'],
      ] as const) {
        await leaveFields()
        await page.keyboard.press(press)
        await bar(words).waitFor()
        expect((await find('oUndo'))?.status).toBe(status)
        await page.keyboard.press('z')
        await until(async () => (await find('oUndo'))?.agent?.name).toBe('小满')
        await until(() => desk.reply.isEnabled()).toBe(true)
        await bar(words).waitFor({ state: 'hidden' })
      }

      // Somebody acts: it is theirs.
      const other = await signIn(stage.service.url, '老周')
      await leaveFields()
      await page.keyboard.press('e')
      await bar('已结束与').waitFor()
      await other.api.ok('POST /conversations/:id/take', { params: { id } })
      await page.keyboard.press('z')
      await page.getByRole('alert').getByText('会话状态刚刚变化了').waitFor()
      expect((await find('oUndo'))?.agent?.name).toBe('老周')
    })
    expect(desk.trouble).toEqual([])
  })

  it('what can be undone is offered for eight seconds', async () => {
    await taken('oUndoLate')
    await still(async () => {
      await desk.button('结束').click()
      const undo = desk.page.getByRole('button', { name: '撤销' })
      await undo.waitFor()
      await desk.page.clock.runFor(7500)
      expect(await undo.isVisible()).toBe(true)
      await desk.page.clock.runFor(600)
      await undo.waitFor({ state: 'hidden' })
    })
  })

  it('重新打开 takes it for who pressed', async () => {
    await taken('oReopen')
    await desk.button('结束').click()
    await desk.button('重新打开').click()
    await until(() => desk.reply.isEnabled()).toBe(true)
    expect(await find('oReopen')).toMatchObject({ status: 'assigned', agent: { name: '小满' } })
  })

  it('on a phone the way back is in place, and can be reached', async () => {
    const { page } = desk
    await taken('oNarrow')
    await page.setViewportSize({ width: 360, height: 640 })
    await page.emulateMedia({ colorScheme: 'dark' })
    try {
      await still(async () => {
        await desk.button('结束').click()
        const undo = page.getByRole('button', { name: '撤销' })
        await undo.waitFor()
        const box = await undo.boundingBox()
        expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(360)
        expect(box?.height).toBeGreaterThanOrEqual(24)
        await undo.click()
        await until(async () => (await find('oNarrow'))?.status).toBe('assigned')
      })
    } finally {
      await page.setViewportSize({ width: 1440, height: 900 })
      await page.emulateMedia({ colorScheme: 'light' })
    }
  })

  it('two tags typed quickly on a slow network are kept, a colleague’s too, and one that failed stays in sight', async () => {
    const id = await taken('oTags')
    const { page } = desk
    const colleague = await signIn(stage.service.url, '老周')
    let release = (): void => undefined
    const gate = new Promise<void>((resolve) => (release = resolve))
    let asked = 0
    await page.route('**/tags', async (route) => {
      if (route.request().method() !== 'PATCH') return route.continue()
      asked++
      await gate
      return route.continue()
    })
    const field = page.getByRole('textbox', { name: '输入标签后按 Enter' })
    for (const tag of ['退款', '发票']) {
      await field.fill(tag)
      await field.press('Enter')
    }
    await until(() => asked).toBe(2)
    await colleague.api.ok('PATCH /conversations/:id/tags', { params: { id }, body: { add: ['加急'] } })
    release()
    const tags = async () => [...((await find('oTags'))?.contact.tags ?? [])].sort()
    await until(tags).toEqual(['加急', '发票', '退款'].sort())
    for (const tag of ['加急', '发票', '退款'])
      await page.getByRole('button', { name: `移除标签 ${tag}` }).waitFor()
    await page.unroute('**/tags')

    await page.route('**/tags', (route) => route.abort())
    await field.fill('老客户')
    await field.press('Enter')
    await page.getByLabel('标签 老客户 没有保存').waitFor()
    // It is there after another conversation was looked at.
    await page.unroute('**/tags')
    await page.goto(`${stage.service.url}/#/conversations/${(await find('oUndo'))?.id ?? 0}`)
    await page.getByLabel('标签 老客户 没有保存').waitFor({ state: 'hidden' })
    await page.goto(`${stage.service.url}/#/conversations/${id}`)
    await page.getByLabel('标签 老客户 没有保存').waitFor()
    await page.getByRole('button', { name: '重试', exact: true }).click()
    await until(tags).toContain('老客户')
    await page.getByRole('button', { name: '移除标签 退款' }).click()
    await until(tags).not.toContain('退款')
  })

  it('why the bot gave a conversation to people is said in words, in both languages', async () => {
    await stage.customer('oFailed').sends('炸')
    await stage.customer('oAllowance').sends('多')
    await until(async () => [(await find('oFailed'))?.status, (await find('oAllowance'))?.status]).toEqual([
      'waiting',
      'waiting',
    ])
    for (const [language, failed, allowance] of [
      ['en', 'The bot failed and handed over', 'The bot’s share of replies is used up: people take it'],
      ['zh-CN', '机器人处理失败，转人工', '机器人可用的回复条数已用完，转人工'],
    ] as const) {
      for (const [openId, words] of [
        ['oFailed', failed],
        ['oAllowance', allowance],
      ] as const) {
        const id = (await find(openId))?.id ?? 0
        await desk.page.goto(`${stage.service.url}/?lang=${language}#/conversations/${id}`)
        await desk.page.getByRole('log').getByText(words).waitFor()
        expect(await desk.page.locator('body').innerText()).not.toMatch(/handler_failed|[（(]allowance[)）]/)
      }
    }
  })

  it('W16: a service whose clock goes back ten minutes is followed at once, in thread, row and bar', async () => {
    await taken('oClock')
    const { page } = desk
    await page.getByText('还可回复 5/5 条').waitFor()
    ahead -= 600_000
    try {
      await desk.reply.fill('时钟倒退后的回复')
      await desk.reply.press('Enter')
      await desk.thread.getByText('微信已接收').waitFor()
      await page.getByText('还可回复 4/5 条').waitFor()
      await stage.customer('oClock').sends('时钟倒退后的来信')
      await desk.thread.getByText('时钟倒退后的来信').waitFor()
      await desk.tab('我的').click()
      await desk.row(/时钟倒退后的来信/).waitFor()
      await page.getByText('还可回复 5/5 条').waitFor()
      const last = (await desk.thread.locator('.bubble').allInnerTexts()).slice(-2)
      expect(last).toEqual(['时钟倒退后的回复', '时钟倒退后的来信'])
    } finally {
      ahead += 600_000
    }
  })

  it('who types or looks keeps it, who has forgotten the tab does not', async () => {
    await addAgent(stage.service, '管理员', 'admin')
    const admin = await signIn(stage.service.url, '管理员')
    await admin.api.ok('PUT /settings', { body: { idleMinutes: 1, absentMinutes: 0 } })
    await taken('oTyping')
    const { page } = desk
    /** One with whom nobody does anything: when it waits again, the service has looked. */
    const idle = async (openId: string) => {
      await stage.customer(openId).sends(`我是${openId}`)
      await until(async () => (await find(openId))?.status).toBe('waiting')
      const id = (await find(openId))?.id ?? 0
      await admin.api.ok('POST /conversations/:id/take', { params: { id } })
    }
    await idle('oIdle1')
    /** So much time for the page and for the service alike. */
    const pass = async (ms: number): Promise<void> => {
      ahead += ms
      const told = page.waitForResponse((answer) => answer.url().includes('/presence'), { timeout: patience })
      await page.clock.fastForward(ms)
      await told
    }
    // An agent types steadily, for longer than the idle time.
    for (let i = 0; i < 6; i++) {
      await desk.reply.press('a')
      await pass(15_000)
    }
    await until(async () => (await find('oIdle1'))?.status).toBe('waiting')
    expect(await find('oTyping')).toMatchObject({ status: 'assigned', agent: { name: '小满' } })

    // They look: the pointer moves over what they read.
    await idle('oIdle2')
    for (let i = 0; i < 6; i++) {
      await page.mouse.move(700, 300 + i * 20)
      await pass(15_000)
    }
    await until(async () => (await find('oIdle2'))?.status).toBe('waiting')
    expect((await find('oTyping'))?.status).toBe('assigned')

    // The tab is forgotten: two minutes later it holds nobody.
    for (let i = 0; i < 14; i++) await pass(15_000)
    await until(async () => (await find('oTyping'))?.status).toBe('waiting')
  })
})
