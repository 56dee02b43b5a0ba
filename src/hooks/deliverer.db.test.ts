import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { failingCommits, type FailingStore } from '../../test/support/failing-commits.js'
import { gate } from '../../test/support/gate.js'
import { RecordingLogger } from '../../test/support/recording-logger.js'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { ConfigError } from '../errors.js'
import { toJson } from '../store/index.js'
import { Deliverer, type DelivererOptions, type DeliveryOutcome } from './deliverer.js'
import { secretPurpose } from './endpoints.js'
import { NoAnswerError, type GuardedAnswer, type GuardedRequest } from './guarded-request.js'
import { makeSecret } from './signature.js'

const start = 1_700_000_000_000

interface Held {
  readonly request: GuardedRequest
  answer(status: number, headers?: GuardedAnswer['headers']): void
  fail(error: Error): void
}

/** Requests that wait until the test answers them; its end cuts them off. */
class HeldRequests {
  readonly held: Held[] = []
  /** How requests are answered that the test does not answer itself. */
  byItself: number | Error | undefined
  closed = false

  async send(request: GuardedRequest): Promise<GuardedAnswer> {
    const answered = gate<GuardedAnswer | Error>()
    const answer = (status: number, headers: GuardedAnswer['headers'] = {}): void => {
      answered.open({ status, headers } as GuardedAnswer)
    }
    this.held.push({ request, answer, fail: (error) => answered.open(error) })
    if (typeof this.byItself === 'number') answer(this.byItself)
    else if (this.byItself) answered.open(this.byItself)
    const result = await answered.opened
    if (result instanceof Error) throw result
    return result
  }

  async close(): Promise<void> {
    this.closed = true
    for (const each of this.held) each.fail(new NoAnswerError('stopped'))
  }

  get bodies(): unknown[] {
    return this.held.map(({ request }) => request.body)
  }
}

/** Seals nothing; what is sealed for another purpose, or as `lost`, does not open. */
const secrets = {
  encrypt: (text: string, purpose: string) => `${purpose}|${text}`,
  decrypt: (sealed: string, purpose: string) => {
    if (!sealed.startsWith(`${purpose}|`)) throw new ConfigError('It does not open.')
    return sealed.slice(purpose.length + 1)
  },
}

describe.each(await storeKinds())('the deliverer on %s', (kind) => {
  let test: TestStore
  let database: FailingStore
  let requests: HeldRequests
  let logger: RecordingLogger
  let outcomes: DeliveryOutcome[]
  let at: number
  let webhook: number
  const running: Deliverer[] = []
  const [secret, old] = [makeSecret(), makeSecret()]

  let isEnding = false

  beforeEach(async () => {
    isEnding = false
    test = await makeStore(kind)
    database = failingCommits(test.store)
    requests = new HeldRequests()
    logger = new RecordingLogger()
    outcomes = []
    at = start
    webhook = await endpoint()
  })
  afterEach(async () => {
    isEnding = true
    for (const each of running.splice(0)) await each.stop(0)
    await test.remove()
  })

  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  function deliverer(change: Partial<DelivererOptions> = {}): Deliverer {
    const made = new Deliverer({
      store: database.store,
      secrets,
      requests,
      logger,
      now: () => at,
      // At the end the database is closed, and what is under way must have been committed by then.
      wait: (milliseconds) => (isEnding && milliseconds > 0 ? new Promise(() => undefined) : turn()),
      random: () => 0,
      onAttempt: (outcome) => outcomes.push(outcome),
      ...change,
    })
    running.push(made)
    return made
  }
  async function endpoint(enabled = 1): Promise<number> {
    const { db } = test.store
    const { id } = await db
      .insertInto('webhook')
      .values({
        url: 'https://shop/',
        description: '',
        events: toJson(['*']),
        enabled,
        cursor: 0,
        created_at: at,
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    const sealed = secrets.encrypt(secret, secretPurpose(id))
    await db.updateTable('webhook').set({ sealed_secret: sealed }).where('id', '=', id).execute()
    return id
  }
  async function queue(body: string, change: { next_at?: number; attempts?: number } = {}, to = webhook) {
    const { id } = await test.store.db
      .insertInto('webhook_delivery')
      .values({
        ...{ webhook_id: to, event_id: `evt_${body}`, event: 'test', once_key: body, body },
        ...{ state: 'queued', attempts: 0, next_at: 0, created_at: at, ...change },
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    return id
  }
  const row = (id: number) =>
    test.store.db.selectFrom('webhook_delivery').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  const until = <T>(look: () => T | Promise<T>) => expect.poll(look, { interval: 2 })
  const state = (id: number) => until(async () => (await row(id)).state)
  const bodies = () => until(() => requests.bodies)

  it('signs what it sends as Standard Webhooks says, and notes that it arrived', async () => {
    const id = await queue('一')
    await deliverer().start()
    await bodies().toEqual(['一'])
    expect(await row(id)).toMatchObject({ state: 'sending', attempts: 1 })
    const request = requests.held[0]?.request
    expect(request).toMatchObject({
      url: 'https://shop/',
      method: 'POST',
      headers: {
        'webhook-id': 'evt_一',
        'webhook-timestamp': String(start / 1000),
        'webhook-signature': new Webhook(secret).sign('evt_一', new Date(start), '一'),
        'content-type': 'application/json',
      },
    })
    at += 40
    requests.held[0]?.answer(204)
    await state(id).toBe('delivered')
    expect(await row(id)).toMatchObject({ status: 204, problem: null, settled_at: at, lease_until: null })
    await until(() => outcomes).toEqual(['delivered'])
  })

  it('signs with the old secret as well until its time is over', async () => {
    const sealed = secrets.encrypt(old, secretPurpose(webhook))
    await test.store.db
      .updateTable('webhook')
      .set({ sealed_old_secret: sealed, old_secret_until: at + 1 })
      .where('id', '=', webhook)
      .execute()
    const signatures = (nth: number): number =>
      String((requests.held[nth]?.request.headers as Record<string, string>)['webhook-signature']).split(' ')
        .length
    requests.byItself = 204
    await state(await queue('一')).toBe('queued')
    const box = deliverer()
    await box.start()
    await bodies().toEqual(['一'])
    at += 1
    await queue('二')
    box.wake()
    await bodies().toEqual(['一', '二'])
    expect([signatures(0), signatures(1)]).toEqual([2, 1])
  })

  it('sends what is due, the longest due first, so many at once to an endpoint as it may', async () => {
    for (const [body, due] of [
      ['三', at],
      ['一', 5],
      ['二', 5],
      ['later', at + 1],
    ] as const)
      await queue(body, { next_at: due })
    const off = await endpoint(0)
    await queue('off', {}, off)
    const other = await endpoint()
    const box = deliverer({ concurrency: 2 })
    await box.start()
    await until(() => requests.bodies.toSorted()).toEqual(['一', '二'])
    await queue('甲', {}, other)
    box.wake()
    // Another look: an endpoint whose hands are full holds up no other.
    await until(() => requests.bodies.at(-1)).toBe('甲')
    requests.held[0]?.answer(204)
    await until(() => requests.bodies.slice(2)).toEqual(['甲', '三'])
  })

  it.each([
    [500, {}, 'status', 5000],
    [302, {}, 'redirect', 5000],
    [503, { 'retry-after': '60' }, 'status', 60_000],
  ] as const)('tries again after %i with %o', async (status, headers, problem, pause) => {
    const id = await queue('一')
    const box = deliverer()
    await box.start()
    await bodies().toEqual(['一'])
    requests.held[0]?.answer(status, headers)
    await state(id).toBe('retry')
    expect(await row(id)).toMatchObject({ status, problem, next_at: at + pause, settled_at: null })
    expect(logger.messages('info')).toEqual(['a delivery to a webhook failed and is tried again'])
    at += pause
    requests.byItself = 200
    box.wake()
    await state(id).toBe('delivered')
    expect(await row(id)).toMatchObject({ attempts: 2, status: 200, problem: null })
    expect(
      requests.held.map(({ request }) => (request.headers as Record<string, string>)['webhook-id']),
    ).toEqual(['evt_一', 'evt_一'])
  })

  it.each([199, 300])('takes %i for no success', async (status) => {
    requests.byItself = status
    const id = await queue('一')
    await deliverer().start()
    await state(id).toBe('retry')
  })

  it('gives up after the tenth attempt', async () => {
    requests.byItself = 500
    const [ninth, tenth] = [await queue('九', { attempts: 8 }), await queue('十', { attempts: 9 })]
    await deliverer({ random: () => 1 }).start()
    await state(tenth).toBe('dead')
    await state(ninth).toBe('retry')
    expect((await row(ninth)).next_at).toBe(at + 1.1 * 24 * 3_600_000)
    expect(await row(tenth)).toMatchObject({ status: 500, settled_at: at })
    await until(() => logger.messages('warn')).toEqual(['a delivery to a webhook was given up'])
  })

  it('disables an endpoint that answers 410', async () => {
    requests.byItself = 410
    const id = await queue('一')
    await deliverer().start()
    await state(id).toBe('dead')
    expect(await row(id)).toMatchObject({ problem: 'gone', status: 410 })
    const found = await test.store.db.selectFrom('webhook').selectAll().executeTakeFirstOrThrow()
    expect(found).toMatchObject({ enabled: 0, disabled_reason: 'gone' })
    await until(() => logger.messages('warn')).toEqual(['a webhook answered 410 and was disabled'])
  })

  it.each([
    [new NoAnswerError('dns'), 'dns'],
    [new Error('odd'), 'internal'],
  ])('keeps a word for %s', async (error, problem) => {
    requests.byItself = error
    const id = await queue('一')
    await deliverer().start()
    await state(id).toBe('retry')
    expect(await row(id)).toMatchObject({ status: null, problem })
    expect(logger.messages('error')).toHaveLength(problem === 'internal' ? 1 : 0)
  })

  it('sends nothing that it can’t sign', async () => {
    await test.store.db.updateTable('webhook').set({ sealed_secret: 'lost' }).execute()
    const id = await queue('一')
    await deliverer().start()
    await state(id).toBe('retry')
    expect((await row(id)).problem).toBe('secret')
    expect(requests.held).toEqual([])
  })

  it('asks an endpoint that hangs each half minute only, until it answers anything', async () => {
    requests.byItself = new NoAnswerError('timeout')
    const box = deliverer({ concurrency: 1 })
    const ids: number[] = []
    for (const n of [1, 2, 3, 4, 5, 6, 7]) ids.push(await queue(String(n)))
    await box.start()
    await state(ids[6] ?? 0).toBe('retry')
    const problems = await Promise.all(ids.map(async (id) => (await row(id)).problem))
    expect(problems).toEqual([...Array.from({ length: 5 }, () => 'timeout'), 'silent', 'silent'])
    expect(requests.held).toHaveLength(5)
    expect(logger.messages('warn')).toHaveLength(1)
    // Asked once more, it answers: what follows is sent.
    at += 30_000
    requests.byItself = 500
    const before = (await row(ids[0] ?? 0)).attempts
    box.wake()
    await until(async () => Promise.all(ids.map(async (id) => (await row(id)).attempts))).toEqual(
      ids.map(() => before + 1),
    )
    expect(requests.held).toHaveLength(12)
  })

  it('commits what became of a delivery however often the database refuses, and sends it once', async () => {
    requests.byItself = 204
    database.faults.push('refused', 'lost')
    const id = await queue('一')
    await deliverer().start()
    await until(() => outcomes).toEqual(['delivered'])
    expect((await row(id)).state).toBe('delivered')
    expect(requests.held).toHaveLength(1)
  })

  it('leaves alone what another claimed anew meanwhile', async () => {
    const id = await queue('一')
    await deliverer().start()
    await bodies().toEqual(['一'])
    await test.store.db.updateTable('webhook_delivery').set({ attempts: 2 }).where('id', '=', id).execute()
    requests.held[0]?.answer(204)
    await until(() => outcomes).toEqual(['delivered'])
    expect(await row(id)).toMatchObject({ state: 'sending', attempts: 2 })
  })

  describe('when it stops', () => {
    it('lets what is under way end in its time, and starts nothing more', async () => {
      const [id, next] = [await queue('一'), await queue('二')]
      const box = deliverer({ concurrency: 1, wait: () => gate().opened })
      await box.start()
      await bodies().toEqual(['一'])
      const stopped = box.stop(1000)
      requests.held[0]?.answer(204)
      await stopped
      expect((await row(id)).state).toBe('delivered')
      expect((await row(next)).state).toBe('queued')
    })

    it('cuts off what takes longer, which the next process sends again under the same id', async () => {
      const id = await queue('一')
      const waits: number[] = []
      const wait = async (milliseconds: number): Promise<unknown> => {
        waits.push(milliseconds)
        return milliseconds === 1000 ? undefined : gate().opened
      }
      const box = deliverer({ wait })
      await box.start()
      await bodies().toEqual(['一'])
      await box.stop(1000)
      expect([waits[0], requests.closed]).toEqual([1000, true])
      expect(await row(id)).toMatchObject({ state: 'retry', problem: 'stopped', next_at: at + 5000 })
      at += 5000
      requests.byItself = 204
      await deliverer().start()
      await state(id).toBe('delivered')
      expect(requests.bodies).toEqual(['一', '一'])
    })
  })

  it.runIf(kind === 'sqlite')('sends again what an earlier process was sending when it ended', async () => {
    requests.byItself = 204
    const id = await queue('一')
    await test.store.db
      .updateTable('webhook_delivery')
      .set({ state: 'sending', next_at: at + 9 })
      .execute()
    await deliverer().start()
    await state(id).toBe('delivered')
  })
})
