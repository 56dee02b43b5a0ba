import { z } from 'zod'

/** An act of somebody. Times are milliseconds since 1970. */
export const auditView = z
  .object({
    id: z.int(),
    at: z.int(),
    /** `agent:ID`, `key:ID`, `key` (KEFU_API_KEY), `command` (on the server) or `nobody`. */
    actor: z.string(),
    actorName: z.string().nullable(),
    action: z.string(),
    /** The object of the act, such as `conversation:7`. */
    target: z.string().nullable(),
    appId: z.string().nullable(),
    address: z.string().nullable(),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditEntry' })
export type AuditView = z.infer<typeof auditView>
