import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { Agents } from './agents.js'
import { readAudit } from './audit.js'
import { Passwords } from './passwords.js'
import { SetupLink } from './setup-link.js'

const command = { actor: { kind: 'command' } } as const
const password = 'correct horse battery'

describe.each(await storeKinds())('agents on %s', (kind) => {
  let database: TestStore
  let agents: Agents
  let weakened: number[]
  let at = 1_000_000

  beforeEach(async () => {
    database = await makeStore(kind)
    weakened = []
    agents = new Agents({
      store: database.store,
      passwords: new Passwords(),
      now: () => at,
      onWeakened: async (id) => {
        weakened.push(id)
      },
    })
  })
  afterEach(() => database.remove())

  const add = (name: string, role: 'agent' | 'admin' = 'agent') =>
    agents.add({ name, role, apps: ['wx1'], password }, command)

  it('are none in a new database', async () => {
    expect(await agents.list()).toEqual([])
    expect(await agents.hasAdmin()).toBe(false)
  })

  it('have names that no two share, in any case', async () => {
    const names = ['Lin', 'LIN', 'lin', 'ｌｉｎ']
    const all = await Promise.allSettled(names.map((name) => add(name)))
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await agents.list()).toHaveLength(1)
    expect((await agents.byName('ＬＩＮ'))?.agent.apps).toEqual(['wx1'])
    await expect(add('lin')).rejects.toMatchObject({ status: 409 })
    const other = await add('Wang')
    await expect(agents.change(other.id, { name: 'liN' }, command)).rejects.toMatchObject({ status: 409 })
  })

  it('refuse a weak password and a name that can’t be seen', async () => {
    await expect(
      agents.add({ name: 'A', role: 'agent', apps: 'all', password: 'short' }, command),
    ).rejects.toThrow(/10/)
    await expect(add('a\nb')).rejects.toMatchObject({ status: 422 })
  })

  it('tell who loses something, and only then', async () => {
    await add('boss', 'admin')
    const { id } = await add('Lin')
    await agents.change(id, { name: 'Lin Lin' }, command)
    expect(weakened).toEqual([])
    await agents.change(id, { apps: ['wx1', 'wx2'] }, command)
    await agents.change(id, { role: 'admin' }, command)
    await agents.change(id, { role: 'agent' }, command)
    await agents.change(id, { disabled: true }, command)
    await agents.setPassword(id, `${password}!`, command)
    await agents.remove(id, command)
    expect(weakened).toEqual([id, id, id, id, id, id])
  })

  it('see all Mini Programs as admins, whatever is asked', async () => {
    const boss = await add('boss', 'admin')
    expect(boss.apps).toBe('all')
    const { id } = await add('Lin')
    expect((await agents.change(id, { role: 'admin', apps: ['wx1'] }, command)).apps).toBe('all')
  })

  it('leave their name free and what they wrote theirs when they are removed', async () => {
    const { id } = await add('Lin')
    await agents.remove(id, command)
    expect(await agents.byName('Lin')).toBeUndefined()
    expect(await agents.byId(id)).toBeUndefined()
    await expect(agents.change(id, { disabled: false }, command)).rejects.toMatchObject({ status: 404 })
    expect((await add('Lin')).id).not.toBe(id)
    const kept = await database.store.db
      .selectFrom('agent')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst()
    expect(kept).toMatchObject({ name: 'Lin', password_hash: '' })
  })

  it('keep an admin, also when two of them are changed at once', async () => {
    const [one, other] = await Promise.all([add('one', 'admin'), add('other', 'admin')])
    const both = await Promise.allSettled([
      agents.change(one.id, { role: 'agent' }, command),
      agents.change(other.id, { disabled: true }, command),
    ])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await agents.hasAdmin()).toBe(true)
    const last = (await agents.list()).find(({ role, disabled }) => role === 'admin' && !disabled)
    await expect(agents.remove(last?.id ?? 0, command)).rejects.toMatchObject({ status: 409 })
  })

  it('are written down in what nobody can change', async () => {
    const { id } = await add('Lin')
    await agents.change(
      id,
      { disabled: true },
      { actor: { kind: 'agent', id: 7, name: 'a\r\n\u001b[2Jb' }, address: '10.0.0.9' },
    )
    const [last, first] = await readAudit(database.store, { limit: 10 })
    expect(last).toMatchObject({
      actor: 'agent:7',
      actorName: 'a\\u{d}\\u{a}\\u{1b}[2Jb',
      action: 'agent_changed',
      target: `agent:${id}`,
      address: '10.0.0.9',
      detail: { disabled: true },
    })
    expect(first).toMatchObject({ actor: 'command', action: 'agent_added' })
    expect(JSON.stringify([last, first])).not.toContain(password)
    const { db } = database.store
    await expect(db.deleteFrom('audit').execute()).rejects.toThrow(/append-only/)
    await expect(db.updateTable('audit').set({ action: 'nothing' }).execute()).rejects.toThrow(/append-only/)
  })

  describe('the first admin', () => {
    const link = (): SetupLink => new SetupLink({ store: database.store, agents, now: () => at })

    it('is one, of many who use the link at once', async () => {
      const token = (await link().make()) ?? ''
      expect(await link().needed()).toBe(true)
      const tries = await Promise.allSettled(
        Array.from({ length: 10 }, (_, i) => link().use(token, `boss ${i}`, password, '127.0.0.1')),
      )
      expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect(await agents.list()).toHaveLength(1)
      expect(await link().needed()).toBe(false)
      await expect(link().use(token, 'late', password, '127.0.0.1')).rejects.toMatchObject({ status: 403 })
      expect(await link().make()).toBeUndefined()
    })

    it('is made by none but a link that was printed and is not too old', async () => {
      await expect(link().use('', 'boss', password, '')).rejects.toMatchObject({ status: 403 })
      const token = (await link().make()) ?? ''
      await expect(link().use(`${token}x`, 'boss', password, '')).rejects.toMatchObject({ status: 403 })
      at += 8 * 24 * 3_600_000
      await expect(link().use(token, 'boss', password, '')).rejects.toMatchObject({ status: 403 })
    })

    it('may try again after a weak password, and with any of the links of several processes', async () => {
      const [one, other] = await Promise.all([link().make(), link().make()])
      await expect(link().use(one ?? '', 'boss', 'weak', '')).rejects.toMatchObject({ status: 422 })
      expect(await link().use(other ?? '', 'boss', password, '')).toMatchObject({
        role: 'admin',
        apps: 'all',
      })
    })

    it('ends the link also when a command makes them', async () => {
      const token = (await link().make()) ?? ''
      await add('boss', 'admin')
      await expect(link().use(token, 'other', password, '')).rejects.toMatchObject({ status: 403 })
    })

    it('has a link of which only a hash is kept', async () => {
      const token = (await link().make()) ?? ''
      const rows = await database.store.db.selectFrom('setting').selectAll().execute()
      expect(JSON.stringify(rows)).not.toContain(token)
    })
  })
})
