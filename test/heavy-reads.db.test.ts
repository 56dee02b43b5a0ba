import type { Context } from 'koa'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ViewSource } from '../src/conversation/index.js'
import { conversationRoutes, type ConversationRoutesOptions } from '../src/desk/routes/conversation-routes.js'
import { HeavyReads } from '../src/http/heavy-reads.js'
import type { Principal } from '../src/http/principal.js'
import { HttpError } from '../src/http/http-error.js'
import type { Store } from '../src/store/index.js'
import { gate, type Gate } from './support/gate.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'

const agent = (id: number): Principal => ({ kind: 'agent', id, name: `a${id}`, role: 'agent', apps: 'all' })
const settled = (): Promise<unknown> => new Promise(setImmediate)

describe.each(await storeKinds())('one person’s searches, on %s', (kind) => {
  let test: TestStore
  let reads: HeavyReads
  let list: (query: object, who?: Principal) => Promise<unknown>
  /** How many statements the routes asked for. */
  let statements: number
  let here: boolean

  beforeEach(async () => {
    test = await makeStore(kind)
    reads = new HeavyReads({ atOnce: 1, waitingEach: 3 })
    statements = 0
    here = true
    const db = test.store.db.withPlugin({
      transformQuery({ node }) {
        statements++
        return node
      },
      transformResult: async ({ result }) => result,
    })
    const rest = {} as Pick<ConversationRoutesOptions, 'commands' | 'agents'>
    const route = conversationRoutes({ views: viewsOf(test.store, db), reads, ...rest }).find(
      ({ method, path }) => method === 'GET' && path === '/conversations',
    )
    if (!route) throw new Error('no such route')
    list = async (query, principal = agent(1)) => {
      const ctx = { res: { destroyed: !here } } as unknown as Context
      return route.run({ params: {}, query, body: undefined, principal, ctx })
    }
  })
  afterEach(() => test.remove())

  /** Somebody reads much, until the gate is opened. */
  function busy(who = agent(9)): Gate {
    const held = gate()
    void reads.run(who, () => held.opened)
    return held
  }

  it('ask the database nothing until it is their turn, while lists and pushes go on', async () => {
    const held = busy()
    const found = [list({ q: '退款' }), list({ sourceKey: 'order' }), list({ q: 'x' })]
    await settled()
    expect(statements).toBe(0)
    expect(await list({})).toMatchObject({ items: [] })
    const plain = statements
    expect(plain).toBeGreaterThan(0)
    const row = { dedupeKey: 'k', appId: 'wx1', openId: 'o', format: 'json', plaintext: '{}' } as const
    expect(await test.store.pushes.append({ ...row, receivedAt: 1 })).toMatchObject({ inserted: true })
    await settled()
    expect(statements).toBe(plain)
    held.open()
    expect(await Promise.all(found)).toMatchObject([{ items: [] }, { items: [] }, { items: [] }])
    expect(statements).toBeGreaterThan(plain)
  })

  it('are refused where too many of theirs wait, and nobody else’s are', async () => {
    const held = busy()
    const mine = [1, 2, 3].map((i) => list({ q: `w${i}` }))
    const refused = await list({ q: 'w4' }).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(HttpError)
    expect(refused).toMatchObject({ status: 429, headers: { 'Retry-After': '2' } })
    const theirs = list({ q: 'y' }, agent(2))
    held.open()
    await Promise.all([...mine, theirs])
  })

  it('cost nothing where whoever typed has typed on', async () => {
    const held = busy()
    here = false
    const given = list({ q: '退' })
    held.open()
    expect(await given).toEqual({ items: [], next: null })
    expect(statements).toBe(0)
  })
})

function viewsOf(store: Store, db: Store['db']): ViewSource {
  const counted = Object.create(store, { db: { value: db } }) as Store
  return {
    store: counted,
    now: Date.now,
    allowance: {},
    namesOf: async () => new Map(),
  } as unknown as ViewSource
}
