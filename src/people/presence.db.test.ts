import { toJson } from '../store/index.js'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeStore, type TestStore } from '../../test/stores.js'
import { silentLogger } from '../log.js'
import { Presence, PRESENT_MS } from './presence.js'

describe('presence', () => {
  let database: TestStore
  let presence: Presence
  let at = 1_700_000_000_000
  let heard: unknown[]

  beforeEach(async () => {
    database = await makeStore('sqlite')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
    presence = new Presence({ store: database.store, logger: silentLogger, now: () => at })
    await presence.start()
    heard = []
    presence.on(({ event, dataFor }) => heard.push([event, dataFor({ apps: ['wx1'] })]))
  })
  afterEach(async () => {
    presence.stop()
    vi.useRealTimers()
    await database.remove()
  })

  const lin = { id: 7, name: 'lin' }
  const conversation = { id: 3, appId: 'wx1' }
  const here = (typing: boolean) => ['presence', { conversationId: 3, agents: [{ ...lin, typing }] }]
  const nobody = ['presence', { conversationId: 3, agents: [] }]
  /** Lets time pass, for the clock and for timers. */
  function pass(milliseconds: number): void {
    at += milliseconds
    vi.advanceTimersByTime(milliseconds)
  }
  async function agent(seenAt: number | null): Promise<number> {
    const { id } = await database.store.db
      .insertInto('agent')
      .values({
        name: 'lin',
        name_key: 'lin',
        role: 'agent',
        apps: toJson('all'),
        password_hash: 'x',
        seen_at: seenAt,
        created_at: at,
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    return id
  }
  const online = (id: number): boolean =>
    presence.view({
      id,
      name: 'lin',
      role: 'agent',
      apps: 'all',
      disabled: false,
      status: 'online',
      seenAt: null,
      createdAt: at,
      passwordEndsAt: null,
    }).online

  it('forgets who typed after 8 s, and who looked after 30 s, when it is not said again', async () => {
    await presence.look(lin, conversation, true)
    expect(heard).toEqual([here(true)])
    pass(8100)
    expect(heard).toEqual([here(true), here(false)])
    pass(22_000)
    expect(heard).toEqual([here(true), here(false), nobody])
    pass(100_000)
    expect(heard).toHaveLength(3)
  })

  it('tells nothing when the same is said again, and goes on from there', async () => {
    for (let i = 0; i < 5; i++) {
      await presence.look(lin, conversation, false)
      pass(20_000)
    }
    expect(heard).toEqual([here(false)])
    pass(10_100)
    expect(heard).toEqual([here(false), nobody])
  })

  it('is for those who may see the Mini Program', async () => {
    await presence.look(lin, { id: 4, appId: 'wx2' }, false)
    expect(heard).toEqual([['presence', undefined]])
  })

  it('keeps an agent there while a page is open, and for three beats after', async () => {
    const id = await agent(null)
    const close = await presence.opened(id)
    expect(online(id)).toBe(true)
    const again = await presence.opened(id)
    close()
    close()
    expect(online(id)).toBe(true)
    again()
    await vi.waitFor(() => expect(heard).toContainEqual(['agents', {}]))
    expect(online(id)).toBe(true)
    pass(PRESENT_MS)
    expect(online(id)).toBe(false)
    // Colleagues are told by the next beat.
    const before = heard.length
    pass(15_000)
    await vi.waitFor(() => expect(heard.length).toBeGreaterThan(before))
  })

  it('notes at each beat that an agent is there, so that nobody takes them for absent', async () => {
    const id = await agent(null)
    await presence.opened(id)
    pass(15_000)
    await vi.waitFor(async () => {
      const row = await database.store.db.selectFrom('agent').select('seen_at').executeTakeFirst()
      expect(row?.seen_at).toBe(at)
    })
  })
})
