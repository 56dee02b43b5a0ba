/** The JSON of worlds, of what is there at the start, and of answers for other paths: part of protocol.ts. */
import type {
  AppInput,
  AppView,
  Fault,
  FaultInput,
  InBusiness,
  QuirksInput,
  UserMessageContent,
  UserView,
} from './protocol.js'

/** A message that a customer has sent before. */
export type SaidInput = InBusiness &
  Extract<UserMessageContent, { msgType: 'text' | 'miniprogrampage' | 'other' }>

/** A customer who has entered or written before. */
export interface CustomerInput {
  /** Made by the emulator when not given. */
  openId?: string
  /** That they tapped the contact button, and with which session-from. */
  entered?: boolean | ({ sessionFrom?: string } & InBusiness)
  /** Their messages, oldest first; a text may stand alone. */
  said?: (string | SaidInput)[]
  /** Pushes all that to the service, as it would be now. False when not given: nothing is. */
  pushed?: boolean
}

/** What there is at the start: a seed file. */
export interface SetupInput {
  apps?: AppInput[]
  /** `appId` may be left out while there is one app. */
  users?: (CustomerInput & { appId?: string })[]
  faults?: FaultInput[]
  stubs?: StubInput[]
}

/** What became of a SetupInput. */
export interface SetupView {
  apps: AppView[]
  users: UserView[]
  faults: Fault[]
  stubs: Stub[]
}

/** Any JSON. A text alone is answered as it stands. */
export type StubAnswer =
  string | number | boolean | null | readonly unknown[] | { readonly [name: string]: unknown }

/** An answer for a path that the emulator does not play. */
export interface StubInput {
  path: string
  answer: StubAnswer
  /** Any when not given. */
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** 200 when not given. */
  status?: number
  headers?: Record<string, string>
  /** How often; as long as it is there when not given. */
  times?: number
  /** Whether a call needs an access token, as WeChat's do: true when not given. */
  needsToken?: boolean
}

export interface Stub extends StubInput {
  id: string
  needsToken: boolean
  /** How often it was given. */
  used: number
  /** How often it will still be given; null for ever. */
  remaining: number | null
}

/** A world of its own in the same emulator, and what there is in it at the start. */
export interface WorldInput extends SetupInput {
  name: string
  /** The same ids, tokens and nonces in each run. */
  seed?: string
  /** Where the clock stands still: milliseconds since 1970, or a time with its zone, such as 2026-01-01T08:00:00+08:00. */
  clock?: number | string
  quirks?: QuirksInput
}

export interface WorldView {
  name: string
  /** Its API; `/_emulator` below it is its control API, and it is the address of its phone. */
  url: string
}
