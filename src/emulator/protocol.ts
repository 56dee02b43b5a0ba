/**
 * The JSON of the emulator's control API and live events. The phone page imports these types; scripts in
 * any language rely on the paths (docs/emulator.md).
 *
 *   POST   /_emulator/apps                                    AppInput → AppView
 *   GET    /_emulator/apps                                    { items: AppView[] }
 *   DELETE /_emulator/apps/:appId                             204: the app and all that is its own, also when there is none
 *   POST   /_emulator/apps/:appId/reset                       204: all of the app but its settings and access tokens
 *   GET    /_emulator/apps/:appId/users                       { items: UserView[] }
 *   POST   /_emulator/apps/:appId/users                       CustomerInput → UserView
 *   POST   /_emulator/apps/:appId/users/:openId/messages      UserMessageInput → Delivery | { message, delivery: null }
 *   POST   /_emulator/apps/:appId/users/:openId/enter         { sessionFrom?, businessId? } → Delivery
 *   POST   /_emulator/apps/:appId/users/:openId/raw           { plaintext, format? } → Delivery: any text, signed and sealed
 *   GET    /_emulator/apps/:appId/users/:openId/messages      ?after=&wait= → { items: PhoneMessage[] }
 *   GET    /_emulator/apps/:appId/users/:openId               UserView
 *   POST   /_emulator/apps/:appId/users/:openId/official      OfficialInput → UserView
 *   POST   /_emulator/apps/:appId/verify                      → VerifyResult (WeChat's GET with an echostr)
 *   POST   /_emulator/media                                   the picture's bytes → { mediaId, url }
 *   GET    /_emulator/media/:mediaId                          the picture's bytes
 *   GET    /_emulator/deliveries                              ?after=&wait=&appId=&openId=&ended= → { items: Delivery[] }
 *   GET    /_emulator/calls                                   ?after=&wait=&appId=&openId=&path= → { items: ApiCall[] }
 *   GET    /_emulator/faults                                  { items: Fault[] }
 *   POST   /_emulator/faults                                  FaultInput → Fault
 *   DELETE /_emulator/faults                                  204
 *   POST   /_emulator/seed                                    SetupInput → SetupView
 *   GET    /_emulator/stubs                                   { items: Stub[] }
 *   POST   /_emulator/stubs                                   StubInput → Stub
 *   DELETE /_emulator/stubs                                   204
 *   DELETE /_emulator/stubs/:stubId                           204
 *   GET    /_emulator/worlds                                  { items: WorldView[] }
 *   POST   /_emulator/worlds                                  WorldInput → WorldView
 *   DELETE /_emulator/worlds/:world                           204, also when there is none
 *   GET    /_emulator/model                                   ModelView
 *   POST   /_emulator/model/profile                           { profile } → 204
 *   POST   /_emulator/model/script                            { lines: [{ when?, answer, times? }] } → 204
 *   POST   /_emulator/model/faults                            ModelFaultInput → 204
 *   DELETE /_emulator/model/faults                            204
 *   GET    /_emulator/model/requests                          ?after=&wait= → { items: ModelCall[] }
 *   POST   /_emulator/clock                                   { advanceMs } → ClockView
 *   GET    /_emulator/clock                                   ClockView
 *   POST   /_emulator/quirks                                  QuirksInput → Quirks
 *   GET    /_emulator/quirks                                  Quirks
 *   POST   /_emulator/reset                                   204: users, messages, faults, stubs and clock; apps stay
 *   GET    /_emulator/health                                  { status: 'ok' }, whatever it is called by, without a key
 *   GET    /_emulator/openapi.json                            this API as OpenAPI 3.1, without a key
 *   POST   /_emulator/session                                 { key } → 204 with a cookie, for pages
 *   GET    /_emulator/events                                  server-sent events, each `data:` an EmulatorEvent
 *
 * A POST that pushes answers when the push has been answered or has failed at last; at once, with what there is,
 * when a reorder fault keeps it back, or with `?wait=false`. `?after=` takes the sequence of the last item that
 * one has, also with a phone's messages; with `?wait=` (milliseconds, at most 60000) such a list is answered as soon as
 * it has an item. A POST to …/official while WeChat's own agents do not have the
 * conversation is a 409.
 *
 * The same below /w/NAME, or with the header X-Emulator-World: NAME, is that of another world. Health, the session and
 * the list of worlds are the whole emulator's.
 *
 * Where the emulator has a key, requests carry it (Authorization: Bearer KEY), or the cookie.
 *
 * An error is { error: { code, message } }.
 */
import type { OutgoingType, ShownOf } from '../wechat/messages/index.js'
import type { Answer, Format, Mode } from '../wechat/wire.js'
import type { ModelCall, ModelView } from './model/model-input.js'
import type { Stub } from './protocol-setup.js'

export interface AppInput {
  appId: string
  appSecret: string
  token: string
  encodingAESKey?: string
  /** `secure` when not given. */
  mode?: Mode
  /** `json` when not given. */
  format?: Format
  /** Where pushes go. */
  pushUrl: string
  /** The Content-Type that pushes carry, when it should differ from their format (WeChat has pushed JSON as text/xml). */
  contentType?: string
  /** The Mini Program's name on the phone. */
  name?: string
  /** The original id, `gh_…`; derived from the appId when not given. */
  originalId?: string
}

/** An app without its secrets. */
export interface AppView {
  appId: string
  name: string
  originalId: string
  mode: Mode
  format: Format
  pushUrl: string
}

/** The session of a sub-merchant (客服子商户) in which a customer does something. */
export interface InBusiness {
  businessId?: number | string
}

/** A customer's message. Images: upload the bytes first. */
export type UserMessageInput = InBusiness & UserMessageContent

export type UserMessageContent =
  | { msgType: 'text'; content: string }
  | { msgType: 'image'; mediaId: string }
  | {
      msgType: 'miniprogrampage'
      title: string
      pagePath: string
      appId?: string
      thumbMediaId?: string
      thumbUrl?: string
    }
  /** Any other message, in WeChat's names. */
  | { msgType: 'other'; type: string; fields?: Record<string, unknown> }
  /** Any other event of the URL, in WeChat's names. */
  | { msgType: 'event'; event: string; fields?: Record<string, unknown> }

/** A message as the phone shows it. */
export interface PhoneMessage {
  id: string
  /** Grows by one with each message of all phones; also what `?after=` and catching up count by. */
  sequence: number
  appId: string
  openId: string
  from: 'user' | 'service' | 'official' | 'system'
  /** Milliseconds since 1970 on the emulator's clock. */
  at: number
  content: PhoneContent
  /** WeChat's grey line 「内容由第三方AI生成」 belongs under the message. */
  isAiMsg?: boolean
}

export type PhoneContent =
  /** `url`, like a card's `thumbUrl` of an uploaded picture, is a path on the emulator. */
  | ShownOf<OutgoingType>
  | { msgType: 'other'; type: string }
  /** WeChat's own grey line. */
  | { msgType: 'system'; kind: 'failure' | 'transferred' | 'official_ended'; content: string }

export interface UserView {
  appId: string
  openId: string
  /** The messages that WeChat would still accept for this customer. */
  allowance: { remaining: number; expiresAt: number }
  /** Until when the service's "typing" shows; null when it does not. */
  typingUntil: number | null
  /** WeChat's own agents have the conversation until then; null when they have not. */
  officialUntil: number | null
}

/** Speaking as WeChat's own agent, while the official session lasts. */
export type OfficialInput = { action: 'say'; content: string } | { action: 'close' }

/** One push with all its attempts. */
export interface Delivery {
  id: string
  sequence: number
  appId: string
  openId: string
  /** The phone's message that was pushed; null for an event. */
  messageId: string | null
  /** For the eye: `text`, `image`, `user_enter_tempsession`, … */
  kind: string
  format: Format
  mode: Mode
  /** The push, decrypted. */
  plaintext: string
  /** Those that have ended. Under a duplicate fault the first two run side by side. */
  attempts: DeliveryAttempt[]
  /** `pending` while attempts go on; `held` while a reorder fault keeps it back. */
  state: 'pending' | 'held' | 'answered' | 'failed'
  /** How the push was answered in the end; null while pending or when all attempts failed. */
  answer: Answer | null
}

export interface DeliveryAttempt {
  number: number
  /** Milliseconds since 1970, real time. */
  startedAt: number
  durationMs: number
  request: { method: 'POST'; url: string; headers: Record<string, string>; body: string }
  /** null when no answer came. */
  response: { status: number; headers: Record<string, string>; body: string; plaintext: string } | null
  /** Why WeChat would count the attempt as failed; null when it would not. */
  problem: string | null
}

/** One call of the API by the service. */
export interface ApiCall {
  id: string
  sequence: number
  /** null for a call without a valid token. */
  appId: string | null
  /** The customer concerned, if any. */
  openId: string | null
  startedAt: number
  durationMs: number
  request: {
    method: string
    path: string
    query: Record<string, string>
    headers: Record<string, string>
    body: string
  }
  /** null when a fault reset the connection. */
  response: { status: number; headers: Record<string, string>; body: string } | null
  /** The answer's errcode, 0 when it has none. */
  errcode: number
  /** The fault that changed this call's fate, if any. */
  faultId: string | null
}

/**
 * A fault for the next `times` times (1 when not given). With one of `errcode`, `delayMs`, `reset`,
 * `status` it concerns API calls: `path` (a prefix, such as /cgi-bin/message/custom/send), `appId` and `openId` say which.
 * With `push` it concerns pushes to the service, `openId` saying whose: `duplicate` pushes the same push twice
 * at once, `reorder` keeps it back until the customer's next push has been made.
 */
export interface FaultInput {
  path?: string
  /** It concerns this app's calls and pushes, and is forgotten with it. */
  appId?: string
  openId?: string
  times?: number
  /** WeChat's answer instead of the real one; nothing is done. */
  errcode?: number
  /** Answer, rightly, so many milliseconds late. */
  delayMs?: number
  /** Cut the connection before the call is carried out, or after. */
  reset?: 'before' | 'after'
  /** An HTML error page with this status instead of an answer; nothing is done. */
  status?: number
  push?: 'duplicate' | 'reorder'
  /**
   * The Content-Type of the answer, empty for none, without a Content-Disposition: what media/get has been seen to do.
   * Alone the answer is right otherwise; with `errcode` it is that refusal's.
   */
  contentType?: string
}

export interface Fault extends FaultInput {
  id: string
  /** How often it will still happen. */
  remaining: number
}

/** WeChat's odd ways that can be switched: `true` plays them. */
export interface Quirks {
  /** In XML, `]]>` in what customers write is not split, and ends its CDATA section. On at first. */
  unsplitCdata: boolean
  /** Control characters in what customers write stand in the push as they are. On at first. */
  rawControlsInXml: boolean
  /** The same in JSON, where no capture of a Mini Program's pushes shows it. Off at first. */
  rawControlsInJson: boolean
  /** JSON is written with line feeds and four blanks, and ends in a line feed. On at first. */
  prettyJson: boolean
  /** A POST to the API without Content-Length is 412 with an empty body. On at first. */
  needsContentLength: boolean
  /** An upload whose file is named by `filename*=` alone is 41005. On at first. */
  needsPlainFilename: boolean
}

export type QuirksInput = Partial<Quirks>

export interface VerifyResult {
  ok: boolean
  status: number | null
  /** The problem in a sentence; null when ok. */
  problem: string | null
}

export interface ClockView {
  /** Milliseconds since 1970 on the emulator's clock, which ages allowances, tokens and media. */
  now: number
  advancedMs: number
  /** Where a clock that stands still began. */
  fixedAt?: number
}

export type EmulatorEvent =
  | { type: 'message'; message: PhoneMessage }
  | { type: 'user'; user: UserView }
  /** Sent again with each attempt. */
  | { type: 'delivery'; delivery: Delivery }
  | { type: 'call'; call: ApiCall }
  | { type: 'app'; app: AppView }
  /** The app is gone with all that was its own; with `app_reset` it stays, and the rest is gone. */
  | { type: 'app_removed'; appId: string }
  | { type: 'app_reset'; appId: string }
  | { type: 'faults'; faults: Fault[] }
  | { type: 'stubs'; stubs: Stub[] }
  | { type: 'model'; model: ModelView }
  | { type: 'model_call'; call: ModelCall }
  | { type: 'clock'; clock: ClockView }
  | { type: 'reset' }
