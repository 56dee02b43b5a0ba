import { toJson } from '../store/index.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { openConversations } from './conversation-rows.js'
import { CommandError, Commands, defaultAllowanceRules } from './index.js'
import { UnitOfWork } from './unit-of-work.js'
import type { UndoRecord } from './undo.js'

const start = 1_700_000_000_000

describe.each(await storeKinds())('commands on %s', (kind) => {
  let database: TestStore
  let commands: Commands
  let at: number
  let lin: number
  let mo: number

  beforeEach(async () => {
    database = await makeStore(kind)
    at = start
    commands = new Commands({
      store: database.store,
      now: () => at,
      allowance: defaultAllowanceRules,
      onQueued: () => undefined,
    })
    lin = await agent('lin')
    mo = await agent('mo')
  })
  afterEach(() => database.remove())

  async function agent(name: string): Promise<number> {
    const { id } = await database.store.db
      .insertInto('agent')
      .values({
        name,
        name_key: name,
        role: 'agent',
        apps: toJson('all'),
        password_hash: 'x',
        created_at: start,
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    return id
  }
  async function customer(openId: string): Promise<number> {
    const { store } = database
    const found = await store.db
      .transaction()
      .execute((tx) => openConversations(tx, store.dialect, [{ appId: 'wx1', openId }], at))
    const id = [...found.values()][0]?.conversation.id ?? 0
    await store.db
      .updateTable('conversation')
      .set({ message_seconds: Math.floor(at / 1000), message_received_at: at, waiting_since: at })
      .where('id', '=', id)
      .execute()
    return id
  }
  const row = (id: number) =>
    database.store.db.selectFrom('conversation').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  async function tagsOf(id: number): Promise<string[]> {
    const rows = await database.store.db
      .selectFrom('contact_tag')
      .innerJoin('conversation', 'conversation.contact_id', 'contact_tag.contact_id')
      .select('tag')
      .where('conversation.id', '=', id)
      .orderBy('tag')
      .execute()
    return rows.map(({ tag }) => tag)
  }
  const feed = async (): Promise<number> =>
    (await database.store.db.selectFrom('feed').select('sequence').execute()).length
  /** The bot answers: a message of its own is queued, as the customer may have written meanwhile. */
  async function botQueues(id: number): Promise<number> {
    const { store } = database
    const { epoch } = await row(id)
    return store.db.transaction().execute(async (tx) => {
      const unit = new UnitOfWork(tx, store.dialect, at)
      const added = unit.add({
        conversationId: id,
        direction: 'outgoing',
        author: 'bot',
        msgType: 'text',
        content: { msgType: 'text', content: '机器人' },
        state: 'queued',
        onceKey: null,
        epoch,
        pushId: null,
      })
      await unit.flush()
      return added.id
    })
  }
  async function ageUndo(id: number, ms: number): Promise<void> {
    const record = JSON.parse((await row(id)).undo ?? 'null') as UndoRecord
    await database.store.db
      .updateTable('conversation')
      .set({ undo: JSON.stringify({ ...record, at: record.at - ms }) })
      .where('id', '=', id)
      .execute()
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

  describe('undo', () => {
    it.each(['close', 'release'] as const)(
      'of a %s gives it back and cancels what the bot queued',
      async (what) => {
        const id = await customer('oA')
        await commands.change(id, { type: 'take', agentId: lin }, { agentId: lin })
        await commands.change(id, { type: what }, { agentId: lin })
        const { epoch } = await row(id)
        const queued = await botQueues(id)
        await commands.undo(id, epoch, { agentId: lin })
        // The customer waited for an answer before, and does so still.
        expect(await row(id)).toMatchObject({
          status: 'assigned',
          agent_id: lin,
          epoch: epoch + 1,
          waiting_since: start,
        })
        expect(await lastLine(id)).toEqual({ line: 'undo', agentId: lin, to: lin })
        const { state } = await database.store.db
          .selectFrom('message')
          .select('state')
          .where('id', '=', queued)
          .executeTakeFirstOrThrow()
        expect(state).toBe('cancelled')
        // Asked again after a lost answer it is answered the same, and nothing more is done.
        const before = await feed()
        await commands.undo(id, epoch, { agentId: lin })
        expect([(await row(id)).epoch, await feed()]).toEqual([epoch + 1, before])
      },
    )

    it('holds after the bot handed over meanwhile', async () => {
      const id = await customer('oA')
      await commands.change(id, { type: 'take', agentId: lin }, { agentId: lin })
      await commands.change(id, { type: 'release' }, { agentId: lin })
      const { epoch } = await row(id)
      await database.store.db
        .updateTable('conversation')
        .set({ status: 'waiting', epoch: epoch + 1, waiting_since: at })
        .where('id', '=', id)
        .execute()
      await commands.undo(id, epoch, { agentId: lin })
      expect(await row(id)).toMatchObject({ status: 'assigned', agent_id: lin })
    })

    it('is refused when somebody acted since, when its time is over, and to anybody else', async () => {
      const id = await customer('oA')
      const close = async () => {
        at += 3000
        await commands.change(id, { type: 'take', agentId: lin }, { agentId: lin })
        await commands.change(id, { type: 'close' }, { agentId: lin })
        return (await row(id)).epoch
      }
      const code = async (epoch: number, agentId: number | null = lin) => {
        try {
          await commands.undo(id, epoch, { agentId })
          return 'done'
        } catch (error) {
          return error instanceof CommandError ? error.code : error
        }
      }
      let epoch = await close()
      expect(await code(epoch, mo)).toBe('not_yours')
      expect(await code(epoch, null)).toBe('not_yours')
      expect(await code(epoch - 1)).toBe('not_possible')
      await commands.change(id, { type: 'take', agentId: mo }, { agentId: mo })
      expect(await code(epoch)).toBe('not_possible')

      epoch = await close()
      await commands.change(id, { type: 'reopen' }, { agentId: null })
      expect(await code(epoch)).toBe('not_possible')

      epoch = await close()
      await commands.send(id, { msgType: 'text', content: '程序' }, { agentId: null, clientId: 'p' })
      expect(await code(epoch)).toBe('not_possible')

      epoch = await close()
      await ageUndo(id, 8001)
      expect(await code(epoch)).toBe('not_possible')
      expect((await row(id)).status).toBe('closed')
    })

    it('is not there for what a program closed', async () => {
      const id = await customer('oA')
      await commands.change(id, { type: 'close' }, { agentId: null })
      expect((await row(id)).undo).toBeNull()
    })

    it('by two at once is done once', async () => {
      const id = await customer('oA')
      await commands.change(id, { type: 'take', agentId: lin }, { agentId: lin })
      await commands.change(id, { type: 'close' }, { agentId: lin })
      const { epoch } = await row(id)
      await Promise.all([1, 2, 3].map(() => commands.undo(id, epoch, { agentId: lin })))
      expect((await row(id)).epoch).toBe(epoch + 1)
    })
  })

  describe('tags', () => {
    it('put on and taken off at the same time are all as they were meant', async () => {
      const id = await customer('oA')
      await commands.setTags(id, ['老客户', '售后'])
      await Promise.all([
        commands.changeTags(id, { add: ['退款'], remove: [] }),
        commands.changeTags(id, { add: ['发票'], remove: ['售后'] }),
        commands.changeTags(id, { add: ['退款', '加急'], remove: [] }),
      ])
      expect(await tagsOf(id)).toEqual(['加急', '发票', '老客户', '退款'].sort())
    })

    it('that change nothing are told to nobody', async () => {
      const id = await customer('oA')
      await commands.setTags(id, ['售后'])
      const before = await feed()
      await commands.changeTags(id, { add: ['售后'], remove: ['没有'] })
      expect(await feed()).toBe(before)
    })

    it('are fifty at most, and none is lost over it', async () => {
      const id = await customer('oA')
      const many = Array.from({ length: 50 }, (_, i) => `t${i}`)
      await commands.setTags(id, many)
      await expect(commands.changeTags(id, { add: ['more'], remove: [] })).rejects.toThrow('at most 50')
      expect(await tagsOf(id)).toHaveLength(50)
      await commands.changeTags(id, { add: ['more'], remove: ['t0'] })
      expect(await tagsOf(id)).toContain('more')
    })
  })

  it('activity is noted for whoever has the conversation, and seldom', async () => {
    const id = await customer('oA')
    await commands.change(id, { type: 'take', agentId: lin }, { agentId: lin })
    await commands.active(id, mo)
    expect((await row(id)).active_at).toBeNull()
    await commands.active(id, lin)
    expect((await row(id)).active_at).toBe(start)
    at += 9000
    await commands.active(id, lin)
    expect((await row(id)).active_at).toBe(start)
    at += 2000
    await commands.active(id, lin)
    expect((await row(id)).active_at).toBe(start + 11_000)
    // A clock that was put back holds nobody longer than it says now.
    at = start - 600_000
    await commands.active(id, lin)
    expect((await row(id)).active_at).toBe(at)
    await commands.change(id, { type: 'take', agentId: mo }, { agentId: mo })
    expect((await row(id)).active_at).toBeNull()
  })
})
