import type { AppView, EmulatorEvent, PhoneMessage, UserView } from '../../../src/emulator/protocol.js'
import { EmulatorError, type Client, type Customer } from './client.js'
import { applyEvent, customerKey, maxEntries, type EmulatorState, type Snapshot } from './state.js'

/** What an event stream tells. */
export interface StreamListener {
  opened(): void
  data(text: string): void
  /** `comesBack` when the stream tries again by itself. */
  broken(comesBack: boolean): void
}

/** Opens `/_emulator/events`; returns how to close it. */
export type OpenStream = (listener: StreamListener) => () => void

export interface LiveOptions {
  client: Client
  state: EmulatorState
  openStream: OpenStream
  /** The customers whose phones are shown, which depends on the apps there are. */
  customers: (apps: readonly AppView[]) => Customer[]
  /** How long to wait before trying again what EventSource does not try again itself. */
  retryMs?: number
}

export interface Live {
  /** Reads what a phone that was just added must know. */
  watch(customer: Customer): Promise<void>
  close(): void
}

/**
 * Keeps the state up with the emulator: events as they come, and after each (re)connection everything anew, for
 * the emulator may have gone on, or begun again, meanwhile. Events that arrive while that is read are applied after it.
 */
export function connect(options: LiveOptions): Live {
  const { client, state, openStream, customers, retryMs = 1500 } = options
  let closeStream = (): void => undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let generation = 0
  /** Events held while a snapshot is being read; null when it is not. */
  let held: EmulatorEvent[] | null = null

  function open(): void {
    closeStream = openStream({
      opened: () => void resync(),
      data: (text) => {
        receive(decodeEvent(text))
      },
      broken(comesBack) {
        generation++
        state.link = 'lost'
        if (!comesBack) later(open)
      },
    })
  }

  function later(run: () => void): void {
    clearTimeout(timer)
    timer = setTimeout(run, retryMs)
  }

  function receive(event: EmulatorEvent): void {
    if (held === null) applyEvent(state, event)
    else held.push(event)
  }

  async function resync(): Promise<void> {
    const mine = ++generation
    held = []
    try {
      const snapshot = await read(client, customers)
      if (mine !== generation) return
      for (const event of held) applyEvent(snapshot, event)
      held = null
      Object.assign(state, snapshot, { link: 'live' })
      // Phones that were added while the snapshot was read are not in it.
      for (const customer of customers(snapshot.apps))
        if (!(customerKey(customer) in snapshot.messages)) await watch(customer)
    } catch (error) {
      if (!(error instanceof EmulatorError)) throw error
      if (mine === generation) later(() => void resync())
    }
  }

  async function watch(customer: Customer): Promise<void> {
    const mine = generation
    const known = await readCustomer(client, customer)
    if (mine !== generation) return
    for (const message of known.messages) applyEvent(state, { type: 'message', message })
    if (known.user !== null) applyEvent(state, { type: 'user', user: known.user })
  }

  open()
  return {
    watch,
    close() {
      clearTimeout(timer)
      generation++
      closeStream()
    },
  }
}

async function read(client: Client, customers: LiveOptions['customers']): Promise<Snapshot> {
  const apps = await client.apps()
  const [deliveries, calls, faults, model, modelCalls, clock, known] = await Promise.all([
    client.deliveries(),
    client.calls(),
    client.faults(),
    client.model(),
    client.modelCalls(),
    client.clock(),
    Promise.all(
      customers(apps).map(async (customer) => ({ customer, ...(await readCustomer(client, customer)) })),
    ),
  ])
  const snapshot: Snapshot = {
    apps,
    deliveries: deliveries.slice(-maxEntries),
    calls: calls.slice(-maxEntries),
    faults,
    model,
    modelCalls: modelCalls.slice(-maxEntries),
    clock,
    users: {},
    messages: {},
  }
  for (const { customer, messages, user } of known) {
    snapshot.messages[customerKey(customer)] = messages
    if (user !== null) snapshot.users[customerKey(customer)] = user
  }
  return snapshot
}

interface Known {
  messages: PhoneMessage[]
  user: UserView | null
}

/** A customer that the emulator does not know, or whose Mini Program it does not know, has nothing yet. */
async function readCustomer(client: Client, customer: Customer): Promise<Known> {
  try {
    const [messages, user] = await Promise.all([client.messages(customer), client.user(customer)])
    return { messages, user }
  } catch (error) {
    if (error instanceof EmulatorError && error.code !== 'unreachable') return { messages: [], user: null }
    throw error
  }
}

function decodeEvent(data: string): EmulatorEvent {
  return JSON.parse(data) as EmulatorEvent
}
