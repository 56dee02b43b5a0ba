import type { ApiCall, AppInput, AppView, Delivery, Fault, FaultInput } from './protocol.js'
import type { Stub, StubInput } from './protocol-setup.js'
import type { FakeModel } from './model/fake-model.js'
import type { QuirkSwitches } from './quirks.js'
import type { UserHandle } from './user-handle.js'

/** What `settingsFrom` gives an Api, and an app has no use for. */
export interface ApiSettings {
  url?: string | undefined
  language?: 'zh' | 'en' | undefined
  errorsUrl?: string | undefined
}

/** Makes things go wrong. */
export interface FaultControl {
  /** Throws ConfigError when the fault makes no sense. */
  add(input: FaultInput): Fault
  /** Takes all of them away, and lets go the pushes that one keeps back. */
  clear(): void
  /** Those that will still happen. */
  readonly items: readonly Fault[]
}

/** Answers for paths that the emulator does not play. */
export interface StubControl {
  /** Throws ConfigError when it makes no sense, or the emulator answers that path itself. */
  add(input: StubInput): Stub
  /** Takes one away; false when there is none. */
  remove(id: string): boolean
  clear(): void
  readonly items: readonly Stub[]
}

/** One WeChat: apps, customers, faults, time and records that no other world sees. */
export interface EmulatedWorld {
  /** Where the API, the control API and the phone are. */
  readonly url: string
  /** WeChat's odd ways that can be switched. */
  readonly quirks: Pick<QuirkSwitches, 'now' | 'set'>
  /**
   * Adds an app, or gives it new settings; what settings for an Api hold besides is passed over.
   * Throws ConfigError.
   */
  addApp(input: AppInput & ApiSettings): AppView
  /** Forgets an app and all that is its own, and gives up its pushes; false when there is none. */
  removeApp(appId: string): Promise<boolean>
  /** Forgets all of an app but its settings and tokens; false when there is none. */
  resetApp(appId: string): Promise<boolean>
  /** A customer; `appId` may be left out while there is one app. Throws ConfigError. */
  user(openId: string, appId?: string): UserHandle
  readonly faults: FaultControl
  readonly stubs: StubControl
  /** An OpenAI-compatible model at /_model/v1 of the world's address. */
  readonly model: FakeModel
  /** The last 1000 pushes, oldest first. */
  readonly deliveries: readonly Delivery[]
  /** The last 1000 API calls, oldest first. */
  readonly calls: readonly ApiCall[]
  /** Ages allowances, typing, official sessions, tokens and media. */
  advance(ms: number): void
  /**
   * Forgets customers, messages, faults, stubs, recorded pushes and calls, and the clock; apps and their tokens stay.
   */
  reset(): Promise<void>
}
