import { z } from 'zod'

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
    /** What they chose to be. */
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
})
export type SessionView = z.infer<typeof sessionView>

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
})
export const agentChangeInput = z.strictObject({
  name: name.optional(),
  role: roleSchema.optional(),
  apps: scopeSchema.optional(),
  disabled: z.boolean().optional(),
})
export const passwordInput = z.strictObject({ password: password.optional() })

/** The agent, and the password that was made for them; null when one was given. */
export const newAgentView = z.object({ agent: agentView, password: z.string().nullable() })
