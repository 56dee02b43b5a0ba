import type { ModelCall, ModelView } from '../../../src/emulator/model/model-input.js'
import type {
  ApiCall,
  AppView,
  ClockView,
  Delivery,
  EmulatorEvent,
  Fault,
  PhoneMessage,
  UserView,
} from '../../../src/emulator/protocol.js'
import type { Customer } from './client.js'

/** What the page knows of the emulator. */
export interface EmulatorState {
  /** `lost` until the event stream is back and everything has been read again. */
  link: 'connecting' | 'live' | 'lost'
  apps: AppView[]
  users: Record<string, UserView>
  messages: Record<string, PhoneMessage[]>
  deliveries: Delivery[]
  calls: ApiCall[]
  faults: Fault[]
  model: ModelView
  modelCalls: ModelCall[]
  clock: ClockView
}

/** Everything there is to know at one moment, for the customers that the page shows. */
export type Snapshot = Omit<EmulatorState, 'link'>

/** Pushes and calls beyond this leave the page, the oldest first. */
export const maxEntries = 500

/** A page that knows nothing yet; `now` in milliseconds since 1970. */
export function emptyState(now: number): EmulatorState {
  return {
    link: 'connecting',
    apps: [],
    users: {},
    messages: {},
    deliveries: [],
    calls: [],
    faults: [],
    model: wellModel(),
    modelCalls: [],
    clock: { now, advancedMs: 0 },
  }
}

/** The key of a customer in `users` and `messages`. */
export function customerKey({ appId, openId }: Customer): string {
  return `${appId}/${openId}`
}

/** Applies one live event. The same event twice does no harm. */
export function applyEvent(state: Snapshot, event: EmulatorEvent): void {
  switch (event.type) {
    case 'message': {
      const key = customerKey(event.message)
      state.messages[key] = inSequence(state.messages[key] ?? [], event.message)
      return
    }
    case 'user':
      state.users[customerKey(event.user)] = event.user
      return
    case 'delivery':
      state.deliveries = inSequence(state.deliveries, event.delivery).slice(-maxEntries)
      return
    case 'call':
      state.calls = inSequence(state.calls, event.call).slice(-maxEntries)
      return
    case 'app':
      state.apps = state.apps.some((app) => app.appId === event.app.appId)
        ? state.apps.map((app) => (app.appId === event.app.appId ? event.app : app))
        : [...state.apps, event.app]
      return
    case 'app_removed':
      state.apps = state.apps.filter(({ appId }) => appId !== event.appId)
      forgetApp(state, event.appId)
      return
    case 'app_reset':
      forgetApp(state, event.appId)
      return
    case 'faults':
      state.faults = event.faults
      return
    case 'stubs':
      // Nothing on the page shows them.
      return
    case 'model':
      state.model = event.model
      return
    case 'model_call': {
      const { call } = event
      const others = state.modelCalls.filter(({ sequence }) => sequence !== call.sequence)
      state.modelCalls = [...others, call].sort((a, b) => a.sequence - b.sequence).slice(-maxEntries)
      return
    }
    case 'clock':
      state.clock = event.clock
      return
    case 'reset':
      Object.assign(state, { users: {}, messages: {}, deliveries: [], calls: [], faults: [], modelCalls: [] })
      state.model = wellModel()
      state.clock = { ...state.clock, now: state.clock.now - state.clock.advancedMs, advancedMs: 0 }
      return
  }
}

function wellModel(): ModelView {
  return { profile: 'openai', faults: [] }
}

/** Takes away what an app's customers have, and what went over its wire. */
function forgetApp(state: Snapshot, appId: string): void {
  const isOthers = (item: { appId: string | null }): boolean => item.appId !== appId
  const ofOthers = <T>(items: Record<string, T>): Record<string, T> =>
    Object.fromEntries(Object.entries(items).filter(([key]) => !key.startsWith(`${appId}/`)))
  state.users = ofOthers(state.users)
  state.messages = ofOthers(state.messages)
  state.deliveries = state.deliveries.filter(isOthers)
  state.calls = state.calls.filter(isOthers)
}

/** The list with the item at its place, instead of an earlier state of the same one. */
function inSequence<T extends { id: string; sequence: number }>(items: readonly T[], item: T): T[] {
  const others = items.filter((other) => other.id !== item.id)
  const place = others.findLastIndex((other) => other.sequence < item.sequence) + 1
  return [...others.slice(0, place), item, ...others.slice(place)]
}
