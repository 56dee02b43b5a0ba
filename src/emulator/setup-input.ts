import { z } from 'zod'
import {
  appInput,
  enterInput,
  faultInput,
  identifier,
  quirksInput,
  userMessageInput,
} from './control-input.js'
import type { StubAnswer } from './protocol-setup.js'

const [text, , miniprogrampage, other] = userMessageInput.options

/** A message of before: pictures are uploaded first, and an event shows nothing. */
const saidInput = z.discriminatedUnion('msgType', [text, miniprogrampage, other])

export const customerInput = z.strictObject({
  openId: z.exactOptional(identifier),
  entered: z.exactOptional(z.union([z.boolean(), enterInput])),
  said: z.exactOptional(
    z.array(z.union([z.string().min(1, 'must not be empty').max(10_000), saidInput])).max(1000),
  ),
  pushed: z.exactOptional(z.boolean()),
})

const headerName = z.string().regex(/^[\w!#$%&'*+.^`|~-]{1,64}$/, 'has a name that no header can have')
const headerValue = z
  .string()
  .max(4096)
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must be a header’s value: one line')

/** A stub's own words, also where it is listed. */
export const stubFields = {
  path: z
    .string()
    .max(512)
    .regex(/^\/[^\s?#]*$/, 'must be a whole path without a query, such as /wxa/msg_sec_check'),
  answer: z.custom<StubAnswer>(
    (value) => value !== undefined,
    'is missing: any JSON, or a text that is answered as it stands',
  ),
  method: z.exactOptional(z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])),
  status: z.exactOptional(z.int().min(200).max(599)),
  headers: z.exactOptional(z.record(headerName, headerValue)),
  times: z.exactOptional(z.int().min(1).max(1_000_000)),
  needsToken: z.exactOptional(z.boolean()),
}

export const stubInput = z
  .strictObject(stubFields)
  .refine(
    ({ headers = {} }) =>
      !Object.keys(headers).some((name) => /^(content-length|transfer-encoding|connection)$/i.test(name)),
    {
      path: ['headers'],
      message: 'must leave content-length, transfer-encoding and connection to the emulator',
    },
  )

const setupFields = {
  apps: z.exactOptional(z.array(appInput).max(100)),
  users: z.exactOptional(z.array(customerInput.extend({ appId: z.exactOptional(identifier) })).max(10_000)),
  faults: z.exactOptional(z.array(faultInput).max(1000)),
  stubs: z.exactOptional(z.array(stubInput).max(1000)),
}

export const setupInput = z.strictObject(setupFields)

export const seedInput = z.string().min(1, 'must not be empty').max(256)

const latest = 253_402_300_799_999
const wrongTime =
  'must be a time with its zone, such as 2026-01-01T08:00:00+08:00, or milliseconds since 1970'
/** A point in time, in milliseconds since 1970. */
export const timeInput = z
  .union(
    [
      z.int(wrongTime).min(0, wrongTime).max(latest, wrongTime),
      z.string().regex(/^\d{1,15}$/, wrongTime),
      z.iso.datetime({ offset: true, error: wrongTime }),
    ],
    wrongTime,
  )
  .transform((time) => (typeof time === 'string' && !/^\d+$/.test(time) ? Date.parse(time) : Number(time)))
  .refine((time) => time <= latest, wrongTime)

export const worldInput = z.strictObject({
  name: identifier,
  seed: z.exactOptional(seedInput),
  clock: z.exactOptional(timeInput),
  quirks: z.exactOptional(quirksInput),
  ...setupFields,
})
