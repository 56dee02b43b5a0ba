import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { UserHandle } from '../src/emulator/index.js'
import { ApiClient } from './support/api-client.js'
import { startTestService, type TestService } from './support/test-service.js'

const key = 'a-key-of-the-tests-0123456789'
const waiting = { timeout: 20_000, interval: 20 }

/** Handlers in code, as a developer writes them who has never heard of sub-merchants. */
const handlers = `let runs = 0
export default (bot) => {
  bot.on('event:user_enter_tempsession', (ctx) => ctx.reply('您好'))
  bot.hears('官方', (ctx) => ctx.transfer())
  bot.hears('稍等', async (ctx) => {
    await ctx.reply('转接中').catch(() => undefined)
    await ctx.handoff('vip')
  })
  bot.hears('次数', (ctx) => ctx.reply(String(runs)))
  bot.hears('忘等', (ctx) => { runs++; void ctx.reply('没等') })
  bot.on('message', async (ctx) => { runs++; await ctx.reply('答' + ctx.text) })
}`

interface Conversation {
  id: number
  openId: string
  businessId: string | null
  status: string
}
interface Line {
  direction: string
  line?: string
  reason?: string
}

describe('a sub-merchant’s session and handlers in code', { timeout: 60_000 }, () => {
  let service: TestService
  let api: ApiClient
  let customers = 0

  beforeAll(async () => {
    service = await startTestService({ KEFU_API_KEY: key })
    const module = join(service.directory, 'bot.mjs')
    writeFileSync(module, handlers)
    await service.restart({ KEFU_API_KEY: key, KEFU_BOT: module })
    api = new ApiClient(service.url, key)
  }, 60_000)
  afterAll(() => service.close())

  const customer = (): UserHandle => service.emulator.user(`oCode${++customers}`)
  async function only(user: UserHandle, businessId: string | null): Promise<Conversation | undefined> {
    const { body } = await api.call('GET /conversations', { query: { q: user.openId } })
    return (body as { items: Conversation[] }).items.find(
      (each) => each.openId === user.openId && each.businessId === businessId,
    )
  }
  async function linesOf(user: UserHandle, businessId: string): Promise<Line[]> {
    const found = await only(user, businessId)
    if (!found) return []
    const { body } = await api.call('GET /conversations/:id/messages', { params: { id: found.id } })
    return (body as { items: Line[] }).items
  }
  const statusOf = async (user: UserHandle, businessId: string) => (await only(user, businessId))?.status
  const received = (user: UserHandle) => user.messages.filter(({ from }) => from === 'service')

  it('is answered by none, runs once, and is handed to people with that reason', async () => {
    const user = customer()
    await user.sends('次数')
    const before = await user.receivesText()
    for (const [index, text] of ['一', '忘等'].entries()) {
      await user.sends(text, { businessId: index + 1 })
      await expect.poll(() => statusOf(user, String(index + 1)), waiting).toBe('waiting')
      const lines = await linesOf(user, String(index + 1))
      expect(lines.filter(({ line }) => line === 'handoff')).toMatchObject([{ reason: 'business' }])
      expect(lines.filter(({ direction }) => direction === 'outgoing')).toEqual([])
    }
    const other = customer()
    await other.sends('次数')
    expect(Number(await other.receivesText())).toBe(Number(before) + 2)
    expect(received(user)).toHaveLength(1)
  })

  it('is transferred and handed over as ever, and its push is marked handled', async () => {
    const official = customer()
    expect(await official.sends('官方', { businessId: 1 })).toMatchObject({ answer: 'transfer' })
    const user = customer()
    await user.sends('稍等', { businessId: 2 })
    await expect.poll(() => statusOf(user, '2'), waiting).toBe('waiting')
    expect((await linesOf(user, '2')).filter(({ line }) => line === 'handoff')).toMatchObject([
      { reason: 'vip' },
    ])
    await user.enters({ businessId: 3 })
    await expect.poll(async () => (await linesOf(user, '3')).length, waiting).toBeGreaterThan(0)
    expect([...received(user), ...received(official)]).toEqual([])
    expect(service.log).not.toContain('is marked failed')
  })

  it('leaves the Mini Program’s own session alone', async () => {
    const user = customer()
    await user.sends('一', { businessId: 1 })
    await user.sends('二')
    expect(await user.receivesText()).toBe('答二')
    expect((await only(user, null))?.status).toBe('bot')
  })
})
