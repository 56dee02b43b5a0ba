import { z } from 'zod'
import { ConfigError } from '../errors.js'
import type { Quirks } from './protocol.js'

/** An AppID, an OpenID, or the name of a world. */
export const identifier = z
  .string()
  .regex(
    /^[\w.-]{1,64}$/,
    'must be 1 to 64 letters, digits, "_", "-" or "."; an AppID or OpenID looks like that',
  )

/** An OpenID in a path or from a test. */
export const openIdInput = identifier

const httpUrl = z
  .string()
  .refine(isHttpUrl, 'must be an http or https URL, such as http://127.0.0.1:3000/wechat')

export const appInput = z
  .strictObject({
    appId: identifier,
    appSecret: z
      .string()
      .min(1, 'must not be empty: it is what /cgi-bin/token is called with (secret)')
      .max(128),
    token: z.string().min(1, 'must not be empty: it is the Token that pushes are signed with').max(128),
    encodingAESKey: z.exactOptional(
      z.string().regex(/^[A-Za-z0-9+/]{43}$/, 'must be 43 letters and digits, as at mp.weixin.qq.com'),
    ),
    mode: z.exactOptional(z.enum(['plain', 'compatible', 'secure'])),
    format: z.exactOptional(z.enum(['json', 'xml'])),
    pushUrl: httpUrl,
    contentType: z.exactOptional(
      z.string().regex(/^[\w.+-]+\/[\w.+-]+(; ?[\w=-]+)?$/, 'must be a media type, such as text/xml'),
    ),
    name: z.exactOptional(z.string().min(1).max(64)),
    originalId: z.exactOptional(identifier),
  })
  .refine((app) => app.mode === 'plain' || app.encodingAESKey !== undefined, {
    path: ['encodingAESKey'],
    message: 'is missing: give 43 letters and digits, or "mode": "plain"',
  })

/** Fields in WeChat's names become XML elements, so each name must be able to be one. */
const elementName = /^[A-Za-z_][\w.-]{0,63}$/
const pushFields = z
  .record(z.string(), z.unknown())
  .refine(hasElementNames, 'has a name that can’t be an XML element: use letters, digits, "_", "." and "-"')

const word = z.string().regex(/^\w{1,64}$/, 'must be 1 to 64 letters, digits or "_"')

const pictureUrl = z
  .string()
  .max(2048)
  .refine((url) => url === '' || /^\/[^/]/.test(url) || isHttpUrl(url), 'must be an http or https URL')

/** A sub-merchant's number, as WeChat writes it. */
const businessId = z.exactOptional(
  z.union([z.int().min(0), z.string().regex(/^\w{1,64}$/)], 'must be a number, or letters and digits'),
)

export const userMessageInput = z.discriminatedUnion('msgType', [
  z.strictObject({
    msgType: z.literal('text'),
    businessId,
    content: z.string().min(1, 'must not be empty').max(10_000),
  }),
  z.strictObject({
    msgType: z.literal('image'),
    businessId,
    mediaId: z.string().min(1, 'must be a mediaId from POST /_emulator/media'),
  }),
  z.strictObject({
    msgType: z.literal('miniprogrampage'),
    businessId,
    title: z.string().max(1024),
    pagePath: z.string().max(2048),
    appId: z.exactOptional(identifier),
    thumbMediaId: z.exactOptional(z.string()),
    thumbUrl: z.exactOptional(pictureUrl),
  }),
  z.strictObject({
    msgType: z.literal('other'),
    businessId,
    type: word,
    fields: z.exactOptional(pushFields),
  }),
  z.strictObject({
    msgType: z.literal('event'),
    businessId,
    event: word,
    fields: z.exactOptional(pushFields),
  }),
])

export const enterInput = z.strictObject({
  sessionFrom: z.exactOptional(z.string().max(1024, 'must be at most 1024 characters, as WeChat’s')),
  businessId,
})

export const officialInput = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('say'), content: z.string().min(1, 'must not be empty').max(10_000) }),
  z.strictObject({ action: z.literal('close') }),
])

/** Any plaintext that fits a push. */
export const rawInput = z.strictObject({
  plaintext: z.string().max(48 * 1024, 'must be at most 48 K characters: a push has 64 KB'),
  format: z.exactOptional(z.enum(['json', 'xml'])),
})

const isOn = z.exactOptional(z.boolean())
export const quirksInput = z.strictObject({
  unsplitCdata: isOn,
  rawControlsInXml: isOn,
  rawControlsInJson: isOn,
  prettyJson: isOn,
  needsContentLength: isOn,
  needsPlainFilename: isOn,
} satisfies Record<keyof Quirks, typeof isOn>)

export const keyInput = z.strictObject({ key: z.string().max(1024) })

const kinds = ['errcode', 'delayMs', 'reset', 'status', 'push'] as const

/** A fault's own words, also where it is listed. */
export const faultFields = {
  path: z.exactOptional(
    z.string().startsWith('/', 'must be the start of a path, such as /cgi-bin/message/custom/send'),
  ),
  appId: z.exactOptional(identifier),
  openId: z.exactOptional(identifier),
  times: z.exactOptional(z.int().min(1).max(1_000_000)),
  errcode: z.exactOptional(z.int()),
  delayMs: z.exactOptional(z.int().min(0).max(600_000)),
  reset: z.exactOptional(z.enum(['before', 'after'])),
  status: z.exactOptional(z.int().min(200).max(599)),
  push: z.exactOptional(z.enum(['duplicate', 'reorder'])),
  contentType: z.exactOptional(
    z.string().regex(/^([\w.+-]+\/[\w.+-]+(; ?[\w=-]+)?)?$/, 'must be a media type, or empty for none'),
  ),
}

export const faultInput = z
  .strictObject(faultFields)
  .refine((fault) => kindsOf(fault) === 1 || (kindsOf(fault) === 0 && fault.contentType !== undefined), {
    message: `say what shall go wrong with exactly one of ${kinds.join(', ')}, or with contentType`,
  })
  .refine((fault) => fault.contentType === undefined || fault.push === undefined, {
    path: ['contentType'],
    message: 'concerns API calls, and "push" concerns pushes: leave one of them out',
  })
  .refine((fault) => fault.push === undefined || fault.path === undefined, {
    path: ['path'],
    message: 'concerns API calls, and "push" concerns pushes: leave one of them out',
  })

function kindsOf(fault: Partial<Record<(typeof kinds)[number], unknown>>): number {
  return kinds.filter((kind) => fault[kind] !== undefined).length
}

export const clockInput = z.strictObject({
  advanceMs: z
    .int('must be a whole number of milliseconds')
    .min(0, 'must not be negative: the clock only goes forward')
    .max(100 * 366 * 24 * 3600 * 1000, 'must be at most a hundred years'),
})

/** The input as its schema has it. Throws ConfigError that names the first wrong field and what it must be. */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const [first] = result.error.issues
  const { path, issue } = first === undefined ? { path: [], issue: first } : narrowed(first)
  const unknown = issue?.code === 'unrecognized_keys' ? [issue.keys.join(', ')] : []
  const field = [...path, ...unknown].map(String).join('.')
  const what = issue === undefined ? 'is not valid' : describe(issue)
  throw new ConfigError(field === '' ? what : `${field}: ${what}`)
}

/** The problem within the form that was meant, where a value may have several: the one whose own parts are wrong. */
function narrowed(issue: z.core.$ZodIssue): { path: PropertyKey[]; issue: z.core.$ZodIssue } {
  if (issue.code !== 'invalid_union') return { path: issue.path, issue }
  const inner = issue.errors.map(([first]) => first).find((first) => first && first.path.length > 0)
  if (inner === undefined) return { path: issue.path, issue }
  const found = narrowed(inner)
  return { path: [...issue.path, ...found.path], issue: found.issue }
}

// Zod's own words for what schemas above say nothing about.
function describe(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return 'is not known here'
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message
  if (issue.code === 'invalid_union' && issue.message === 'Invalid input')
    return 'must be one of those that docs/emulator.md lists'
  return issue.message.endsWith('received undefined') ? 'is missing' : issue.message
}

function isHttpUrl(value: string): boolean {
  if (!URL.canParse(value)) return false
  const { protocol, username, password } = new URL(value)
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === ''
}

function hasElementNames(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(hasElementNames)
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([name, inner]) => elementName.test(name) && hasElementNames(inner))
}
