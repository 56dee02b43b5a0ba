import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  appId,
  changeConversation,
  conversationRow,
  customerWrote,
  messageRow,
  queueText,
  toldOf,
} from '../../../test/support/conversations.js'
import { failingCommits, type FailingStore } from '../../../test/support/failing-commits.js'
import { gate } from '../../../test/support/gate.js'
import { HeldSender } from '../../../test/support/held-sender.js'
import { RecordingLogger } from '../../../test/support/recording-logger.js'
import { SomeShards } from '../../../test/support/some-shards.js'
import { makeStore, storeKinds, type TestStore } from '../../../test/stores.js'
import { ApiError, NetworkError } from '../../errors.js'
import { shardOf } from '../../store/index.js'
import { defaultAllowanceRules } from '../allowance.js'
import { FIRST_PAUSE_MS } from '../incoming/worker.js'
import { everyShard } from '../shards.js'
import { Outbox, type OutboxOptions, type Remedy } from './outbox.js'

const start = 1_700_000_000_000

const refusal = (errcode: number): ApiError =>
  new ApiError({ errcode, errmsg: 'no', rid: 'r1', path: '/send', reason: 'unknown', explanation: '' })
const unanswered = new NetworkError('lost', { accepted: 'unknown', path: '/send' })
const unreachable = new NetworkError('away', { accepted: 'no', path: '/send' })

/** As the api layer's predicate says of these. */
const remedies: ReadonlyMap<number, Remedy> = new Map([
  [45011, 'later'],
  [40001, 'token'],
  [-1, 'busy'],
])
function remedyFor(error: unknown): Remedy {
  if (error instanceof NetworkError) return error.accepted === 'no' ? 'connect' : 'unknown'
  return (error instanceof ApiError && remedies.get(error.errcode)) || 'never'
}

describe.each(await storeKinds())('the outbox on %s', (kind) => {
  let test: TestStore
  let database: FailingStore
  let wechat: HeldSender
  let logger: RecordingLogger
  let at: number
  let lin: number
  const running: Outbox[] = []

  beforeEach(async () => {
    test = await makeStore(kind)
    database = failingCommits(test.store)
    wechat = new HeldSender()
    logger = new RecordingLogger()
    at = start
    lin = await customerWrote(test.store, 'oLin', at)
  })
  afterEach(async () => {
    vi.useRealTimers()
    const stopped = running.splice(0).map((outbox) => outbox.stop())
    for (const request of wechat.requests) request.answer()
    await Promise.all(stopped)
    await test.remove()
  })

  function outbox(change: Partial<OutboxOptions> = {}): Outbox {
    const made = new Outbox({
      store: database.store,
      shards: everyShard,
      allowance: defaultAllowanceRules,
      senderOf: () => wechat,
      remedyFor,
      logger,
      now: () => at,
      wait: turn,
      ...change,
    })
    running.push(made)
    return made
  }
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  /** As many as an end of a send needs to be noticed. */
  async function turns(): Promise<void> {
    for (let n = 0; n < 10; n++) await turn()
  }
  const queue = (id: number, text: string) => queueText(test.store, id, text)
  const message = (id: number) => messageRow(test.store, id)
  const until = <T>(look: () => T | Promise<T>) => expect.poll(look, { interval: 2 })
  const state = (id: number) => until(async () => (await message(id)).state)
  const texts = () => until(() => wechat.texts)

  it('sends a conversation’s messages one after the other, and those of others meanwhile', async () => {
    const mo = await customerWrote(test.store, 'oMo', at)
    const first = await queue(lin, '一')
    const second = await queue(lin, '二')
    await queue(mo, '甲')
    const box = outbox()
    await box.start()
    await texts().toEqual(['一', '甲'])
    expect((await message(first)).state).toBe('sending')
    wechat.requests[1]?.answer()
    await queue(mo, '乙')
    box.wake()
    // Another look, and the second still waits for the first.
    await texts().toEqual(['一', '甲', '乙'])
    expect((await message(second)).state).toBe('queued')
    wechat.requests[0]?.answer()
    await texts().toEqual(['一', '甲', '乙', '二'])
    expect(wechat.requests.map(({ openId }) => openId)).toEqual(['oLin', 'oMo', 'oMo', 'oLin'])
    await state(first).toBe('accepted')
  })

  it('has no more sends under way than it may', async () => {
    for (const openId of ['oA', 'oB', 'oC']) await queue(await customerWrote(test.store, openId, at), openId)
    const box = outbox({ concurrency: 2 })
    await box.start()
    await texts().toEqual(['oA', 'oB'])
    box.wake()
    wechat.requests[0]?.answer()
    await texts().toEqual(['oA', 'oB', 'oC'])
  })

  it('reads nothing while it has no room for another send', async () => {
    await queue(lin, '一')
    const reads = vi.spyOn(test.store.db, 'executeQuery')
    const box = outbox({ concurrency: 1 })
    await box.start()
    await texts().toEqual(['一'])
    expect(reads).toHaveBeenCalledTimes(1)
    await queue(await customerWrote(test.store, 'oMo', at), '甲')
    box.wake()
    await turns()
    expect(reads).toHaveBeenCalledTimes(1)
    wechat.requests[0]?.answer()
    await texts().toEqual(['一', '甲'])
    expect(reads).toHaveBeenCalledTimes(2)
  })

  it('does not send what was cancelled after it was read', async () => {
    const mo = await customerWrote(test.store, 'oMo', at)
    await queue(lin, '一')
    const cancelled = await queue(mo, '甲')
    await queue(await customerWrote(test.store, 'oZhao', at), '丙')
    await outbox({ concurrency: 1 }).start()
    await texts().toEqual(['一'])
    await test.store.db
      .updateTable('message')
      .set({ state: 'cancelled' })
      .where('id', '=', cancelled)
      .execute()
    wechat.requests[0]?.answer()
    await texts().toEqual(['一', '丙'])
    expect((await message(cancelled)).state).toBe('cancelled')
  })

  it('has committed that a message leaves before it leaves', async () => {
    const id = await queue(lin, '一')
    at += 5
    await outbox().start()
    await texts().toEqual(['一'])
    expect(await message(id)).toMatchObject({ state: 'sending', attempts: 1, sent_at: at })
  })

  describe.each(['refused', 'lost'] as const)('when a commit is %s', (fault) => {
    it('sends a message once, and keeps what became of it', async () => {
      wechat.byItself = () => undefined
      const id = await queue(lin, '一')
      // At the start, and of the leaving: made. Of the outcome: twice not.
      database.faults.push('none', 'none', fault, fault)
      await outbox().start()
      await state(id).toBe('accepted')
      const next = await queue(lin, '二')
      running[0]?.wake()
      await state(next).toBe('accepted')
      expect(wechat.texts).toEqual(['一', '二'])
      expect((await message(id)).attempts).toBe(1)
      expect(logger.messages('error')[0]).toBe('a send’s outcome could not be committed yet')
    })

    it('sends nothing that may not be noted as leaving, and sends it once later', async () => {
      wechat.byItself = () => undefined
      const id = await queue(lin, '一')
      database.faults.push('none', fault)
      await outbox().start()
      await state(id).toBe('accepted')
      expect(wechat.texts).toEqual(['一'])
      expect(logger.messages('error')).toEqual([
        'a send could not be noted; it is tried again when the database takes it',
      ])
    })
  })

  it('pauses before it asks a database again that failed, longer each time', async () => {
    wechat.byItself = () => undefined
    const pauses: number[] = []
    const wait = (milliseconds: number): Promise<void> => {
      pauses.push(milliseconds)
      return turn()
    }
    const id = await queue(lin, '一')
    // At the start; of the leaving, which is taken back and made again; of the outcome.
    database.faults.push('none', 'refused', 'none', 'none', 'refused', 'refused')
    await outbox({ wait }).start()
    await state(id).toBe('accepted')
    expect(pauses).toEqual([FIRST_PAUSE_MS, FIRST_PAUSE_MS, 2 * FIRST_PAUSE_MS])
  })

  it('sends nothing behind a message that leaves elsewhere', async () => {
    wechat.byItself = () => undefined
    const first = await queue(lin, '一')
    const shards = new SomeShards([shardOf(appId, 'oLin'), shardOf(appId, 'oMo')])
    const box = outbox({ shards })
    await test.store.db.updateTable('message').set({ state: 'sending' }).where('id', '=', first).execute()
    const behind = await queue(lin, '二')
    const other = await queue(await customerWrote(test.store, 'oMo', at), '甲')
    box.wake()
    await state(other).toBe('accepted')
    expect((await message(behind)).state).toBe('queued')
    expect(wechat.texts).toEqual(['甲'])
    // Nobody tries again and again to let the first leave.
    expect(shards.held.flat()).toEqual([shardOf(appId, 'oMo')])
  })

  it('leaves unknown what got no answer, and goes on with the next', async () => {
    wechat.byItself = (text) => (text === '一' ? unanswered : undefined)
    const lost = await queue(lin, '一')
    const next = await queue(lin, '二')
    await outbox().start()
    await state(next).toBe('accepted')
    await running.pop()?.stop()
    await outbox().start()
    await state(await queue(lin, '三')).toBe('queued')
    running.at(-1)?.wake()
    await texts().toEqual(['一', '二', '三'])
    expect(await message(lost)).toMatchObject({ state: 'unknown', problem: 'network:unknown' })
  })

  it('takes for unknown what was leaving when its process ended, and tells pages', async () => {
    const lost = await queue(lin, '一')
    const waiting = await queue(lin, '二')
    await test.store.db.updateTable('message').set({ state: 'sending' }).where('id', '=', lost).execute()
    wechat.byItself = () => undefined
    const told = await toldOf(test.store, lost)
    await outbox().start()
    expect(await message(lost)).toMatchObject({ state: 'unknown', problem: 'interrupted', sent_at: at })
    expect(await toldOf(test.store, lost)).toBe(told + 1)
    await state(waiting).toBe('accepted')
    expect(wechat.texts).toEqual(['二'])
  })

  it('does not start where what an earlier process left can’t be settled', async () => {
    database.faults.push('refused')
    await expect(outbox().start()).rejects.toThrow('the database is away')
  })

  it('waits a minute where WeChat’s limit must pass, with all behind it, and then goes on', async () => {
    let isLimited = true
    wechat.byItself = (text) => (isLimited && text === '一' ? refusal(45011) : undefined)
    const limited = await queue(lin, '一')
    const behind = await queue(lin, '二')
    const box = outbox()
    await box.start()
    await until(async () => (await message(limited)).not_before).toBe(at + 60_000)
    expect(await message(limited)).toMatchObject({ state: 'queued', errcode: 45011, rid: 'r1' })
    isLimited = false
    at += 59_999
    // What another conversation says goes out in the same look.
    const other = await queue(await customerWrote(test.store, 'oMo', at), '甲')
    box.wake()
    await state(other).toBe('accepted')
    expect(wechat.texts).toEqual(['一', '甲'])
    at += 1
    box.wake()
    await state(behind).toBe('accepted')
    expect(wechat.texts).toEqual(['一', '甲', '一', '二'])
    expect(await message(limited)).toMatchObject({ state: 'accepted', attempts: 2, errcode: null })
  })

  it('asks an unreachable WeChat after a second, two, four, and at last each minute', async () => {
    wechat.byItself = () => unreachable
    const id = await queue(lin, '一')
    const box = outbox()
    await box.start()
    for (const [attempts, pause] of [
      [1, 1000],
      [2, 2000],
      [3, 4000],
      [4, 8000],
      [5, 16_000],
      [6, 32_000],
      [7, 60_000],
      [8, 60_000],
    ] as const) {
      await until(async () => {
        const { attempts: made, not_before: before } = await message(id)
        return [made, before]
      }).toEqual([attempts, at + pause])
      expect((await message(id)).state).toBe('queued')
      at += pause
      box.wake()
    }
  })

  it('looks by itself once a message’s time has come', async () => {
    wechat.byItself = () => undefined
    const id = await queueText(test.store, lin, '一', { notBefore: at + 20 })
    let asked = 0
    const now = (): number => {
      asked++
      return at
    }
    await outbox({ now }).start()
    asked = 0
    // It has been read, and its time has not come.
    await until(() => asked).toBeGreaterThan(0)
    expect((await message(id)).state).toBe('queued')
    at += 20
    await state(id).toBe('accepted')
  })

  it('does not wait for a time that only a clock put back can have made so late', async () => {
    wechat.byItself = () => undefined
    const id = await queueText(test.store, lin, '一', { notBefore: at + 60_001 })
    const waits = await queueText(test.store, await customerWrote(test.store, 'oMo', at), '甲', {
      notBefore: at + 60_000,
    })
    await outbox().start()
    await state(id).toBe('accepted')
    expect((await message(waits)).state).toBe('queued')
  })

  it.each([
    [45047, 'count', 'count_used'],
    [45015, 'window', 'window_expired'],
  ] as const)(
    'believes a limit that WeChat answers (%i): what is behind it is not sent',
    async (errcode, corrected, problem) => {
      wechat.byItself = () => refusal(errcode)
      const refused = await queue(lin, '一')
      const behind = await queue(lin, '二')
      await outbox().start()
      await state(behind).toBe('cancelled')
      expect(wechat.texts).toEqual(['一'])
      expect(await message(refused)).toMatchObject({ state: 'failed', errcode, problem: 'no', rid: 'r1' })
      expect(await message(behind)).toMatchObject({ problem, attempts: 0, sent_at: null })
      expect((await conversationRow(test.store, lin)).corrected).toBe(corrected)
    },
  )

  it.each([70000, 40001, -1])('gives up what WeChat refuses with %i, and goes on', async (errcode) => {
    wechat.byItself = (text) => (text === '一' ? refusal(errcode) : undefined)
    const refused = await queue(lin, '一')
    const next = await queue(lin, '二')
    await outbox().start()
    await state(next).toBe('accepted')
    expect(await message(refused)).toMatchObject({ state: 'failed', errcode, not_before: null })
  })

  it('fails what is to leave for a Mini Program that is not configured any more', async () => {
    const id = await queue(lin, '一')
    await outbox({ senderOf: (asked) => (asked === appId ? undefined : wechat) }).start()
    await state(id).toBe('failed')
    expect(await message(id)).toMatchObject({ problem: 'error', errcode: null })
    expect(wechat.texts).toEqual([])
  })

  describe('with other processes', () => {
    const mine = shardOf(appId, 'oLin')
    const others = shardOf(appId, 'oMo')

    it('sends only in the shards that it has', async () => {
      wechat.byItself = () => undefined
      const mo = await customerWrote(test.store, 'oMo', at)
      const [own, other] = [await queue(lin, '一'), await queue(mo, '甲')]
      const box = outbox({ shards: new SomeShards([mine]) })
      await box.start()
      box.wake()
      await state(own).toBe('accepted')
      expect((await message(other)).state).toBe('queued')
      expect(wechat.texts).toEqual(['一'])
    })

    it('finds what another process queued by its word', async () => {
      wechat.byItself = () => undefined
      // Its interval is of a clock that stands still, so it does not poll.
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
      await outbox({ shards: new SomeShards([mine]) }).start()
      vi.useRealTimers()
      const id = await queue(lin, '一')
      await until(async () => {
        await test.store.signals.send('queued', '')
        return (await message(id)).state
      }).toBe('accepted')
    })

    it('finds it within a second where its word was missed', async () => {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
      wechat.byItself = () => undefined
      await outbox({ shards: new SomeShards([mine]) }).start()
      const id = await queue(lin, '一')
      vi.advanceTimersByTime(1000)
      await state(id).toBe('accepted')
    })

    it('asks for nothing that it read in a shard which it lost since', async () => {
      const shards = new SomeShards([mine, others])
      await queue(lin, '一')
      await queue(await customerWrote(test.store, 'oMo', at), '甲')
      const box = outbox({ shards, concurrency: 1 })
      box.wake()
      await texts().toEqual(['一'])
      shards.mine.delete(others)
      await queue(lin, '二')
      wechat.requests[0]?.answer()
      await texts().toEqual(['一', '二'])
      expect(shards.held.flat()).not.toContain(others)
    })

    it('sends nothing in a shard that it lost between the look and the leaving', async () => {
      const shards = new SomeShards([mine, others])
      const mo = await customerWrote(test.store, 'oMo', at)
      const [own, lost] = [await queue(lin, '一'), await queue(mo, '甲')]
      shards.hold = async (_tx, asked) => {
        if (asked.includes(others)) shards.mine.delete(others)
        return asked.every((shard) => shards.mine.has(shard))
      }
      wechat.byItself = () => undefined
      const box = outbox({ shards })
      box.wake()
      await until(() => shards.mine.has(others)).toBe(false)
      box.wake()
      await state(own).toBe('accepted')
      expect((await message(lost)).state).toBe('queued')
      expect(wechat.texts).toEqual(['一'])
    })

    it('notes what became of a send also when the shard is another’s by then', async () => {
      const shards = new SomeShards([mine])
      const id = await queue(lin, '一')
      const box = outbox({ shards })
      box.wake()
      await texts().toEqual(['一'])
      shards.mine.clear()
      wechat.requests[0]?.answer()
      await state(id).toBe('accepted')
    })

    it('settles what another left before it sends in its shards, however often the database refuses', async () => {
      const shards = new SomeShards([mine])
      const [lost, waiting] = [await queue(lin, '一'), await queue(lin, '二')]
      const elsewhere = await queue(await customerWrote(test.store, 'oMo', at), '甲')
      for (const id of [lost, elsewhere])
        await test.store.db.updateTable('message').set({ state: 'sending' }).where('id', '=', id).execute()
      database.faults.push('refused', 'refused')
      const box = outbox({ shards })
      const adopted = box.adopt([mine])
      box.wake()
      await adopted
      expect(logger.messages('error')).toHaveLength(2)
      expect(await message(lost)).toMatchObject({ state: 'unknown', problem: 'interrupted' })
      expect((await message(elsewhere)).state).toBe('sending')
      await texts().toEqual(['二'])
      wechat.requests[0]?.answer()
      await state(waiting).toBe('accepted')
    })

    it('sends nothing in a shard that is not settled yet', async () => {
      wechat.byItself = () => undefined
      const shards = new SomeShards([mine, others])
      const pause = gate()
      const held = await queue(lin, '一')
      const free = await queue(await customerWrote(test.store, 'oMo', at), '甲')
      database.faults.push('refused')
      const box = outbox({ shards, wait: () => pause.opened })
      const adopted = box.adopt([mine])
      await until(() => logger.messages('error').length).toBe(1)
      box.wake()
      await state(free).toBe('accepted')
      expect((await message(held)).state).toBe('queued')
      pause.open()
      await adopted
      await state(held).toBe('accepted')
    })

    it('stops settling what became another’s meanwhile', async () => {
      const shards = new SomeShards([mine])
      const lost = await queue(lin, '一')
      await test.store.db.updateTable('message').set({ state: 'sending' }).where('id', '=', lost).execute()
      const pause = gate()
      database.faults.push('refused')
      const box = outbox({ shards, wait: () => pause.opened })
      const adopted = box.adopt([mine])
      await until(() => logger.messages('error').length).toBe(1)
      shards.mine.clear()
      pause.open()
      await adopted
      expect((await message(lost)).state).toBe('sending')
    })

    it('settles nothing again that another call settled meanwhile', async () => {
      const id = await queue(lin, '一')
      const pause = gate()
      database.faults.push('refused')
      const box = outbox({ shards: new SomeShards([mine]), wait: () => pause.opened })
      const first = box.adopt([mine])
      await until(() => logger.messages('error').length).toBe(1)
      // The shard was lost, and came back.
      await box.adopt([mine])
      await texts().toEqual(['一'])
      pause.open()
      await first
      expect((await message(id)).state).toBe('sending')
    })

    it('keeps closed what another call has not settled yet', async () => {
      wechat.byItself = () => undefined
      const shards = new SomeShards([mine])
      const [settling, pause] = [gate(), gate()]
      shards.hold = async (_tx, asked) => {
        if (shards.held.push([...asked]) === 1) await settling.opened
        return true
      }
      const open = await queue(lin, '一')
      const closed = await queue(await customerWrote(test.store, 'oMo', at), '甲')
      database.faults.push('none', 'refused')
      const box = outbox({ shards, wait: () => pause.opened })
      // One of the shards is lost at once, and comes back while the other is settled.
      const first = box.adopt([mine, others])
      await until(() => shards.held).toEqual([[mine]])
      shards.mine.add(others)
      const second = box.adopt([others])
      await until(() => logger.messages('error').length).toBe(1)
      settling.open()
      await first
      await state(open).toBe('accepted')
      expect((await message(closed)).state).toBe('queued')
      expect(wechat.texts).toEqual(['一'])
      pause.open()
      await second
      await state(closed).toBe('accepted')
    })

    it('settles nothing of shards of which one is lost in the middle', async () => {
      const shards = new SomeShards([mine, others])
      const lost = await queue(lin, '一')
      await test.store.db.updateTable('message').set({ state: 'sending' }).where('id', '=', lost).execute()
      const holds: number[][] = []
      shards.hold = async (_tx, asked) => {
        holds.push([...asked])
        if (holds.length === 1) {
          shards.mine.delete(others)
          return false
        }
        return true
      }
      await outbox({ shards }).adopt([mine, others])
      expect(holds).toEqual([[mine, others], [mine]])
      expect((await message(lost)).state).toBe('unknown')
    })

    it('gives a shard away when its sends have ended, without waiting for those of others', async () => {
      const mo = await customerWrote(test.store, 'oMo', at)
      const [own, other] = [await queue(lin, '一'), await queue(mo, '甲')]
      const box = outbox({ shards: new SomeShards([mine, others]) })
      box.wake()
      await texts().toEqual(['一', '甲'])
      let left = false
      const leaving = box.leave([mine]).then(() => (left = true))
      await turn()
      expect(left).toBe(false)
      wechat.requests[0]?.answer()
      await leaving
      expect((await message(own)).state).toBe('accepted')
      expect((await message(other)).state).toBe('sending')
    })

    it('gives shards away when the last of their sends has ended', async () => {
      const mo = await customerWrote(test.store, 'oMo', at)
      const [own, other] = [await queue(lin, '一'), await queue(mo, '甲')]
      const box = outbox({ shards: new SomeShards([mine, others]) })
      box.wake()
      await texts().toEqual(['一', '甲'])
      let left = false
      const leaving = box.leave([mine, others]).then(() => (left = true))
      wechat.requests[0]?.answer()
      await state(own).toBe('accepted')
      await turns()
      expect(left).toBe(false)
      wechat.requests[1]?.answer()
      await leaving
      expect((await message(other)).state).toBe('accepted')
    })
  })

  describe('when it stops', () => {
    it('waits for the send under way, notes what became of it, and starts nothing more', async () => {
      const [first, second] = [await queue(lin, '一'), await queue(lin, '二')]
      const box = outbox()
      await box.start()
      await texts().toEqual(['一'])
      let isStopped = false
      const stopped = box.stop().then(() => (isStopped = true))
      await turn()
      expect(isStopped).toBe(false)
      wechat.requests[0]?.answer()
      await stopped
      expect((await message(first)).state).toBe('accepted')
      expect((await message(second)).state).toBe('queued')
      void test.store.signals.send('queued', '')
      box.wake()
      await turn()
      expect(wechat.texts).toEqual(['一'])
    })

    it('waits for all sends under way', async () => {
      const [first, second] = [
        await queue(lin, '一'),
        await queue(await customerWrote(test.store, 'oMo', at), '甲'),
      ]
      const box = outbox()
      await box.start()
      await texts().toEqual(['一', '甲'])
      let isStopped = false
      const stopped = box.stop().then(() => (isStopped = true))
      wechat.requests[0]?.answer()
      await state(first).toBe('accepted')
      await turns()
      expect(isStopped).toBe(false)
      wechat.requests[1]?.answer()
      await stopped
      expect((await message(second)).state).toBe('accepted')
    })

    it('follows the other processes no more', async () => {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
      const box = outbox({ shards: new SomeShards([]) })
      await box.start()
      await box.stop()
      const looks = vi.spyOn(box, 'wake')
      let heard = false
      test.store.signals.on('queued', () => (heard = true))
      await until(async () => {
        await test.store.signals.send('queued', '')
        return heard
      }).toBe(true)
      vi.advanceTimersByTime(10_000)
      expect(looks).not.toHaveBeenCalled()
    })

    it('does not wait for a database that is away: the send is unknown at the next start', async () => {
      const id = await queue(lin, '一')
      const box = outbox()
      await box.start()
      await texts().toEqual(['一'])
      const stopped = box.stop()
      database.faults.push('refused')
      wechat.requests[0]?.answer()
      await stopped
      expect(logger.messages('error').at(-1)).toMatch(/it is unknown at the next start$/)
      await outbox().start()
      expect(await message(id)).toMatchObject({ state: 'unknown', problem: 'interrupted' })
      expect(wechat.texts).toEqual(['一'])
    })

    it('starts nothing of what it was just reading', async () => {
      wechat.byItself = () => undefined
      const id = await queue(lin, '一')
      const box = outbox()
      await box.start()
      await box.stop()
      expect(wechat.texts).toEqual([])
      expect((await message(id)).state).toBe('queued')
    })

    it('takes no shards over any more', async () => {
      const shards = new SomeShards([shardOf(appId, 'oLin')])
      const box = outbox({ shards })
      await box.stop()
      await box.adopt([shardOf(appId, 'oLin')])
      expect(shards.held).toEqual([])
    })
  })

  it('does not believe a limit about a sign that came after the message left', async () => {
    const id = await queue(lin, '一')
    await outbox().start()
    await texts().toEqual(['一'])
    await changeConversation(test.store, lin, { message_received_at: at + 1 })
    wechat.requests[0]?.answer(refusal(45047))
    await state(id).toBe('failed')
    expect((await conversationRow(test.store, lin)).corrected).toBeNull()
  })
})
