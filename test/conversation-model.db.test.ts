import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeStore, storeKinds, type TestStore } from './stores.js'
import { remedyFor } from '../src/api/retry.js'
import { Bot, newRun } from '../src/bot/index.js'
import { ApiError, NetworkError } from '../src/errors.js'
import { silentLogger } from '../src/log.js'
import { restorePush, type OutgoingMessage } from '../src/wechat/index.js'
import { CommandError } from '../src/conversation/command-checks.js'
import { Commands } from '../src/conversation/commands.js'
import type { ConversationActions } from '../src/conversation/conversation-context.js'
import { AllowanceError } from '../src/conversation/allowance-error.js'
import { answersOf, PushHandler } from '../src/conversation/incoming/push-handler.js'
import { Outbox } from '../src/conversation/outgoing/outbox.js'
import { everyShard } from '../src/conversation/shards.js'
import { runs } from './support/property-runs.js'

const appId = 'wx0123456789abcdef'
const start = 1_700_000_000_000
const HOUR = 3600_000
/** Longer than two people can take the same conversation at the same time. */
const STEP = 3000
const rules = { afterMessage: 5, afterEnter: 2, humanReserve: 2 }

type Outcome = 'accepted' | 'refused' | 'count' | 'window' | 'lost' | 'later' | 'unreachable'

/** What is expected of one outgoing message. */
interface Expected {
  readonly bot: boolean
  state: 'queued' | 'sending' | 'accepted' | 'unknown' | 'failed' | 'cancelled'
  epoch: number
  attempts: number
  notBefore: number
  /** When its last request left, and by when it had left for certain. */
  leftAt: number
  leftBy: number
}

/** One conversation as it should be: what the page of the design says, without a database. */
class Model {
  now = start
  known = false
  status: 'bot' | 'waiting' | 'assigned' | 'closed' = 'bot'
  agentId: number | null = null
  epoch = 0
  wroteAt: number | undefined
  enteredAt: number | undefined
  corrected = false
  readonly sent: Expected[] = []

  /** WeChat's own count: a sign raises it to the sign's maximum, what may have been accepted lowers it. */
  readonly wechat = { remaining: 0, until: 0 }

  sign(messages: number, lasts: number): void {
    const { remaining, until } = this.wechat
    this.wechat.remaining = Math.max(this.now < until ? remaining : 0, messages)
    this.wechat.until = Math.max(until, this.now + lasts)
  }

  /** What WeChat should still allow, and how much of it a bot may use. */
  allowance(): { people: number; bot: number } {
    if (this.corrected) return { people: 0, bot: 0 }
    const left = (at: number | undefined, lasts: number, most: number): number =>
      at === undefined || this.now >= at + lasts ? -1 : most - this.spentSince(at)
    const written = left(this.wroteAt, 48 * HOUR, rules.afterMessage)
    const entered = left(this.enteredAt, 60_000, rules.afterEnter)
    const people = Math.max(written, entered, 0)
    const reserve = this.open(this.wroteAt, 48 * HOUR) && written >= entered ? rules.humanReserve : 0
    return { people, bot: Math.max(people - reserve, 0) }
  }

  spentSince(at: number): number {
    return this.sent.filter(
      ({ state, leftBy }) =>
        state === 'queued' ||
        state === 'sending' ||
        ((state === 'accepted' || state === 'unknown') && leftBy >= at),
    ).length
  }

  open(at: number | undefined, lasts: number): boolean {
    return at !== undefined && this.now < at + lasts
  }

  get inFlight(): Expected | undefined {
    return this.sent.find(({ state }) => state === 'sending')
  }

  changeOwner(status: Model['status'], agentId: number | null = null): void {
    Object.assign(this, { status, agentId, epoch: this.epoch + 1 })
  }

  queue(bot: boolean, epoch = this.epoch): void {
    const fresh = { attempts: 0, notBefore: 0, leftAt: 0, leftBy: 0 }
    this.sent.push({ bot, state: 'queued', epoch, ...fresh })
  }

  /** The first of the queue leaves, unless WeChat would refuse it. */
  settle(): void {
    while (!this.inFlight) {
      const next = this.sent.find(({ state }) => state === 'queued')
      if (!next || next.notBefore > this.now) return
      const open = this.open(this.wroteAt, 48 * HOUR) || this.open(this.enteredAt, 60_000)
      const left = this.sent.filter(
        ({ state, leftBy }) =>
          (state === 'accepted' || state === 'unknown') && leftBy >= (this.enteredAt ?? 0),
      ).length
      const used = !this.open(this.wroteAt, 48 * HOUR) && left >= rules.afterEnter
      if (this.corrected || !open || used) {
        next.state = 'cancelled'
        continue
      }
      Object.assign(next, {
        state: 'sending',
        leftAt: this.now,
        leftBy: this.now,
        attempts: next.attempts + 1,
      })
    }
  }
}

/** The parts themselves, on a database. */
class Scene {
  readonly #test: TestStore
  readonly #handling: PushHandler
  readonly commands: Commands
  now = start
  conversationId = 0
  #outbox: Outbox
  #pushes = 0
  #inFlight: { finish: (outcome: Outcome) => void } | undefined
  /** How many requests went to WeChat. */
  requests = 0

  constructor(test: TestStore) {
    this.#test = test
    const bot = new Bot<ConversationActions>({ api: () => undefined, logger: silentLogger }).catch(
      () => undefined,
    )
    bot.hears(/^(\d)(交)?$/, async (ctx) => {
      for (let n = 0; n < Number(ctx.match[1]); n++) await ctx.reply(`${ctx.push.id} ${n}`)
      if (ctx.match[2]) {
        ctx.handoff('asked')
        await ctx.reply(`${ctx.push.id} handed over`)
      }
    })
    bot.on('event:user_enter_tempsession', (ctx) => ctx.reply('您好'))
    const parts = { ...this.#parts(), bot, allowance: rules, onQueued: () => this.#outbox.wake() }
    this.#handling = new PushHandler(parts)
    this.commands = new Commands(parts)
    this.#outbox = this.#newOutbox()
  }

  #parts() {
    const { store } = this.#test
    const wait = async (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1))
    return { store, shards: everyShard, logger: silentLogger, now: () => this.now, wait }
  }

  #newOutbox(): Outbox {
    const send = async (): Promise<void> => {
      this.requests++
      const outcome = await new Promise<Outcome>((finish) => (this.#inFlight = { finish }))
      this.#inFlight = undefined
      const error = errorOf(outcome)
      if (error) throw error
    }
    const sender = { send, setTyping: async () => undefined }
    return new Outbox({ ...this.#parts(), allowance: rules, senderOf: () => sender, remedyFor })
  }

  async push(fields: Record<string, unknown>): Promise<void> {
    const id = ++this.#pushes
    const plaintext = JSON.stringify({
      ToUserName: 'gh_1',
      FromUserName: 'oLin',
      CreateTime: this.now / 1000,
      MsgId: id,
      ...fields,
    })
    const push = restorePush({ appId, plaintext })
    const row = { appId, openId: 'oLin', format: 'json', plaintext, receivedAt: this.now } as const
    const { id: pushId } = await this.#test.store.pushes.append({ ...row, dedupeKey: push.id })
    await answersOf(this.#handling, [{ pushId, push, receivedAt: this.now, run: newRun() }])
    const { id: found } = await this.#test.store.db
      .selectFrom('conversation')
      .select('id')
      .executeTakeFirstOrThrow()
    this.conversationId = found
    this.#outbox.wake()
  }

  finish(outcome: Outcome): void {
    this.#inFlight?.finish(outcome)
  }

  wake(): void {
    this.#outbox.wake()
  }

  /** The process is gone, whatever it had under way, and another one begins. */
  async restart(): Promise<void> {
    void this.#outbox.stop()
    this.#inFlight = undefined
    this.#outbox = this.#newOutbox()
    await this.#outbox.start()
  }

  async ids(): Promise<number[]> {
    return (await this.#rows()).map(({ id }) => id)
  }

  #rows() {
    return this.#test.store.db
      .selectFrom('message')
      .select(['id', 'state', 'author', 'content'])
      .where('direction', '=', 'outgoing')
      .orderBy('id')
      .execute()
  }

  /** Compares all that is kept with what is expected, once the outbox has come to rest. */
  async agrees(model: Model): Promise<void> {
    await expect
      .poll(async () => (await this.#rows()).map(({ state }) => state), { timeout: 10_000, interval: 2 })
      .toEqual(model.sent.map(({ state }) => state))
    await expect.poll(() => this.#inFlight !== undefined, { interval: 1 }).toBe(model.inFlight !== undefined)
    if (!model.known) return
    const { status, agent_id, epoch, corrected } = await this.#test.store.db
      .selectFrom('conversation')
      .select(['status', 'agent_id', 'epoch', 'corrected'])
      .executeTakeFirstOrThrow()
    expect({ status, agent: agent_id, epoch, corrected: corrected !== null }).toEqual({
      status: model.status,
      agent: model.agentId,
      epoch: model.epoch,
      corrected: model.corrected,
    })
  }

  async close(): Promise<void> {
    void this.#outbox.stop()
    this.#inFlight?.finish('accepted')
    await this.#outbox.stop()
    await this.#test.remove()
  }
}

function errorOf(outcome: Outcome): Error | undefined {
  const refused = (errcode: number): ApiError =>
    new ApiError({ errcode, errmsg: 'no', rid: 'r', path: '/send', reason: 'unknown', explanation: '' })
  switch (outcome) {
    case 'accepted':
      return undefined
    case 'refused':
      return refused(70000)
    case 'count':
      return refused(45047)
    case 'window':
      return refused(45015)
    case 'later':
      return refused(45011)
    case 'lost':
      return new NetworkError('lost', { accepted: 'unknown', path: '/send' })
    case 'unreachable':
      return new NetworkError('away', { accepted: 'no', path: '/send' })
  }
}

type Step = fc.AsyncCommand<Model, Scene>

/** A command that passes time, does its part on both sides, and compares them. */
function step(
  name: string,
  run: (model: Model, scene: Scene) => Promise<void>,
  when: (model: Model) => boolean = () => true,
): Step {
  return {
    check: (model) => when(model),
    async run(model, scene) {
      scene.now = model.now += STEP
      await run(model, scene)
      model.settle()
      scene.wake()
      await scene.agrees(model)
      const { people, bot } = model.allowance()
      expect(bot).toBeLessThanOrEqual(people)
      expect(model.wechat.remaining, 'WeChat was sent more than it allows').toBeGreaterThanOrEqual(0)
    },
    toString: () => name,
  }
}

const writes = (replies: number, handsOff: boolean): Step =>
  step(`writes ${replies}${handsOff ? '交' : ''}`, async (model, scene) => {
    await scene.push({ MsgType: 'text', Content: `${replies}${handsOff ? '交' : ''}` })
    model.known = true
    if (model.status === 'closed') model.changeOwner('bot')
    Object.assign(model, { wroteAt: model.now, corrected: false })
    model.sign(rules.afterMessage, 48 * HOUR)
    if (model.status !== 'bot') return
    const reply = (): boolean => {
      if (model.allowance().bot === 0) return false
      model.queue(true)
      return true
    }
    for (let n = 0; n < replies; n++)
      if (!reply()) {
        model.changeOwner('waiting')
        return
      }
    if (handsOff) {
      model.changeOwner('waiting')
      reply()
    } else if (replies === 0) model.changeOwner('waiting')
  })

const enters = step('enters', async (model, scene) => {
  await scene.push({ MsgType: 'event', Event: 'user_enter_tempsession', SessionFrom: 'home' })
  model.known = true
  Object.assign(model, { enteredAt: model.now, corrected: false })
  model.sign(rules.afterEnter, 60_000)
  if (model.status !== 'bot' && model.status !== 'closed') return
  if (model.allowance().bot > 0) model.queue(true)
  else model.changeOwner('waiting')
})

const changes = (type: 'take' | 'release' | 'close' | 'reopen', agentId: number): Step =>
  step(
    `${type} ${agentId}`,
    async (model, scene) => {
      const change = type === 'take' ? ({ type, agentId } as const) : ({ type } as const)
      const done = await scene.commands
        .change(scene.conversationId, change, { agentId, admin: true })
        .then(() => true, onlyCommandErrors)
      const { status } = model
      const same =
        (type === 'take' && status === 'assigned' && model.agentId === agentId) ||
        (type === 'release' && status === 'bot') ||
        (type === 'close' && status === 'closed') ||
        (type === 'reopen' && status !== 'closed')
      expect(done).toBe(!(type === 'release' && status === 'closed'))
      if (same || !done) return
      if (type === 'take') model.changeOwner('assigned', agentId)
      else model.changeOwner(type === 'release' ? 'bot' : type === 'close' ? 'closed' : 'waiting')
      if (type !== 'reopen')
        for (const message of model.sent)
          if (message.bot && message.state === 'queued') message.state = 'cancelled'
    },
    (model) => model.known,
  )

let clientIds = 0
const replies = (agentId: number): Step =>
  step(
    `agent ${agentId} replies`,
    async (model, scene) => {
      const message: OutgoingMessage = { msgType: 'text', content: '在' }
      const clientId = String(++clientIds)
      const submit = async (): Promise<boolean> =>
        scene.commands
          .send(scene.conversationId, message, { agentId, clientId })
          .then(() => true, onlyCommandErrors)
      const may = model.status === 'assigned' && model.agentId === agentId && model.allowance().people > 0
      expect(await submit()).toBe(may)
      if (!may) return
      model.queue(false)
      // The same submit again is the same message.
      expect(await submit()).toBe(true)
    },
    (model) => model.known,
  )

const steps = (what: 'retry' | 'cancel' | 'accept' | 'fail', nth: number): Step =>
  step(
    `${what} ${nth}`,
    async (model, scene) => {
      const index = nth % model.sent.length
      const message = model.sent[index]
      const id = (await scene.ids())[index]
      if (!message || id === undefined) throw new Error('there is no such message')
      const done = await scene.commands
        .step(id, what, { agentId: model.agentId ?? 1 })
        .then(() => true, onlyCommandErrors)
      const { state } = message
      const may = {
        retry: (state === 'failed' || state === 'cancelled') && model.allowance().people > 0,
        cancel: state === 'queued',
        accept: state === 'unknown',
        fail: state === 'unknown',
      }[what]
      expect(done).toBe(may && model.status === 'assigned')
      if (!done) return
      message.state = ({ retry: 'queued', cancel: 'cancelled', accept: 'accepted', fail: 'failed' } as const)[
        what
      ]
      Object.assign(message, { epoch: model.epoch, notBefore: 0 })
    },
    (model) => model.sent.length > 0,
  )

const answers = (outcome: Outcome): Step =>
  step(
    `WeChat: ${outcome}`,
    async (model, scene) => {
      const message = model.inFlight
      if (!message) return
      scene.finish(outcome)
      const taken = message.bot && message.epoch < model.epoch && model.status !== 'waiting'
      const signs = Math.max(model.wroteAt ?? 0, model.enteredAt ?? 0)
      switch (outcome) {
        case 'accepted':
        case 'lost':
          Object.assign(message, { state: outcome === 'lost' ? 'unknown' : 'accepted', leftBy: model.now })
          model.wechat.remaining--
          return
        case 'count':
        case 'window':
          if (message.leftAt >= signs) model.corrected = true
          message.state = 'failed'
          return
        case 'refused':
          message.state = 'failed'
          return
        case 'later':
        case 'unreachable': {
          const pause = outcome === 'later' ? 60_000 : Math.min(1000 * 2 ** (message.attempts - 1), 60_000)
          Object.assign(message, { state: taken ? 'cancelled' : 'queued', notBefore: model.now + pause })
        }
      }
    },
    (model) => model.inFlight !== undefined,
  )

const passes = (milliseconds: number): Step =>
  step(`${milliseconds} ms pass`, async (model, scene) => {
    scene.now = model.now += milliseconds
  })

const restarts = step('the process is killed', async (model, scene) => {
  const message = model.inFlight
  if (message) {
    Object.assign(message, { state: 'unknown', leftBy: model.now })
    model.wechat.remaining--
  }
  await scene.restart()
})

/** False for what people are refused; anything else is a mistake. */
function onlyCommandErrors(error: unknown): false {
  if (error instanceof CommandError || error instanceof AllowanceError) return false
  throw error
}

const agent = fc.integer({ min: 1, max: 2 })
const all = [
  fc.tuple(fc.integer({ min: 0, max: 4 }), fc.boolean()).map(([n, handsOff]) => writes(n, handsOff)),
  fc.constant(enters),
  fc
    .tuple(fc.constantFrom('take', 'take', 'release', 'close', 'reopen' as const), agent)
    .map(([type, id]) => changes(type, id)),
  agent.map(replies),
  agent.map(replies),
  fc
    .tuple(fc.constantFrom('retry', 'cancel', 'accept', 'fail' as const), fc.nat({ max: 20 }))
    .map(([what, nth]) => steps(what, nth)),
  fc
    .constantFrom<Outcome[]>(
      'accepted',
      'accepted',
      'refused',
      'count',
      'window',
      'lost',
      'later',
      'unreachable',
    )
    .map(answers),
  fc.constant(answers('accepted')),
  fc.constantFrom(30_000, 61_000, 48 * HOUR).map(passes),
  fc.constant(restarts),
]

const [kind = 'sqlite'] = await storeKinds()

describe('a conversation on SQLite', () => {
  it('is, whatever happens to it, as a simple model says: owners, epochs, allowance, and what becomes of each message', async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(all, { maxCommands: 30 }), async (commands) => {
        const scene = new Scene(await makeStore(kind))
        try {
          await fc.asyncModelRun(() => ({ model: new Model(), real: scene }), commands)
        } finally {
          await scene.close()
        }
      }),
      { numRuns: runs(100), interruptAfterTimeLimit: 120_000 },
    )
  }, 180_000)
})
