import type { Load } from './load.js'
import type { CrashPoint } from './server-process.js'
import type { Verdict } from './verdict.js'
import { until, within, type World } from './world.js'

/** What a point's own check looks at. */
export interface Aftermath {
  readonly world: World
  readonly load: Load
  readonly verdict: Verdict
}

/** A moment of the work at which a process is ended, and what must hold afterwards. */
export interface Point {
  readonly name: string
  /** The databases that it is shown on; both when not given. */
  readonly only?: 'sqlite' | 'postgres'
  /** With handlers in code. */
  readonly code?: boolean
  /** Begins without a database. */
  readonly fresh?: boolean
  /** In words, for the table: what holds beyond what always does. */
  readonly holds: string
  /** Brings a process to its end at the point, while customers write. */
  strike(world: World, load: Load): Promise<void>
  /** Throws when what must hold does not. */
  check?(aftermath: Aftermath): void
}

type Strike = Point['strike']

/** A process ends by itself, at a moment that the preloaded module knows. */
function inside(crashAt: CrashPoint, act: Strike = async (_, load) => load.start()): Strike {
  return async (world, load) => {
    // All are told, as nobody can say which will come there; the first that does takes the others along.
    const servers = world.slots.map((slot) => world.launch(slot, crashAt))
    const ended = Promise.race(servers.map((server) => server.ended))
    await Promise.race([ended, Promise.all(servers.map((server) => server.ready))])
    const acting = act(world, load)
    const failed = acting.then(() => ended)
    await within(Promise.race([ended, failed]), 'a process to come to its point')
    await Promise.all(world.slots.map((slot) => world.kill(slot)))
    await world.startAll()
    await acting
  }
}

/** A process is ended when a push has come to it, or its answer has left it. */
function atDoor(at: 'received' | 'answered', act: Strike = async (_, load) => load.start()): Strike {
  return async (world, load) => {
    await world.startAll()
    const ended = new Promise<void>((resolve) => {
      world.door.strike({ at, kill: (slot) => world.kill(slot).then(resolve) })
    })
    const acting = act(world, load)
    await within(Promise.race([ended, acting.then(() => ended)]), 'a push to come there')
    await acting
  }
}

/** A process is ended when a message of its comes to WeChat. */
function atWire(at: 'arrival' | 'acceptance' | 'half-answer'): Strike {
  return async (world, load) => {
    await world.startAll()
    const ended = new Promise<void>((resolve) => {
      world.wire.strike({ at, kill: (slot) => world.kill(slot).then(resolve) })
    })
    load.start()
    await within(ended, 'a message to come to WeChat')
  }
}

/** A person writes to a customer who has just had an answer. */
const personWrites: Strike = async (world, load) => {
  const user = world.emulator.user('operson')
  await load.write(user, 1, '单')
  await user.receives({ timeoutMs: 30_000 })
  await load.speak(user.openId, 1)
}

/** A person takes a conversation while the bot's first reply is on its way and two more wait. */
const personTakes: Strike = async (world, load) => {
  const user = world.emulator.user('otaken')
  await load.write(user, 1, '单')
  await user.receives({ timeoutMs: 30_000 })
  world.emulator.faults.add({ path: '/cgi-bin/message/custom/send', openId: user.openId, delayMs: 8000 })
  await load.write(user, 2, '三')
  await user.receives({ timeoutMs: 30_000 })
  const taken = await load.desk.change(user.openId, 'take')
  demand(taken === 'done', 'the person has the conversation at last')
}

function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(`It was demanded that ${what}.`)
}

function nothingUnknown({ verdict }: Aftermath): void {
  const interrupted = verdict.unknown.filter(({ problem }) => problem === 'interrupted')
  demand(interrupted.length === 0, 'nothing is unknown for the end of a process')
}

/** What WeChat accepted of a text, and what the database says of it. */
function struck(times: number): (aftermath: Aftermath) => void {
  return ({ world, verdict }) => {
    const text = world.wire.struckText
    const accepted = world.wire.arrivals.filter((each) => each.text === text && each.errcode === 0)
    demand(accepted.length === times, `WeChat has it ${times} times, not ${accepted.length}`)
    demand(
      verdict.unknown.some((each) => each.text === text),
      'it is unknown',
    )
  }
}

export const points: readonly Point[] = [
  {
    name: 'during-migration',
    fresh: true,
    holds: 'the next start finds no half of a schema',
    strike: async (world: World, load: Load): Promise<void> => {
      const [first = 0] = world.slots
      const migrating = world.launch(first, { when: 'before', commit: 'schema' })
      await within(migrating.ended, 'the migration')
      await world.startAll()
      await world.importRules()
      load.start()
    },
  },
  {
    name: 'before-push-commit',
    holds: 'WeChat was not told success; its next attempt is taken',
    strike: inside({ when: 'before', commit: 'push' }),
    check: nothingUnknown,
  },
  {
    name: 'after-push-commit-before-ack',
    holds: 'WeChat’s next attempt is known as a repeat: handled once, answered once',
    strike: inside({ when: 'after', commit: 'push' }),
    check: ({ world }: Aftermath): void => {
      demand(
        world.emulator.deliveries.some(({ attempts }) => attempts.length > 1),
        'WeChat tried again',
      )
    },
  },
  {
    name: 'push-received-before-ack',
    holds: 'wherever the push was by then, it is handled once',
    strike: atDoor('received'),
  },
  {
    name: 'after-ack',
    holds: 'the next process answers what was acknowledged',
    strike: atDoor('answered'),
  },
  {
    name: 'after-ack-in-handler',
    code: true,
    holds: 'a handler in code that was still running is run again; its reply goes out once',
    strike: atDoor('answered', async (world, load) => {
      await load.write(world.emulator.user('oslow'), 1, '慢')
    }),
    check: ({ world, load }: Aftermath): void => {
      demand(load.written[0]?.acknowledged === true, 'WeChat was told success')
      const got = world.emulator.user('oslow').messages.filter(({ from }) => from === 'service')
      demand(got.length === 1, `one reply arrives, not ${got.length}`)
    },
  },
  {
    name: 'in-handler-after-a-reply',
    code: true,
    holds: 'the handler is run again; the reply that was queued is not queued twice',
    strike: inside({ when: 'after', commit: 'reply' }),
  },
  {
    name: 'in-handling-before-commit',
    holds: 'nothing of the handling is kept; it is done again in whole',
    strike: inside({ when: 'before', commit: 'handling' }),
    check: nothingUnknown,
  },
  {
    name: 'after-handling-before-send',
    holds: 'the next process sends the replies that were queued',
    strike: inside({ when: 'after', commit: 'handling' }),
  },
  {
    name: 'before-leave-commit',
    holds: 'the reply had not left; it leaves once',
    strike: inside({ when: 'before', commit: 'leave' }),
    check: nothingUnknown,
  },
  {
    name: 'leave-committed-before-request',
    holds: 'unknown though it never left: nobody can tell, so nobody sends it again',
    strike: inside({ when: 'after', commit: 'leave' }),
    check: ({ world, verdict }: Aftermath): void => {
      demand(verdict.unknown.length > 0, 'something is unknown')
      const texts = new Set(verdict.unknown.map(({ text }) => text))
      demand(!world.wire.arrivals.some(({ text }) => texts.has(text)), 'nothing of it is sent')
    },
  },
  {
    name: 'request-arrived-before-acceptance',
    holds: 'unknown; WeChat never has it',
    strike: atWire('arrival'),
    check: struck(0),
  },
  {
    name: 'accepted-before-answer',
    holds: 'unknown; WeChat has it once',
    strike: atWire('acceptance'),
    check: struck(1),
  },
  {
    name: 'half-the-answer',
    holds: 'unknown; WeChat has it once',
    strike: atWire('half-answer'),
    check: struck(1),
  },
  {
    name: 'answer-received-before-outcome-commit',
    holds: 'unknown; WeChat has it once',
    strike: inside({ when: 'before', commit: 'outcome' }),
    check: ({ verdict }: Aftermath): void => {
      demand(verdict.unknownArrived > 0, 'something is unknown that WeChat has')
    },
  },
  {
    name: 'after-outcome-commit',
    holds: 'accepted; not sent again',
    strike: inside({ when: 'after', commit: 'outcome' }),
  },
  {
    name: 'taking-over-at-start',
    holds: 'ended in a send, and again when that is taken over: unknown, not sent again',
    strike: async (world: World, load: Load): Promise<void> => {
      await atWire('acceptance')(world, load)
      await Promise.all(world.slots.map((slot) => world.kill(slot)))
      const [first = 0] = world.slots
      const adopting = world.launch(first, { when: 'before', commit: 'adopt' })
      await within(adopting.ended, 'the next process to take over')
    },
    check: struck(1),
  },
  {
    name: 'before-the-token-is-kept',
    holds: 'the lease on fetching the access token lapses; sends go on',
    strike: inside({ when: 'before', commit: 'token' }),
    check: ({ verdict }: Aftermath): void => {
      demand(verdict.accepted > 0, 'sends go on')
    },
  },
  {
    name: 'away-while-a-customer-writes',
    holds: 'what leaves before their message comes at last is counted: no more than WeChat allows',
    strike: async (world: World, load: Load): Promise<void> => {
      const user = world.emulator.user('owaiting')
      const servers = world.slots.map((slot) => world.launch(slot, { when: 'after', commit: 'handling' }))
      await Promise.all(servers.map((server) => server.ready))
      // Three replies are queued, and none has left, when all end.
      const first = load.write(user, 1, '三')
      await within(Promise.race(servers.map((server) => server.ended)), 'the handling')
      await Promise.all(world.slots.map((slot) => world.kill(slot)))
      world.door.shut(true)
      const second = load.write(user, 2, '三')
      await world.startAll()
      const sent = (): number => world.wire.arrivals.filter(({ openId }) => openId === user.openId).length
      await until(async () => sent() >= 3, 'the replies that were queued')
      world.door.shut(false)
      await Promise.all([first, second])
      await world.drained()
    },
    check: ({ world }: Aftermath): void => {
      const { messages } = world.emulator.user('owaiting')
      demand(messages.filter(({ from }) => from === 'service').length <= 5, 'it is at most five')
    },
  },
  {
    name: 'during-stop',
    holds: 'a stop that is cut short leaves what a kill leaves',
    strike: async (world: World, load: Load): Promise<void> => {
      await world.startAll()
      load.start()
      await until(async () => load.acknowledged > 5, 'messages before the stop')
      for (const slot of world.slots) world.server(slot).signal('SIGTERM')
      const stopping = (slot: number): boolean => world.server(slot).log.includes('"stopping"')
      await until(async () => world.slots.some(stopping), 'the stop')
      await Promise.all(world.slots.map((slot) => world.kill(slot)))
    },
  },
  {
    name: 'during-checkpoint',
    only: 'sqlite',
    holds: 'with the WAL moved into the file at each commit, ended three times: the file is whole',
    strike: async (world: World, load: Load): Promise<void> => {
      for (let i = 0; i < 3; i++) {
        const before = load.acknowledged
        await world.start(0, { checkpoints: true })
        load.start()
        await until(async () => load.acknowledged > before + 3, 'messages with checkpoints')
        await world.kill(0)
      }
    },
  },
  {
    name: 'person-wrote-before-commit',
    holds: 'asked again, it is queued; it is sent once',
    strike: inside({ when: 'before', commit: 'person' }, personWrites),
    check: ({ world, load }: Aftermath): void => {
      const sent = world.wire.arrivals.filter(({ text }) => text === load.spoken[0]?.text)
      demand(load.spoken[0]?.outcome === 'done' && sent.length === 1, 'it is sent once')
    },
  },
  {
    name: 'person-wrote-after-commit',
    holds: 'asked again, it is known; it is sent once',
    strike: inside({ when: 'after', commit: 'person' }, personWrites),
    check: ({ world, load }: Aftermath): void => {
      const sent = world.wire.arrivals.filter(({ text }) => text === load.spoken[0]?.text)
      demand(load.spoken[0]?.outcome === 'done' && sent.length === 1, 'it is sent once')
    },
  },
  {
    name: 'take-before-commit',
    holds: 'the bot has the conversation still, and its replies; asked again, the person has it',
    strike: inside({ when: 'before', commit: 'take' }, personTakes),
  },
  {
    name: 'take-after-commit',
    holds: 'the bot’s replies that waited are cancelled and never leave; asked again, the person has it',
    strike: inside({ when: 'after', commit: 'take' }, personTakes),
    check: ({ world }: Aftermath): void => {
      const sent = world.wire.arrivals.filter(({ openId }) => openId === 'otaken')
      demand(sent.length === 2, `the two that had left are all that was sent, not ${sent.length}`)
    },
  },
  {
    name: 'during-lease-renewal',
    only: 'postgres',
    holds: 'its leases lapse; the other process goes on',
    strike: async (world: World, load: Load): Promise<void> => {
      await world.start(0)
      const renewing = world.launch(1, { when: 'before', commit: 'renewal', nth: 4 })
      load.start()
      await within(renewing.ended, 'the renewal')
    },
  },
  {
    name: 'one-of-two-ends',
    only: 'postgres',
    holds: 'the other has all the work within 10 s',
    strike: async (world: World, load: Load): Promise<void> => {
      await world.startAll()
      load.start()
      await until(async () => load.acknowledged > 5, 'messages to both')
      await world.kill(1)
      const killed = Date.now()
      // Of all parts of the work.
      const late = Array.from({ length: 16 }, (_, i) => world.emulator.user(`olate${i}`))
      await Promise.all(late.map((user) => load.write(user, 1, '单')))
      const answered = (): boolean =>
        late.every((user) => user.messages.some(({ from }) => from === 'service'))
      await until(async () => answered(), 'the survivor’s replies')
      demand(Date.now() - killed < 10_000, 'it takes less than 10 s')
    },
  },
  {
    name: 'away-beyond-its-lease',
    only: 'postgres',
    holds: 'one that stood still for longer than its lease does nothing of its old work when it goes on',
    strike: async (world: World, load: Load): Promise<void> => {
      await world.startAll()
      load.start()
      await until(async () => load.acknowledged > 5, 'messages to both')
      world.server(1).signal('SIGSTOP')
      world.door.set(1, undefined)
      const stopped = Date.now()
      await until(async () => Date.now() - stopped > 7000, 'the leases to lapse')
      world.server(1).signal('SIGCONT')
      const before = load.acknowledged
      await until(async () => load.acknowledged > before + 5, 'messages after it went on')
      await world.kill(1)
    },
  },
]
