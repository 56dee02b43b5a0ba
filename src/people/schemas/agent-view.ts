import { z } from 'zod'
import { optionalClientId } from '../../http/schemas/client-id.js'

const time = z.int()

export const roleSchema = z.enum(['agent', 'admin'])
export const scopeSchema = z.union([z.literal('all'), z.array(z.string()).max(200)])
export const agentStatus = z.enum(['online', 'busy', 'offline'])

/** Somebody who answers. Times are milliseconds since 1970. */
export const agentView = z
  .object({
    id: z.int(),
    name: z.string(),
    role: roleSchema,
    /** The Mini Programs that they may see; of a colleague, those that whoever asks may see too. */
    apps: scopeSchema,
    disabled: z.boolean(),
    /** The presence that they chose. */
    status: agentStatus,
    /** Whether a page of theirs is open. */
    online: z.boolean(),
    /** When a page of theirs was last open. */
    seenAt: time.nullable(),
    createdAt: time,
  })
  .meta({ id: 'Agent' })
export type AgentView = z.infer<typeof agentView>

/** Who is signed in. */
export const sessionView = z.object({
  agent: agentView,
  /** To be sent as X-CSRF-Token with whatever changes something. */
  csrfToken: z.string(),
  databaseId: z.string().meta({
    description: 'Another one after a restore, whose numbers of conversations and agents are given again.',
  }),
  draftsKey: z.string().meta({
    description: '32 bytes, base64url: what this agent’s browser keeps is sealed with it.',
  }),
  /** Somebody else made the password: nothing else may be done until it is changed. */
  mustChangePassword: z.boolean(),
})
export type SessionView = z.infer<typeof sessionView>

/** Where an agent is signed in. */
export const ownSession = z
  .object({
    id: z.string(),
    /** The browser in a few words, such as `Chrome 131 · Windows`; null when it is not known. */
    device: z.string().nullable(),
    /** The network address that it was begun from; null for those of an earlier version. */
    address: z.string().nullable(),
    createdAt: time,
    /** When it was last used, to a minute. */
    seenAt: time,
    /** Whether it is the one that asks. */
    current: z.boolean(),
  })
  .meta({ id: 'OwnSession' })
export type OwnSession = z.infer<typeof ownSession>
export const bySessionId = z.object({ id: z.string().regex(/^[\w-]{22}$/) })

const name = z.string().max(200)
const password = z.string().max(1000)

export const signInInput = z.strictObject({ name, password })
export const setupInput = z.strictObject({ token: z.string().max(200), name, password })
export const statusInput = z.strictObject({ status: agentStatus })
/** `current` is the password so far. */
export const ownPasswordInput = z.strictObject({ current: password, password })
/** Without a password one is made, and answered once. */
export const newAgentInput = z.strictObject({
  name,
  role: roleSchema.default('agent'),
  apps: scopeSchema.default('all'),
  password: password.optional(),
  clientId: optionalClientId,
})
export const agentChangeInput = z.strictObject({
  name: name.optional(),
  role: roleSchema.optional(),
  apps: scopeSchema.optional(),
  disabled: z.boolean().optional(),
})
export const passwordInput = z.strictObject({ password: password.optional(), clientId: optionalClientId })

/** The agent, and the password that was made for them; null when one was given. */
export const newAgentView = z.object({ agent: agentView, password: z.string().nullable() })
