import { z } from 'zod'
import {
  fieldsOf,
  knownType,
  outgoingTypes,
  type OutgoingType,
  type ShownOf,
} from '../../wechat/messages/index.js'
import type {
  ApiCall,
  AppView,
  ClockView,
  Delivery,
  DeliveryAttempt,
  EmulatorEvent,
  Fault,
  PhoneContent,
  PhoneMessage,
  Quirks,
  UserView,
  VerifyResult,
} from '../protocol.js'
import { modelCallView, modelView } from '../model/model-input.js'
import { faultFields } from '../control-input.js'
import type { SetupView, Stub, WorldView } from '../protocol-setup.js'
import { stubFields } from '../setup-input.js'

/** Milliseconds since 1970. */
const time = z.number()
const format = z.enum(['json', 'xml'])
const mode = z.enum(['plain', 'compatible', 'secure'])
const headers = z.record(z.string(), z.string())

/** A list as it is answered. */
export function listOf<T extends z.ZodType>(item: T): z.ZodObject<{ items: z.ZodArray<T> }, z.core.$strict> {
  return z.strictObject({ items: z.array(item) })
}

export const appView = z
  .strictObject({
    appId: z.string(),
    name: z.string(),
    originalId: z.string(),
    mode,
    format,
    pushUrl: z.string(),
  })
  .meta({ id: 'App' }) satisfies z.ZodType<AppView>

/** Messages of the known types: all that a phone shows of one is text. */
const shownTypes = outgoingTypes.map((msgType) => {
  const type = knownType(msgType)
  const noFields = Object.fromEntries(fieldsOf(type).map(([name]) => [name, '']))
  const names = Object.keys(type.onPhone(noFields, () => '', ''))
  const texts = Object.fromEntries(names.map((name) => [name, z.string()]))
  return z.strictObject({ msgType: z.literal(msgType), ...texts })
}) as unknown as [z.ZodType<ShownOf<OutgoingType>>]

const phoneContent = z
  .union([
    ...shownTypes,
    z.strictObject({ msgType: z.literal('other'), type: z.string() }),
    z.strictObject({
      msgType: z.literal('system'),
      kind: z.enum(['failure', 'transferred', 'official_ended']),
      content: z.string(),
    }),
  ])
  .meta({ id: 'PhoneContent' }) satisfies z.ZodType<PhoneContent>

export const phoneMessage = z
  .strictObject({
    id: z.string(),
    sequence: z.int(),
    appId: z.string(),
    openId: z.string(),
    from: z.enum(['user', 'service', 'official', 'system']),
    at: time,
    content: phoneContent,
    isAiMsg: z.exactOptional(z.boolean()),
  })
  .meta({ id: 'PhoneMessage' }) satisfies z.ZodType<PhoneMessage>

export const userView = z
  .strictObject({
    appId: z.string(),
    openId: z.string(),
    allowance: z.strictObject({ remaining: z.int(), expiresAt: time }),
    typingUntil: time.nullable(),
    officialUntil: time.nullable(),
  })
  .meta({ id: 'Customer' }) satisfies z.ZodType<UserView>

const attempt = z.strictObject({
  number: z.int(),
  startedAt: time,
  durationMs: z.number(),
  request: z.strictObject({ method: z.literal('POST'), url: z.string(), headers, body: z.string() }),
  response: z.strictObject({ status: z.int(), headers, body: z.string(), plaintext: z.string() }).nullable(),
  problem: z.string().nullable(),
}) satisfies z.ZodType<DeliveryAttempt>

export const deliveryView = z
  .strictObject({
    id: z.string(),
    sequence: z.int(),
    appId: z.string(),
    openId: z.string(),
    messageId: z.string().nullable(),
    kind: z.string(),
    format,
    mode,
    plaintext: z.string(),
    attempts: z.array(attempt),
    state: z.enum(['pending', 'held', 'answered', 'failed']),
    answer: z.enum(['success', 'transfer']).nullable(),
  })
  .meta({ id: 'Delivery' }) satisfies z.ZodType<Delivery>

export const callView = z
  .strictObject({
    id: z.string(),
    sequence: z.int(),
    appId: z.string().nullable(),
    openId: z.string().nullable(),
    startedAt: time,
    durationMs: z.number(),
    request: z.strictObject({
      method: z.string(),
      path: z.string(),
      query: z.record(z.string(), z.string()),
      headers,
      body: z.string(),
    }),
    response: z.strictObject({ status: z.int(), headers, body: z.string() }).nullable(),
    errcode: z.int(),
    faultId: z.string().nullable(),
  })
  .meta({ id: 'Call' }) satisfies z.ZodType<ApiCall>

export const faultView = z
  .strictObject({ ...faultFields, id: z.string(), remaining: z.int() })
  .meta({ id: 'Fault' }) satisfies z.ZodType<Fault>

export const stubView = z
  .strictObject({
    ...stubFields,
    id: z.string(),
    needsToken: z.boolean(),
    used: z.int(),
    remaining: z.int().nullable(),
  })
  .meta({ id: 'Stub' }) satisfies z.ZodType<Stub>

export const setupView = z.strictObject({
  apps: z.array(appView),
  users: z.array(userView),
  faults: z.array(faultView),
  stubs: z.array(stubView),
}) satisfies z.ZodType<SetupView>

export const worldView = z
  .strictObject({ name: z.string(), url: z.string() })
  .meta({ id: 'World' }) satisfies z.ZodType<WorldView>

export const quirksView = z
  .strictObject({
    unsplitCdata: z.boolean(),
    rawControlsInXml: z.boolean(),
    rawControlsInJson: z.boolean(),
    prettyJson: z.boolean(),
    needsContentLength: z.boolean(),
    needsPlainFilename: z.boolean(),
  })
  .meta({ id: 'Quirks' }) satisfies z.ZodType<Quirks>

export const clockView = z
  .strictObject({ now: time, advancedMs: z.int(), fixedAt: z.exactOptional(time) })
  .meta({ id: 'Clock' }) satisfies z.ZodType<ClockView>

export const verifyView = z.strictObject({
  ok: z.boolean(),
  status: z.int().nullable(),
  problem: z.string().nullable(),
}) satisfies z.ZodType<VerifyResult>

export const eventView = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('message'), message: phoneMessage }),
    z.strictObject({ type: z.literal('user'), user: userView }),
    z.strictObject({ type: z.literal('delivery'), delivery: deliveryView }),
    z.strictObject({ type: z.literal('call'), call: callView }),
    z.strictObject({ type: z.literal('app'), app: appView }),
    z.strictObject({ type: z.literal('app_removed'), appId: z.string() }),
    z.strictObject({ type: z.literal('app_reset'), appId: z.string() }),
    z.strictObject({ type: z.literal('faults'), faults: z.array(faultView) }),
    z.strictObject({ type: z.literal('stubs'), stubs: z.array(stubView) }),
    z.strictObject({ type: z.literal('model'), model: modelView }),
    z.strictObject({ type: z.literal('model_call'), call: modelCallView }),
    z.strictObject({ type: z.literal('clock'), clock: clockView }),
    z.strictObject({ type: z.literal('reset') }),
  ])
  .meta({ id: 'Event' }) satisfies z.ZodType<EmulatorEvent>

export const errorView = z
  .strictObject({ error: z.strictObject({ code: z.string(), message: z.string() }) })
  .meta({ id: 'Error' })
