import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Commands, defaultAllowanceRules } from '../src/conversation/index.js'
import { UnitOfWork } from '../src/conversation/unit-of-work.js'
import { Hooks, type DeliveryOutcome, type HooksOptions } from '../src/hooks/index.js'
import { ConfigError } from '../src/errors.js'
import { SecretBox } from '../src/apps/secret-box.js'
import { openStore, type Store } from '../src/store/store.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'
import { startHookReceiver, type HookReceiver } from './support/hook-receiver.js'
import { RecordingLogger } from './support/recording-logger.js'
import { tcpProxy } from './support/tcp-proxy.js'

const DAY = 24 * 60 * 60 * 1000
/** The machine may be busy. */
const patient = { timeout: 15_000, interval: 20 }

describe.each(await storeKinds())('outgoing webhooks on %s', (kind) => {
  let test: TestStore
  let receiver: HookReceiver
  let running: Hooks[]
  let attempts: DeliveryOutcome[]
  let ahead: number
  const secrets = new SecretBox(randomBytes(32))
  const logger = new RecordingLogger()
  const now = (): number => Date.now() + ahead

  beforeEach(async () => {
    ahead = 0
    attempts = []
    running = []
    test = await makeStore(kind)
    receiver = await startHookReceiver()
  })
  afterEach(async () => {
    for (const hooks of running) await hooks.stop(100)
    await receiver.close()
    await test.remove()
  })

  async function start(store = test.store, options: Partial<HooksOptions> = {}): Promise<Hooks> {
    const hooks = new Hooks({
      store,
      secrets,
      logger,
      now,
      allowance: defaultAllowanceRules,
      namesOf: async () => new Map([[7, '小王']]),
      wait: delay,
      allowPrivate: ['127.0.0.0/8'],
      random: () => 0,
      onAttempt: (outcome) => attempts.push(outcome),
      ...options,
    })
    await hooks.start()
    running.push(hooks)
    return hooks
  }

  /** As a process that is killed: nothing more is sent or noted, and nothing is told to the database. */
  async function kill(hooks: Hooks): Promise<void> {
    running.splice(running.indexOf(hooks), 1)
    await hooks.stop(0)
  }

  async function conversation(appId = 'wx1', openId = 'o1'): Promise<number> {
    const contact = await test.store.db
      .insertInto('contact')
      .values({ app_id: appId, open_id: openId, name: '小明', created_at: now(), seen_at: now() })
      .returning('id')
      .executeTakeFirstOrThrow()
    const { id } = await test.store.db
      .insertInto('conversation')
      .values({ contact_id: contact.id, shard: 0, status: 'bot', epoch: 0, updated_at: now() })
      .returning('id')
      .executeTakeFirstOrThrow()
    return id
  }

  /** Writes messages in one transaction; gives the last one's id. */
  async function write(
    conversationId: number,
    contents: string | readonly string[],
    options: { direction?: 'incoming' | 'outgoing'; store?: Store } = {},
  ): Promise<number> {
    const { direction = 'incoming', store = test.store } = options
    return store.db.transaction().execute(async (tx) => {
      const unit = new UnitOfWork(tx, store.dialect, now())
      const added = [contents].flat().map((content) =>
        unit.add({
          conversationId,
          direction,
          author: direction === 'incoming' ? 'contact' : 'bot',
          msgType: 'text',
          content: { msgType: 'text', content },
          state: direction === 'incoming' ? null : 'queued',
          onceKey: null,
          epoch: 0,
          pushId: null,
        }),
      )
      await unit.flush()
      return added.at(-1)?.id ?? 0
    })
  }

  const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i))

  async function become(
    conversationId: number,
    messageId: number,
    state: 'accepted' | 'failed',
  ): Promise<void> {
    await test.store.db.transaction().execute(async (tx) => {
      const unit = new UnitOfWork(tx, test.store.dialect, now())
      await tx
        .updateTable('message')
        .set((eb) => ({ state, attempts: eb('attempts', '+', 1) }))
        .where('id', '=', messageId)
        .execute()
      unit.changed(conversationId, messageId)
      await unit.flush()
    })
  }

  const types = (): string[] => receiver.received.map(({ type }) => type)
  const texts = (): unknown[] =>
    receiver.received.map(({ data }) => (data['message'] as { content: string }).content)
  const states = async (): Promise<string[]> =>
    (await test.store.db.selectFrom('webhook_delivery').select('state').orderBy('id').execute()).map(
      ({ state }) => state,
    )

  it('tell the operator’s system what happens, signed so that the reference library believes it', async () => {
    const hooks = await start()
    const { endpoint, secret } = await hooks.endpoints.create({ url: receiver.url })
    const id = await conversation()
    const messageId = await write(id, '你好 👋')
    await expect.poll(() => receiver.received.length, patient).toBe(1)
    const [one] = receiver.received
    const verified = new Webhook(secret).verify(one!.body, one!.headers as Record<string, string>)
    expect(verified).toEqual(JSON.parse(one!.body))
    expect(verified).toMatchObject({
      type: 'message.received',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      data: {
        sequence: expect.any(Number) as number,
        conversation: { id, appId: 'wx1', openId: 'o1', status: 'bot', contact: { name: '小明', tags: [] } },
        message: { id: messageId, direction: 'incoming', msgType: 'text', content: '你好 👋' },
      },
    })
    await expect.poll(states, patient).toEqual(['delivered'])
    expect(await hooks.deliveries.list(endpoint.id, { limit: 10 })).toMatchObject({
      items: [{ event: 'message.received', state: 'delivered', attempts: 1, status: 204, problem: null }],
      next: null,
    })
  })

  it('tell each state of a message and each change of owner once, in the feed’s order of numbers', async () => {
    const hooks = await start()
    await hooks.endpoints.create({ url: receiver.url })
    const id = await conversation()
    const commands = new Commands({
      ...test,
      allowance: defaultAllowanceRules,
      now,
      onQueued: () => undefined,
    })
    const messageId = await write(id, '您好', { direction: 'outgoing' })
    await become(id, messageId, 'failed')
    await become(id, messageId, 'accepted')
    await commands.change(id, { type: 'take', agentId: 7 }, { agentId: 7 })
    await commands.note(id, '内部备注', { agentId: 7 })
    await commands.change(id, { type: 'close' }, { agentId: null })
    const told = ['conversation.assigned', 'conversation.closed', 'message.sent']
    await expect
      .poll(
        () =>
          types()
            .filter((type) => told.includes(type))
            .sort(),
        patient,
      )
      .toEqual(told)
    const byType = new Map(receiver.received.map((each) => [each.type, each.data]))
    expect(byType.get('conversation.assigned')).toMatchObject({
      message: { line: 'take', agentId: 7, authorName: '小王', to: 7 },
      conversation: { id, openId: 'o1' },
    })
    expect(byType.get('conversation.closed')).toMatchObject({ message: { agentId: null } })
    const inOrder = told.map((type) => byType.get(type)?.['sequence'] as number)
    expect(inOrder[2]).toBeLessThan(inOrder[0]!)
    expect(inOrder[0]).toBeLessThan(inOrder[1]!)
    // Neither the note, nor anything twice.
    await delay(100)
    expect(new Set(types()).size).toBe(types().length)
    expect(JSON.stringify(receiver.received.map(({ body }) => body))).not.toContain('内部备注')
  })

  it('tell an endpoint only of the events and Mini Programs that it asks for', async () => {
    const hooks = await start()
    await hooks.endpoints.create({ url: receiver.url, events: ['message.received'], apps: ['wx2'] })
    const [one, two] = [await conversation('wx1'), await conversation('wx2')]
    await write(one, 'not for it')
    await become(two, await write(two, 'nor this', { direction: 'outgoing' }), 'accepted')
    await write(two, 'this')
    await expect.poll(texts, patient).toEqual(['this'])
    expect(await states()).toHaveLength(1)
  })

  it('begin with what happens after the endpoint was made', async () => {
    const id = await conversation()
    await write(id, 'before')
    const hooks = await start()
    await hooks.endpoints.create({ url: receiver.url })
    await write(id, 'after')
    await expect.poll(texts, patient).toEqual(['after'])
  })

  it('miss nothing that happens while no process runs', async () => {
    const hooks = await start()
    await hooks.endpoints.create({ url: receiver.url })
    await kill(hooks)
    const id = await conversation()
    await write(id, numbers(450))
    await start(await test.reopen())
    await expect.poll(() => texts().length, patient).toBe(450)
    expect(new Set(texts()).size).toBe(450)
  })

  it('go on after a stop in the middle of an answer, with the same webhook-id', async () => {
    const hooks = await start()
    await hooks.endpoints.create({ url: receiver.url })
    receiver.answer = () => undefined
    await write(await conversation(), 'once more')
    await expect.poll(() => receiver.received.length, patient).toBe(1)
    await kill(hooks)
    receiver.answer = (_received, res) => res.writeHead(200).end()
    ahead += 61_000
    await start(await test.reopen())
    await expect.poll(() => receiver.received.length, patient).toBe(2)
    const [first, second] = receiver.received
    expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id'])
    expect(second!.body).toBe(first!.body)
    await expect.poll(states, patient).toEqual(['delivered'])
  })

  it('try again after a failure, later each time, until the last attempt; then it can be sent again', async () => {
    const hooks = await start()
    const { endpoint } = await hooks.endpoints.create({ url: receiver.url })
    receiver.answer = (_received, res) => res.writeHead(500).end('<html>oops</html>')
    await write(await conversation(), 'try')
    for (let attempt = 1; attempt <= 10; attempt++) {
      await expect.poll(() => attempts.length, patient).toBe(attempt)
      ahead += DAY
      // Any word wakes it.
      await hooks.endpoints.update(endpoint.id, {})
    }
    expect(attempts).toEqual([...Array.from({ length: 9 }, () => 'retry'), 'dead'])
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    const { items } = await hooks.deliveries.list(endpoint.id, { state: 'dead', limit: 10 })
    expect(items).toMatchObject([{ state: 'dead', attempts: 10, status: 500, problem: 'status' }])
    receiver.answer = (_received, res) => res.writeHead(200).end()
    await hooks.deliveries.replay(items[0]!.id)
    await expect.poll(states, patient).toEqual(['delivered'])
    expect(receiver.received).toHaveLength(11)
  })

  it('go out at once also when the clock is put back', async () => {
    const hooks = await start()
    ahead = DAY
    await hooks.endpoints.create({ url: receiver.url })
    receiver.answer = () => undefined
    const id = await conversation()
    await write(id, numbers(20))
    await expect.poll(async () => (await states()).length, patient).toBe(20)
    ahead = 0
    receiver.answer = (_received, res) => res.writeHead(200).end()
    await kill(hooks)
    await start(await test.reopen())
    await expect.poll(() => new Set(texts()).size, patient).toBe(20)
  })

  it('send all dead ones of an endpoint again', async () => {
    const hooks = await start()
    const { endpoint } = await hooks.endpoints.create({ url: receiver.url })
    const id = await conversation()
    await write(id, numbers(3))
    await expect.poll(states, patient).toEqual(['delivered', 'delivered', 'delivered'])
    await test.store.db.updateTable('webhook_delivery').set({ state: 'dead' }).where('id', '>', 1).execute()
    expect(await hooks.deliveries.replayDead(endpoint.id)).toBe(2)
    await expect.poll(() => receiver.received.length, patient).toBe(5)
    await expect.poll(states, patient).toEqual(['delivered', 'delivered', 'delivered'])
  })

  it('disable an endpoint that answers 410, and tell it from then on when it is enabled again', async () => {
    const hooks = await start()
    const { endpoint } = await hooks.endpoints.create({ url: receiver.url })
    receiver.answer = (_received, res) => res.writeHead(410).end()
    const id = await conversation()
    await write(id, 'gone')
    await expect
      .poll(() => hooks.endpoints.get(endpoint.id), patient)
      .toMatchObject({ enabled: false, disabledReason: 'gone' })
    expect(await states()).toEqual(['dead'])
    await write(id, 'meanwhile')
    receiver.answer = (_received, res) => res.writeHead(200).end()
    await hooks.endpoints.update(endpoint.id, { enabled: true })
    await write(id, 'again')
    await expect.poll(texts, patient).toEqual(['gone', 'again'])
  })

  it('follow no redirect', async () => {
    const hooks = await start()
    await hooks.endpoints.create({ url: receiver.url })
    receiver.answer = (_received, res) => res.writeHead(307, { location: receiver.url }).end()
    await write(await conversation(), 'there')
    await expect.poll(() => attempts, patient).toEqual(['retry'])
    expect(receiver.received).toHaveLength(1)
    const row = await test.store.db.selectFrom('webhook_delivery').selectAll().executeTakeFirstOrThrow()
    expect(row).toMatchObject({ state: 'retry', status: 307, problem: 'redirect' })
  })

  it('take a slow endpoint for one that failed, let it hold up no other, and ask it now and then until it answers', async () => {
    const hooks = await start(test.store, { timeoutMs: 2000 })
    const other = await startHookReceiver()
    try {
      const { endpoint } = await hooks.endpoints.create({ url: receiver.url })
      await hooks.endpoints.create({ url: other.url })
      receiver.answer = () => undefined
      const id = await conversation()
      await write(id, numbers(30))
      await expect.poll(() => other.received.length, patient).toBe(30)
      await expect
        .poll(() => attempts.filter((each) => each === 'retry').length, patient)
        .toBeGreaterThanOrEqual(30)
      const problems = await test.store.db
        .selectFrom('webhook_delivery')
        .select('problem')
        .where('state', '=', 'retry')
        .distinct()
        .execute()
      expect(new Set(problems.map(({ problem }) => problem))).toEqual(new Set(['timeout', 'silent']))
      // Those under way until the fifth had no answer, and no others: for these nobody waited.
      expect(receiver.received.length).toBeLessThanOrEqual(12)
      receiver.answer = (_received, res) => res.writeHead(204).end()
      const asked = receiver.received.length
      ahead += 60_000
      await hooks.deliveries.test(endpoint.id)
      await expect.poll(() => receiver.received.length, patient).toBeGreaterThan(asked)
      await expect
        .poll(() => attempts.filter((each) => each === 'delivered').length, patient)
        .toBeGreaterThan(30)
      // It has answered: what was put off goes out when it is due.
      ahead += 3 * 60 * 60_000
      await hooks.deliveries.test(endpoint.id)
      const told = () =>
        test.store.db
          .selectFrom('webhook_delivery')
          .select('id')
          .where('webhook_id', '=', endpoint.id)
          .where('event', '=', 'message.received')
          .where('state', '=', 'delivered')
          .execute()
      await expect.poll(async () => (await told()).length, patient).toBe(30)
    } finally {
      await other.close()
    }
  }, 60_000)

  it('have no more requests under way to one endpoint than allowed', async () => {
    const hooks = await start()
    await hooks.endpoints.create({ url: receiver.url })
    let [open, most] = [0, 0]
    receiver.answer = (_received, res) => {
      most = Math.max(most, ++open)
      setTimeout(() => {
        open--
        res.writeHead(200).end()
      }, 30)
    }
    const id = await conversation()
    await write(id, numbers(40))
    await expect.poll(() => receiver.received.length, patient).toBe(40)
    expect(most).toBeLessThanOrEqual(8)
    expect(most).toBeGreaterThan(1)
  })

  it('believe an answer of 200, however long its body is', async () => {
    const hooks = await start()
    await hooks.endpoints.create({ url: receiver.url })
    receiver.answer = (_received, res) => {
      res.writeHead(200)
      res.on('error', () => undefined)
      for (let i = 0; i < 200; i++) res.write(Buffer.alloc(64 * 1024))
      res.end()
    }
    await write(await conversation(), 'huge')
    await expect.poll(states, patient).toEqual(['delivered'])
  })

  it('do not go to a private address, neither as it is written nor behind a name', async () => {
    const hooks = await start(test.store, { allowPrivate: [], resolve: async () => ['127.0.0.1'] })
    await expect(hooks.endpoints.create({ url: receiver.url })).rejects.toThrow(/KEFU_ALLOW_PRIVATE_HOOKS/)
    await expect(hooks.endpoints.create({ url: 'http://localhost/' })).rejects.toBeInstanceOf(ConfigError)
    await hooks.endpoints.create({ url: receiver.url.replace('127.0.0.1', 'rebinding.example') })
    await write(await conversation(), 'inside')
    await expect.poll(() => attempts, patient).toEqual(['retry'])
    expect(receiver.received).toEqual([])
    const row = await test.store.db.selectFrom('webhook_delivery').selectAll().executeTakeFirstOrThrow()
    expect(row).toMatchObject({ status: null, problem: 'private_address' })
  })

  it('sign with the old and the new secret for a day after a rotation', async () => {
    const hooks = await start()
    const { endpoint, secret: old } = await hooks.endpoints.create({ url: receiver.url })
    const { secret: fresh } = await hooks.endpoints.rotate(endpoint.id)
    await hooks.deliveries.test(endpoint.id)
    await expect.poll(() => receiver.received.length, patient).toBe(1)
    const verify = (secret: string, nth: number): unknown => {
      const { body, headers } = receiver.received[nth]!
      return new Webhook(secret).verify(body, headers as Record<string, string>)
    }
    expect(verify(old, 0)).toMatchObject({ type: 'webhook.test' })
    expect(verify(fresh, 0)).toMatchObject({ type: 'webhook.test' })
    const signatures = (nth: number): number =>
      String(receiver.received[nth]?.headers['webhook-signature']).split(' ').length
    expect(signatures(0)).toBe(2)
    ahead += DAY
    await hooks.deliveries.test(endpoint.id)
    await expect.poll(() => receiver.received.length, patient).toBe(2)
    expect(signatures(1)).toBe(1)
  })

  it('keep a secret in no column, log or list', async () => {
    const hooks = await start()
    const { secret, endpoint } = await hooks.endpoints.create({ url: receiver.url })
    await hooks.endpoints.rotate(endpoint.id)
    receiver.answer = (_received, res) => res.writeHead(500).end()
    await write(await conversation(), 'plantedText')
    await expect.poll(() => attempts, patient).toEqual(['retry'])
    const kept = JSON.stringify([
      await test.store.db.selectFrom('webhook').selectAll().execute(),
      await test.store.db.selectFrom('webhook_delivery').selectAll().execute(),
      await hooks.endpoints.list(),
    ])
    expect(kept).not.toContain(secret.slice('whsec_'.length))
    expect(JSON.stringify(logger.lines)).not.toMatch(/whsec_|plantedText|127\.0\.0\.1/)
  })

  it('forget what they told of a customer with the customer', async () => {
    const hooks = await start()
    await hooks.endpoints.create({ url: receiver.url })
    const id = await conversation()
    receiver.answer = (_received, res) => res.writeHead(500).end()
    await write(id, 'personal')
    await expect.poll(() => attempts, patient).toEqual(['retry'])
    await test.store.db.deleteFrom('contact').execute()
    expect(await states()).toEqual([])
  })

  it('forget deliveries some days after their end', async () => {
    const hooks = await start()
    const { endpoint } = await hooks.endpoints.create({ url: receiver.url })
    for (let i = 0; i < 3; i++) await hooks.deliveries.test(endpoint.id)
    await expect.poll(states, patient).toEqual(['delivered', 'delivered', 'delivered'])
    await test.store.db.updateTable('webhook_delivery').set({ state: 'dead' }).where('id', '=', 1).execute()
    ahead += 4 * DAY
    expect(await hooks.deliveries.purge()).toBe(false)
    expect(await states()).toEqual(['dead'])
    ahead += 30 * DAY
    await hooks.deliveries.purge()
    expect(await states()).toEqual([])
  })

  it('are listed page by page, the newest first', async () => {
    const hooks = await start()
    const { endpoint } = await hooks.endpoints.create({ url: receiver.url })
    for (let i = 0; i < 5; i++) await hooks.deliveries.test(endpoint.id)
    const one = await hooks.deliveries.list(endpoint.id, { limit: 2 })
    const two = await hooks.deliveries.list(endpoint.id, { limit: 3, before: one.next! })
    const ids = [...one.items, ...two.items].map((each) => each.id)
    expect(ids).toEqual([...ids].sort((a, b) => b - a))
    expect(two).toMatchObject({ next: null })
    expect(new Set(ids).size).toBe(5)
  })

  it.runIf(kind === 'postgres')('are delivered once by several processes', async () => {
    const stores = [test.store, await openStore(test.url), await openStore(test.url)]
    try {
      for (const store of stores) await start(store)
      await running[0]!.endpoints.create({ url: receiver.url })
      const id = await conversation()
      receiver.answer = (_received, res) => setTimeout(() => res.writeHead(200).end(), 5)
      for (let i = 0; i < 60; i++) await write(id, [`${i}a`, `${i}b`], { store: stores[i % 3]! })
      await expect.poll(() => new Set(texts()).size, patient).toBe(120)
      await expect.poll(async () => new Set(await states()), patient).toEqual(new Set(['delivered']))
      expect(receiver.received).toHaveLength(120)
    } finally {
      for (const hooks of running.splice(0)) await hooks.stop(1000)
      for (const store of stores.slice(1)) await store.close()
    }
  })

  it.runIf(kind === 'postgres')(
    'wait with what became of a delivery for a database that is away',
    async () => {
      const { hostname, port } = new URL(test.url)
      const network = await tcpProxy({ host: hostname, port: Number(port || 5432) })
      const address = new URL(test.url)
      address.host = `127.0.0.1:${network.port}`
      const store = await openStore(address.href)
      try {
        const hooks = await start(store)
        await hooks.endpoints.create({ url: receiver.url })
        const open: (() => void)[] = []
        receiver.answer = (_received, res) => open.push(() => res.writeHead(200).end())
        const id = await conversation()
        await write(id, ['one', 'two'])
        await expect.poll(() => receiver.received.length, patient).toBe(2)
        await network.cut()
        for (const answer of open.splice(0)) answer()
        receiver.answer = (_received, res) => res.writeHead(200).end()
        await write(id, 'three')
        await delay(300)
        await network.restore()
        await expect.poll(states, patient).toEqual(['delivered', 'delivered', 'delivered'])
        expect(texts().sort()).toEqual(['one', 'three', 'two'])
        for (const each of running.splice(0)) await each.stop(1000)
      } finally {
        await store.close()
        await network.close()
      }
    },
  )

  it.runIf(kind === 'postgres')('go on elsewhere when the process that was sending is gone', async () => {
    const hooks = await start()
    const { endpoint } = await hooks.endpoints.create({ url: receiver.url })
    await hooks.deliveries.test(endpoint.id)
    await expect.poll(states, patient).toEqual(['delivered'])
    // As a killed process leaves it: claimed, by nobody.
    const left = (lease: number) => ({ state: 'sending' as const, lease_until: lease, settled_at: null })
    await test.store.db
      .updateTable('webhook_delivery')
      .set(left(Date.now() + DAY))
      .execute()
    await hooks.endpoints.update(endpoint.id, {})
    await delay(100)
    expect(receiver.received).toHaveLength(1)
    await test.store.db
      .updateTable('webhook_delivery')
      .set(left(Date.now() - DAY))
      .execute()
    await hooks.endpoints.update(endpoint.id, {})
    await expect.poll(() => receiver.received.length, patient).toBe(2)
  })
})
