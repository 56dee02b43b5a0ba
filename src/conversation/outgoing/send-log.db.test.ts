import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  changeConversation,
  conversationRow,
  customerWrote,
  messageRow,
  queueText,
  toldOf,
} from '../../../test/support/conversations.js'
import { failingCommits } from '../../../test/support/failing-commits.js'
import { makeStore, storeKinds, type TestStore } from '../../../test/stores.js'
import { ApiError, NetworkError } from '../../errors.js'
import type { MessageTable } from '../../store/index.js'
import { defaultAllowanceRules } from '../allowance.js'
import { everyShard } from '../shards.js'
import { SendLog, type SendChange, type SendLogOptions } from './send-log.js'

const start = 1_700_000_000_000

const refusal = (errcode: number, rid?: string): ApiError =>
  new ApiError({ errcode, errmsg: 'no', rid, path: '/send', reason: 'unknown', explanation: '' })

describe.each(await storeKinds())('the log of sends on %s', (kind) => {
  let test: TestStore
  let at: number
  let lin: number

  beforeEach(async () => {
    test = await makeStore(kind)
    at = start
    lin = await customerWrote(test.store, 'oLin', at)
  })
  afterEach(() => test.remove())

  const log = (change: Partial<SendLogOptions> = {}): SendLog =>
    new SendLog({
      store: test.store,
      shards: everyShard,
      allowance: defaultAllowanceRules,
      now: () => at,
      ...change,
    })
  const queue = (change: Parameters<typeof queueText>[3] = {}) => queueText(test.store, lin, '答', change)
  const row = (id: number) => messageRow(test.store, id)
  async function sending(change: Parameters<typeof queueText>[3] = {}): Promise<number> {
    const id = await queue(change)
    expect(await note(id, 'leave')).toBe(true)
    return id
  }
  async function note(
    id: number,
    step: SendChange['step'],
    change: Partial<SendChange> = {},
    by = log(),
  ): Promise<boolean> {
    return by.add({ message: { id, conversationId: lin, shard: 0 }, step, ...change })
  }
  async function leftBefore(state: MessageTable['state'], sentAt: number): Promise<void> {
    const id = await queue()
    await test.store.db.updateTable('message').set({ state, sent_at: sentAt }).where('id', '=', id).execute()
  }

  describe('before a send', () => {
    it('notes that it leaves, when, and how often that was, and tells pages', async () => {
      const id = await queue()
      const told = await toldOf(test.store, id)
      at += 7
      expect(await note(id, 'leave')).toBe(true)
      expect(await row(id)).toMatchObject({ state: 'sending', attempts: 1, sent_at: at, problem: null })
      expect(await toldOf(test.store, id)).toBe(told + 1)
    })

    it.each(['sending', 'accepted', 'unknown', 'failed', 'cancelled'] as const)(
      'lets nothing leave that is %s',
      async (state) => {
        const id = await queue()
        await test.store.db.updateTable('message').set({ state }).where('id', '=', id).execute()
        const told = await toldOf(test.store, id)
        expect(await note(id, 'leave')).toBe(false)
        expect(await row(id)).toMatchObject({ state, attempts: 0, sent_at: null })
        expect(await toldOf(test.store, id)).toBe(told)
      },
    )

    it('lets nothing leave that is gone', async () => {
      expect(await note(999_999, 'leave')).toBe(false)
    })

    it('lets nothing leave in a shard of another process, and asks for none but of what leaves', async () => {
      const [leaves, ends] = [await queue(), await sending()]
      const asked: (readonly number[])[] = []
      const shards = {
        hold: async (_tx: unknown, of: readonly number[]) => {
          asked.push(of)
          return of.length === 0
        },
      }
      const by = log({ shards })
      // What ends is of a shard that nobody is asked for.
      const ended = { id: ends, conversationId: lin, shard: 1 }
      const results = [note(leaves, 'leave', {}, by), note(ends, 'accept', { message: ended }, by)]
      expect(await Promise.all(results)).toEqual([false, true])
      expect(asked).toEqual([[0]])
      expect((await row(leaves)).state).toBe('queued')
    })

    it('cancels what leaves when the customer’s last message is 48 hours old', async () => {
      const id = await queue()
      at += 48 * 3_600_000
      expect(await note(id, 'leave')).toBe(false)
      expect(await row(id)).toMatchObject({ state: 'cancelled', problem: 'window_expired', attempts: 0 })
      expect((await row(id)).sent_at).toBeNull()
      // An outcome that comes after that is noted all the same.
      at = start
      const left = await sending()
      at += 48 * 3_600_000
      expect(await note(left, 'accept')).toBe(true)
      expect((await row(left)).state).toBe('accepted')
    })

    it.each([
      ['count', 'count_used'],
      ['window', 'window_expired'],
    ])('cancels what leaves after WeChat said that the %s is over', async (corrected, problem) => {
      const id = await queue()
      await changeConversation(test.store, lin, { corrected })
      expect(await note(id, 'leave')).toBe(false)
      expect(await row(id)).toMatchObject({ state: 'cancelled', problem })
    })

    describe('where only an entry still gives something', () => {
      beforeEach(async () => {
        at += 48 * 3_600_000
        await changeConversation(test.store, lin, { enter_seconds: at / 1000, enter_received_at: at })
      })

      it('lets leave what it gives', async () => {
        await leftBefore('accepted', at)
        // What waits as well has used nothing yet.
        const [id] = [await queue(), await queue(), await queue()]
        expect(await note(id, 'leave')).toBe(true)
      })

      it.each(['unknown', 'sending'] as const)(
        'cancels what an older message gave, as more was sent than it gives, one of it %s',
        async (state) => {
          await leftBefore('accepted', at)
          await leftBefore(state, at)
          const id = await queue()
          expect(await note(id, 'leave')).toBe(false)
          expect(await row(id)).toMatchObject({ state: 'cancelled', problem: 'count_used' })
        },
      )

      it('counts on what was queued where there never was a message', async () => {
        await changeConversation(test.store, lin, { message_seconds: null, message_received_at: null })
        await leftBefore('accepted', at)
        await leftBefore('accepted', at)
        expect(await note(await queue(), 'leave')).toBe(true)
      })
    })

    it('does not look at what was sent while a message gives more than an entry', async () => {
      await changeConversation(test.store, lin, { enter_seconds: at / 1000, enter_received_at: at })
      // As many as the message gives, whoever sent them.
      for (let n = 0; n < 5; n++) await leftBefore('accepted', at)
      expect(await note(await queue(), 'leave')).toBe(true)
    })
  })

  describe('after a send', () => {
    it.each([
      ['accept', 'accepted'],
      ['lose', 'unknown'],
    ] as const)('notes %s: it is %s, and when, and pages are told', async (step, state) => {
      const id = await sending()
      const told = await toldOf(test.store, id)
      at += 300
      expect(await note(id, step)).toBe(true)
      expect(await row(id)).toMatchObject({ state, attempts: 1, sent_at: at })
      expect(await toldOf(test.store, id)).toBe(told + 1)
    })

    it('notes that it left after the customer’s last sign, whatever the clock was put back to', async () => {
      at -= 3_600_000
      const id = await sending()
      expect((await row(id)).sent_at).toBe(start)
      await note(id, 'accept')
      expect((await row(id)).sent_at).toBe(start)
    })

    it('keeps WeChat’s number, words and request id of a refusal, and when it left', async () => {
      const [id, bare] = [await sending(), await sending()]
      const left = at
      at += 300
      await Promise.all([
        note(id, 'fail', { error: refusal(70000, 'r1') }),
        note(bare, 'fail', { error: refusal(NaN) }),
      ])
      expect(await row(id)).toMatchObject({ state: 'failed', errcode: 70000, problem: 'no', rid: 'r1' })
      expect((await row(id)).sent_at).toBe(left)
      expect(await row(bare)).toMatchObject({ state: 'failed', errcode: null, problem: 'no', rid: null })
    })

    it('keeps what the network did, and no words of other errors', async () => {
      const [id, odd] = [await sending(), await sending()]
      const lost = new NetworkError('lost', { accepted: 'unknown', path: '/send' })
      await note(id, 'lose', { error: lost })
      await note(odd, 'fail', { error: new Error('secret') })
      expect((await row(id)).problem).toBe('network:unknown')
      expect((await row(odd)).problem).toBe('error')
    })

    it('queues again what is to be tried again, with its time; accepted later, it is free of that', async () => {
      const id = await sending()
      await note(id, 'return', { error: refusal(45011, 'r1'), notBefore: at + 60_000 })
      expect(await row(id)).toMatchObject({ state: 'queued', not_before: at + 60_000, errcode: 45011 })
      await note(id, 'leave')
      await note(id, 'accept')
      const { state, attempts, not_before: before, errcode, rid } = await row(id)
      expect({ state, attempts, before, errcode, rid }).toEqual({
        ...{ state: 'accepted', attempts: 2, before: null, errcode: null, rid: null },
      })
    })

    it.each([
      ['bot', 'assigned', 1, 'cancelled'],
      ['rule:问候', 'closed', 1, 'cancelled'],
      ['bot', 'waiting', 1, 'queued'],
      ['bot', 'assigned', 0, 'queued'],
      ['api', 'assigned', 1, 'queued'],
      ['agent:1', 'assigned', 1, 'queued'],
    ] as const)(
      'of %s in a conversation that is %s now, under epoch %i, what is to be tried again is %s',
      async (author, status, epoch, state) => {
        const id = await sending({ author })
        await changeConversation(test.store, lin, { status, epoch })
        expect(await note(id, 'return', { notBefore: at + 1 })).toBe(true)
        expect(await row(id)).toMatchObject({
          state,
          problem: state === 'cancelled' ? 'taken_over' : null,
        })
      },
    )

    it('notes an acceptance whoever has the conversation by then', async () => {
      const id = await sending()
      await changeConversation(test.store, lin, { status: 'assigned', epoch: 1 })
      expect(await note(id, 'accept')).toBe(true)
      expect((await row(id)).state).toBe('accepted')
    })

    it('notes nothing of what is not on its way', async () => {
      const id = await queue()
      for (const step of ['accept', 'lose', 'return'] as const) expect(await note(id, step)).toBe(false)
      expect((await row(id)).state).toBe('queued')
    })

    it.each([
      [45047, 'count'],
      [45015, 'window'],
      [70000, null],
    ])('takes %i for a word about the %s of its conversation', async (errcode, corrected) => {
      const mo = await customerWrote(test.store, 'oMo', at)
      const id = await sending()
      await note(id, 'fail', { error: refusal(errcode) })
      expect((await conversationRow(test.store, lin)).corrected).toBe(corrected)
      expect((await conversationRow(test.store, mo)).corrected).toBeNull()
    })

    it('does not take it so where the customer gave a sign after the message left', async () => {
      const id = await sending()
      await changeConversation(test.store, lin, { message_received_at: at + 1 })
      await note(id, 'fail', { error: refusal(45047) })
      expect((await conversationRow(test.store, lin)).corrected).toBeNull()
    })
  })

  it('commits what comes in one turn in one transaction, each with its own outcome', async () => {
    const ids = [await sending(), await sending(), await sending(), await sending(), await queue()]
    const watched = failingCommits(test.store)
    const by = log({ store: watched.store })
    const [one = 0, two = 0, three = 0, four = 0, five = 0] = ids
    await Promise.all([
      note(one, 'accept', {}, by),
      note(two, 'fail', { error: refusal(70000) }, by),
      note(three, 'return', { notBefore: at + 5 }, by),
      note(four, 'accept', {}, by),
      note(five, 'leave', {}, by),
    ])
    expect(watched.asked).toBe(1)
    expect((await Promise.all(ids.map(row))).map(({ state }) => state)).toEqual([
      'accepted',
      'failed',
      'queued',
      'accepted',
      'sending',
    ])
  })

  it('keeps apart in one turn what differs in one thing', async () => {
    const mo = await customerWrote(test.store, 'oMo', at + 5000)
    const others = await queueText(test.store, mo, '答')
    const by = log()
    const own = await queue()
    // The clock was put back behind the sign of one of them.
    await Promise.all([
      note(own, 'leave', {}, by),
      note(others, 'leave', { message: { id: others, conversationId: mo, shard: 0 } }, by),
    ])
    expect([(await row(own)).sent_at, (await row(others)).sent_at]).toEqual([at, at + 5000])

    const refused = (errcode: number, rid: string, errmsg: string): Partial<SendChange> => ({
      error: new ApiError({ errcode, errmsg, rid, path: '/send', reason: 'unknown', explanation: '' }),
    })
    const changes = [
      ['fail', refused(70000, 'r1', 'no')],
      ['fail', refused(70001, 'r1', 'no')],
      ['fail', refused(70000, 'r2', 'no')],
      ['fail', refused(70000, 'r1', 'odd')],
      ['return', { notBefore: at + 5 }],
      ['return', { notBefore: at + 6 }],
    ] as const
    const ids = []
    for (const [step, change] of changes) ids.push([await sending(), step, change] as const)
    await Promise.all(ids.map(([id, step, change]) => note(id, step, change, by)))
    const rows = await Promise.all(ids.map(([id]) => row(id)))
    expect(
      rows.map(({ errcode, rid, problem, not_before: before }) => [errcode, rid, problem, before]),
    ).toEqual([
      [70000, 'r1', 'no', null],
      [70001, 'r1', 'no', null],
      [70000, 'r2', 'no', null],
      [70000, 'r1', 'odd', null],
      [null, null, null, at + 5],
      [null, null, null, at + 6],
    ])
  })

  it('rejects where the commit is refused, and has noted nothing', async () => {
    const { store, faults } = failingCommits(test.store)
    faults.push('refused')
    const id = await queue()
    await expect(note(id, 'leave', {}, log({ store }))).rejects.toThrow('the database is away')
    expect((await row(id)).state).toBe('queued')
  })
})
