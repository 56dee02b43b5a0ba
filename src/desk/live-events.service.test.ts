import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import Koa from 'koa'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeStore, type TestStore } from '../../test/stores.js'
import { openConversations } from '../conversation/conversation-rows.js'
import { defaultAllowanceRules, FeedFollower } from '../conversation/index.js'
import { UnitOfWork } from '../conversation/unit-of-work.js'
import { silentLogger } from '../log.js'
import { LiveEvents, type LiveEventsOptions, type PassingEvent } from './live-events.js'
import type { Principal } from '../http/principal.js'
import { HttpError } from '../http/http-error.js'

/** The machine may be busy. */
const until = <T>(look: () => T) => expect.poll(look, { timeout: 15_000 })
const program: Principal = { kind: 'program', keyId: 1, name: 'p', apps: ['wxA'] }

describe('live events', () => {
  let database: TestStore
  let events: LiveEvents
  let server: Server
  let principal: () => Principal | undefined
  let pass: (event: PassingEvent) => void
  const sockets: Socket[] = []

  async function start(options: Partial<LiveEventsOptions> = {}): Promise<void> {
    const { store } = database
    const views = { store, allowance: defaultAllowanceRules, namesOf: async () => new Map(), now: Date.now }
    const wait = (ms: number): Promise<unknown> => delay(ms)
    events = new LiveEvents({
      follower: new FeedFollower({ store, views, logger: silentLogger, wait }),
      principalOf: async () => principal(),
      signals: store.signals,
      endings: ['session-ended'],
      passing: [
        {
          on(listener) {
            pass = listener
            return () => undefined
          },
        },
      ],
      logger: silentLogger,
      ...options,
    })
    const app = new Koa({ proxy: false }).use((ctx) => {
      try {
        const after = new URLSearchParams(ctx.querystring).get('after')
        events.open(ctx, principal() ?? program, after === null ? undefined : Number(after))
      } catch (error) {
        if (!(error instanceof HttpError)) throw error
        ctx.status = error.status
      }
    })
    server = createServer((req, res) => void app.callback()(req, res)).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
  }

  /** Writes feed rows of a customer's conversation, as a transaction of the service does. */
  async function say(appId: string, content: string, times = 1): Promise<void> {
    const { store } = database
    await store.db.transaction().execute(async (tx) => {
      const found = await openConversations(tx, store.dialect, [{ appId, openId: 'o1' }], 1)
      const [opened] = [...found.values()]
      if (!opened) throw new Error('no conversation')
      const unit = new UnitOfWork(tx, store.dialect, 1)
      for (let i = 0; i < times; i++)
        unit.add({
          conversationId: opened.conversation.id,
          direction: 'note',
          author: 'api',
          msgType: 'text',
          content: { msgType: 'text', content },
          state: null,
          onceKey: null,
          epoch: 0,
          pushId: null,
        })
      unit.save(opened.conversation, true)
      await unit.flush()
    })
  }

  interface Page {
    readonly text: () => string
    readonly closed: () => boolean
    readonly socket: Socket
  }

  async function open(query = ''): Promise<Page> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    sockets.push(socket)
    let text = ''
    let closed = false
    socket.setEncoding('utf8').on('data', (piece: string) => (text += piece))
    socket.on('close', () => (closed = true)).on('error', () => undefined)
    socket.write(`GET /${query} HTTP/1.1\r\nHost: x\r\n\r\n`)
    await until(() => text).toMatch(/id: \d+\n|HTTP\/1.1 [45]/)
    return { text: () => text, closed: () => closed, socket }
  }

  beforeEach(async () => {
    database = await makeStore('sqlite')
    principal = () => program
  })
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    events.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await database.remove()
  })

  it('are told only to who may see the Mini Program', async () => {
    await start()
    const page = await open()
    await say('wxB', '别处')
    await say('wxA', '这里')
    await until(page.text).toContain('这里')
    expect(page.text()).not.toContain('别处')
  })

  it('end when whoever opened them may not read any more, at once at a word and else with the next beat', async () => {
    await start({ heartbeatMs: 50 })
    const page = await open()
    principal = () => undefined
    await until(page.closed).toBe(true)
    principal = () => program
    const other = await open()
    principal = () => ({ ...program, keyId: 2 })
    await database.store.signals.send('session-ended', '')
    await until(other.closed).toBe(true)
    expect(events.size).toBe(0)
  })

  it('are told less from then on to who may see less', async () => {
    await start()
    const page = await open()
    principal = () => ({ ...program, apps: [] })
    await database.store.signals.send('session-ended', '')
    await delay(0)
    await say('wxA', '这里')
    principal = () => program
    const other = await open('?after=0')
    await until(other.text).toContain('这里')
    expect(page.text()).not.toContain('这里')
  })

  it('stay when the database is away while they are looked at', async () => {
    await start({
      heartbeatMs: 20,
      principalOf: async () => {
        throw new Error('the database is away')
      },
    })
    const page = await open()
    await until(() => page.text().split(': still here').length).toBeGreaterThan(4)
    expect(page.closed()).toBe(false)
  })

  it('bring passing events to whom they are for, without a number', async () => {
    await start()
    const page = await open()
    pass({ event: 'presence', dataFor: ({ apps }) => (apps === 'all' ? { secret: 1 } : undefined) })
    pass({ event: 'agents', dataFor: () => ({}) })
    await until(page.text).toContain('event: agents\ndata: {}\n\n')
    expect(page.text()).not.toContain('secret')
  })

  it('cut off who does not read, who then misses nothing when they come again', async () => {
    await start()
    const page = await open()
    const [, seen = ''] = /id: (\d+)\n/.exec(page.text()) ?? []
    page.socket.pause()
    const long = 'x'.repeat(100_000)
    for (let i = 0; i < 60 && events.size > 0; i++) {
      await say('wxA', `${i}-${long}`)
      await delay(30)
    }
    await until(() => events.size).toBe(0)
    await say('wxA', 'the last')
    const again = await open(`?after=${seen}`)
    await until(again.text).toContain('the last')
    expect(again.text()).toContain('"content":"0-xxx')
  })

  it('tell a page that is too far behind to load anew', async () => {
    await start()
    await say('wxA', 'x', 3000)
    const page = await open('?after=1')
    await until(page.text).toMatch(/id: \d+\nevent: reset\ndata: \{\}/)
    expect(page.text()).not.toContain('event: message')
  })

  it('are no more than the service bears', async () => {
    await start({ most: 1 })
    await open()
    expect((await open()).text()).toMatch(/^HTTP\/1.1 429/)
    events.close()
    expect((await open()).text()).toMatch(/^HTTP\/1.1 503/)
  })

  it('of an agent are at most 20: one more ends the oldest, which is told why', async () => {
    await start()
    const agent = (id: number): Principal => ({ kind: 'agent', id, name: 'a', role: 'agent', apps: 'all' })
    principal = () => agent(7)
    const pages: Page[] = []
    for (let i = 0; i < 20; i++) pages.push(await open())
    principal = () => agent(8)
    const colleague = await open()
    principal = () => agent(7)
    expect(pages.some((page) => page.closed())).toBe(false)
    pages.push(await open(), await open())
    for (const page of pages.slice(0, 2)) {
      await until(page.closed).toBe(true)
      expect(page.text()).toMatch(/event: closed\ndata: {"reason":"too_many_pages"}\n\n/)
    }
    expect(pages.slice(2).some((page) => page.closed())).toBe(false)
    expect(colleague.closed()).toBe(false)
    expect(events.size).toBe(21)
  })

  it('of a key are at most 10, and one that ends makes room', async () => {
    await start()
    const pages: Page[] = []
    for (let i = 0; i < 10; i++) pages.push(await open())
    expect((await open()).text()).toMatch(/^HTTP\/1.1 429/)
    principal = () => ({ ...program, keyId: null })
    expect((await open()).text()).toMatch(/^HTTP\/1.1 200/)
    principal = () => program
    pages[3]?.socket.destroy()
    await until(() => events.size).toBe(10)
    expect((await open()).text()).toMatch(/^HTTP\/1.1 200/)
    expect(pages.filter((page) => page.closed())).toHaveLength(1)
  })
})
