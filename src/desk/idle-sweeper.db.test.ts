import { toJson } from '../store/index.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { openConversations } from '../conversation/conversation-rows.js'
import { Commands, defaultAllowanceRules, everyShard } from '../conversation/index.js'
import { silentLogger } from '../log.js'
import { IdleSweeper } from './idle-sweeper.js'
import { changeSettings } from '../people/settings.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const start = 1_700_000_000_000

describe.each(await storeKinds())('the caretaker on %s', (kind) => {
  let database: TestStore
  let commands: Commands
  let caretaker: IdleSweeper
  let at: number

  beforeEach(async () => {
    database = await makeStore(kind)
    at = start
    const parts = { store: database.store, now: () => at, logger: silentLogger }
    commands = new Commands({ ...parts, allowance: defaultAllowanceRules, onQueued: () => undefined })
    caretaker = new IdleSweeper({ ...parts, commands, shards: everyShard })
  })
  afterEach(() => database.remove())

  async function agent(name: string, seenAt: number | null = start): Promise<number> {
    const { id } = await database.store.db
      .insertInto('agent')
      .values({
        name,
        name_key: name,
        role: 'agent',
        apps: toJson('all'),
        password_hash: 'x',
        seen_at: seenAt,
        created_at: start,
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    return id
  }

  /** A customer who wrote just now and waits for people. */
  async function waiting(openId: string): Promise<number> {
    const { store } = database
    const found = await store.db
      .transaction()
      .execute((tx) => openConversations(tx, store.dialect, [{ appId: 'wx1', openId }], at))
    const id = [...found.values()][0]?.conversation.id ?? 0
    const now = Math.floor(at / 1000)
    await store.db
      .updateTable('conversation')
      .set({ status: 'bot', message_seconds: now, message_received_at: at, waiting_since: at })
      .where('id', '=', id)
      .execute()
    await commands.change(id, { type: 'handoff' }, { agentId: null })
    return id
  }
  const take = (id: number, agentId: number) => commands.change(id, { type: 'take', agentId }, { agentId })
  const reply = (id: number, agentId: number) =>
    commands.send(id, { msgType: 'text', content: '您好' }, { agentId, clientId: String(at) })
  const seen = (agentId: number) =>
    database.store.db.updateTable('agent').set({ seen_at: at }).where('id', '=', agentId).execute()
  async function state(id: number): Promise<string> {
    const { status, agent_id: agentId } = await database.store.db
      .selectFrom('conversation')
      .select(['status', 'agent_id'])
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    return agentId === null ? status : `${status} ${agentId}`
  }
  async function lastLine(id: number): Promise<unknown> {
    const { content } = await database.store.db
      .selectFrom('message')
      .select('content')
      .where('conversation_id', '=', id)
      .where('direction', '=', 'system')
      .orderBy('id', 'desc')
      .executeTakeFirstOrThrow()
    return JSON.parse(content)
  }

  it('gives back what an agent has whose pages are closed for five minutes', async () => {
    const lin = await agent('lin')
    const id = await waiting('oA')
    await take(id, lin)
    await reply(id, lin)
    at += 5 * MINUTE - 1
    await caretaker.look()
    expect(await state(id)).toBe(`assigned ${lin}`)
    at += 1
    await caretaker.look()
    expect(await state(id)).toBe('waiting')
    expect(await lastLine(id)).toEqual({ line: 'abandon', agentId: lin, reason: 'absent' })
  })

  it('leaves alone what its agent types in or looks at, and no longer than that', async () => {
    const lin = await agent('lin')
    const [busy, forgotten] = [await waiting('oA'), await waiting('oB')]
    await changeSettings(database.store, { idleMinutes: 1 }, at, { actor: { kind: 'command' } })
    await take(busy, lin)
    await take(forgotten, lin)
    for (let i = 0; i < 6; i++) {
      at += 15_000
      await seen(lin)
      await commands.active(busy, lin)
    }
    await caretaker.look()
    expect([await state(busy), await state(forgotten)]).toEqual([`assigned ${lin}`, 'waiting'])
    at += MINUTE - 1
    await seen(lin)
    await caretaker.look()
    expect(await state(busy)).toBe(`assigned ${lin}`)
    at += 1
    await caretaker.look()
    expect(await state(busy)).toBe('waiting')
    expect(await lastLine(busy)).toEqual({ line: 'abandon', agentId: lin, reason: 'idle' })
  })

  it('leaves alone who is there, who just got it, and who never had a page', async () => {
    const [there, late, program] = [
      await agent('there'),
      await agent('late', start - HOUR),
      await agent('p', null),
    ]
    const ids = [await waiting('oA'), await waiting('oB'), await waiting('oC')] as const
    await take(ids[0], there)
    await take(ids[2], program)
    at += 4 * MINUTE
    await take(ids[1], late)
    for (const [id, agentId] of [
      [ids[0], there],
      [ids[1], late],
      [ids[2], program],
    ] as const)
      await reply(id, agentId)
    at += 2 * MINUTE
    await seen(there)
    at += 2 * MINUTE
    await caretaker.look()
    expect(await Promise.all(ids.map(state))).toEqual([
      `assigned ${there}`,
      `assigned ${late}`,
      `assigned ${program}`,
    ])
  })

  it('gives back whose customer waits for a quarter of an hour, counted from when the agent got it', async () => {
    const lin = await agent('lin')
    const id = await waiting('oA')
    at += HOUR
    await seen(lin)
    await take(id, lin)
    at += 15 * MINUTE - 1
    await seen(lin)
    await caretaker.look()
    expect(await state(id)).toBe(`assigned ${lin}`)
    at += 1
    await caretaker.look()
    expect(await state(id)).toBe('waiting')
    expect(await lastLine(id)).toMatchObject({ reason: 'idle' })
    // Their wait goes on from its beginning.
    const row = await database.store.db.selectFrom('conversation').select('waiting_since').executeTakeFirst()
    expect(row?.waiting_since).toBe(start)
  })

  it('leaves alone whose agent replied, and what changed while it looked', async () => {
    const lin = await agent('lin')
    const [answered, meanwhile] = [await waiting('oA'), await waiting('oB')]
    await take(answered, lin)
    await take(meanwhile, lin)
    await reply(answered, lin)
    at += 20 * MINUTE
    await seen(lin)
    const late = new IdleSweeper({
      store: database.store,
      shards: everyShard,
      logger: silentLogger,
      now: () => at,
      commands: {
        async change(...args) {
          await reply(meanwhile, lin)
          return commands.change(...args)
        },
      },
    })
    await late.look()
    expect(await state(answered)).toBe(`assigned ${lin}`)
    expect(await state(meanwhile)).toBe(`assigned ${lin}`)
  })

  it.each([
    ['disabled', { disabled: 1 }],
    ['removed', { name_key: null, disabled: 1 }],
    ['not of that Mini Program any more', { apps: toJson(['wx2']) }],
  ])('gives back at once what an agent has who is %s', async (_, change) => {
    const lin = await agent('lin')
    const id = await waiting('oA')
    await take(id, lin)
    await database.store.db.updateTable('agent').set(change).where('id', '=', lin).execute()
    await caretaker.look()
    expect(await state(id)).toBe('waiting')
    expect(await lastLine(id)).toMatchObject({ reason: 'left' })
  })

  it('closes what people have or wait for 48 hours after the last sign of the customer, and no bot’s', async () => {
    const lin = await agent('lin')
    const [assigned, still, bots, opened] = [
      await waiting('oA'),
      await waiting('oB'),
      await waiting('oC'),
      await waiting('oD'),
    ]
    await take(assigned, lin)
    await reply(assigned, lin)
    await commands.change(bots, { type: 'release' }, { agentId: null })
    at += 48 * HOUR - 1
    await seen(lin)
    await caretaker.look()
    expect(await state(still)).toBe('waiting')
    expect(await state(assigned)).toBe(`assigned ${lin}`)
    await commands.change(opened, { type: 'close' }, { agentId: null })
    await commands.change(opened, { type: 'reopen' }, { agentId: null })
    at += 1
    await caretaker.look()
    expect(await Promise.all([assigned, still, bots, opened].map(state))).toEqual([
      'closed',
      'closed',
      'bot',
      'waiting',
    ])
    expect(await lastLine(still)).toMatchObject({ line: 'close', reason: 'old' })
  })

  it('does nothing that is set to never', async () => {
    const lin = await agent('lin')
    const id = await waiting('oA')
    await take(id, lin)
    const never = { absentMinutes: 0, idleMinutes: 0, closeHours: 0 }
    await changeSettings(database.store, never, at, { actor: { kind: 'command' } })
    at += 1000 * HOUR
    await caretaker.look()
    expect(await state(id)).toBe(`assigned ${lin}`)
  })

  it('looks after the conversations of its own process alone', async () => {
    const lin = await agent('lin', start - HOUR)
    const id = await waiting('oA')
    await take(id, lin)
    at += HOUR
    const nothing = new IdleSweeper({
      store: database.store,
      commands,
      shards: { owned: [] },
      logger: silentLogger,
      now: () => at,
    })
    await nothing.look()
    expect(await state(id)).toBe(`assigned ${lin}`)
  })

  it('looks at all of them, however many there are', async () => {
    const lin = await agent('lin')
    const id = await waiting('oLast')
    const { db } = database.store
    const { shard } = await db.selectFrom('conversation').select('shard').executeTakeFirstOrThrow()

    for (let i = 0; i < 510; i++) {
      const contact = await db
        .insertInto('contact')
        .values({ app_id: 'wx1', open_id: `o${i}`, created_at: at, seen_at: at })
        .returning('id')
        .executeTakeFirstOrThrow()
      await db
        .insertInto('conversation')
        .values({
          contact_id: contact.id,
          shard,
          status: 'assigned',
          agent_id: lin,
          epoch: 1,
          updated_at: at,
          last_message_id: 1000 + i,
          assigned_at: at + HOUR,
        })
        .execute()
    }
    await take(id, lin)
    await db.updateTable('conversation').set({ last_message_id: 10_000 }).where('id', '=', id).execute()
    at += 20 * MINUTE
    await seen(lin)
    await caretaker.look()
    expect(await state(id)).toBe('waiting')
  })

  it('notes how long customers waited for a person', async () => {
    const lin = await agent('lin')
    const id = await waiting('oA')
    at += MINUTE
    await take(id, lin)
    at += MINUTE
    await reply(id, lin)
    at += MINUTE
    await database.store.db.updateTable('conversation').set({ waiting_since: at }).execute()
    at += MINUTE
    await reply(id, lin)
    const waits = await database.store.db
      .selectFrom('wait')
      .select(['ended_by', 'since', 'at', 'agent_id'])
      .orderBy('id')
      .execute()
    expect(waits).toEqual([
      { ended_by: 'take', since: start, at: start + MINUTE, agent_id: lin },
      { ended_by: 'first', since: start, at: start + 2 * MINUTE, agent_id: lin },
      { ended_by: 'reply', since: start + 3 * MINUTE, at: start + 4 * MINUTE, agent_id: lin },
    ])
  })

  it('fifty who take one conversation at once make one owner, and the others know', async () => {
    const ids = await Promise.all(Array.from({ length: 50 }, (_, i) => agent(`a${i}`)))
    for (const options of [undefined, { epoch: 1 }]) {
      const id = await waiting(options ? 'oA' : 'oB')
      const all = await Promise.allSettled(
        ids.map((agentId) => commands.change(id, { type: 'take', agentId }, { agentId }, options)),
      )
      const winner = ids[all.findIndex((each) => each.status === 'fulfilled')]
      expect(all.filter((each) => each.status === 'fulfilled')).toHaveLength(1)
      for (const each of all)
        if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'not_possible' })
      expect(await state(id)).toBe(`assigned ${winner ?? ''}`)
    }
  })

  it('a colleague may take it on purpose, a little later or with the epoch that they saw', async () => {
    const [one, other] = [await agent('one'), await agent('other')]
    const id = await waiting('oA')
    await take(id, one)
    await expect(take(id, other)).rejects.toMatchObject({ code: 'not_possible' })
    const { epoch } = await database.store.db
      .selectFrom('conversation')
      .select('epoch')
      .executeTakeFirstOrThrow()
    await commands.change(id, { type: 'take', agentId: other }, { agentId: other }, { epoch })
    at += 2000
    await take(id, one)
    expect(await state(id)).toBe(`assigned ${one}`)
  })
})
