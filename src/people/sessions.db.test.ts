import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { Agents } from './agents.js'
import { Passwords } from './passwords.js'
import { SESSION_IDLE_MS, SESSION_LONGEST_MS, Sessions } from './sessions.js'

const command = { actor: { kind: 'command' } } as const

describe.each(await storeKinds())('sessions on %s', (kind) => {
  let database: TestStore
  let sessions: Sessions
  let agents: Agents
  let at: number
  let id: number

  beforeEach(async () => {
    database = await makeStore(kind)
    at = 1_000_000_000
    const parts = { store: database.store, now: () => at }
    sessions = new Sessions(parts)
    agents = new Agents({
      ...parts,
      passwords: new Passwords(),
      onWeakened: (agentId) => sessions.endAllOf(agentId),
    })
    id = (await agents.add({ name: 'Lin', role: 'agent', apps: ['wx1'], password: 'correct horse' }, command))
      .id
  })
  afterEach(async () => {
    await database.remove()
  })

  it('are found by their cookie, of which nothing is kept', async () => {
    const cookie = await sessions.begin(id)
    expect(Buffer.from(cookie, 'base64url')).toHaveLength(32)
    expect((await sessions.find(cookie))?.agent).toMatchObject({ id, name: 'Lin', apps: ['wx1'] })
    const rows = await database.store.db.selectFrom('session').selectAll().execute()
    expect(JSON.stringify(rows)).not.toContain(cookie)
    const [row] = rows
    expect(await sessions.find(row?.id_hash ?? '')).toBeUndefined()
    expect(await sessions.find('')).toBeUndefined()
  })

  it('end when nothing is heard of them, and not while they are used', async () => {
    const cookie = await sessions.begin(id)
    at += SESSION_IDLE_MS - 1
    expect(await sessions.find(cookie)).toBeDefined()
    at += SESSION_IDLE_MS - 1
    expect(await sessions.find(cookie)).toBeDefined()
    at += SESSION_IDLE_MS
    expect(await sessions.find(cookie)).toBeUndefined()
  })

  it('end after a week, however much they are used', async () => {
    const cookie = await sessions.begin(id)
    for (const end = at + SESSION_LONGEST_MS; at < end; at += SESSION_IDLE_MS / 2)
      expect(await sessions.find(cookie)).toBeDefined()
    expect(await sessions.find(cookie)).toBeUndefined()
  })

  it('are forgotten when the next one begins after their end', async () => {
    await sessions.begin(id)
    at += SESSION_LONGEST_MS
    await sessions.begin(id)
    expect(await database.store.db.selectFrom('session').selectAll().execute()).toHaveLength(1)
  })

  it('end alone when one signs out', async () => {
    const [one, other] = [await sessions.begin(id), await sessions.begin(id)]
    await sessions.end(one)
    expect(await sessions.find(one)).toBeUndefined()
    expect(await sessions.find(other)).toBeDefined()
  })

  it.each([
    ['disabled', () => agents.change(id, { disabled: true }, command)],
    ['given another role', () => agents.change(id, { role: 'admin' }, command)],
    ['given other Mini Programs', () => agents.change(id, { apps: [] }, command)],
    ['given another password', () => agents.setPassword(id, 'another horse', command)],
    ['removed', () => agents.remove(id, command)],
  ])('end, and streams are told to ask again, when their agent is %s', async (_, act) => {
    const cookies = [await sessions.begin(id), await sessions.begin(id)]
    const told = new Promise<void>((resolve) => {
      database.store.signals.on('session-ended', () => {
        resolve()
      })
    })
    await act()
    for (const cookie of cookies) expect(await sessions.find(cookie)).toBeUndefined()
    await told
  })
})
