import { z } from 'zod'

const time = z.int()

/** Why a request was not taken; see SignatureError and DecodeError. */
export const refusalReason = z.enum([
  'missing',
  'mismatch',
  'stale',
  'plaintext',
  'too_large',
  'format',
  'decrypt',
  'app_id',
  'key',
])
const refused = z.object({ at: time, why: refusalReason })

/** How far a Mini Program is connected with WeChat. Times are milliseconds since 1970. */
export const appSetup = z
  .object({
    /** KEFU_PUBLIC_URL, without a path; null where it is not set. */
    publicUrl: z.string().nullable(),
    /** When WeChat last asked for the URL and was answered. */
    verifiedAt: time.nullable(),
    /** The last question for the URL that was refused: of WeChat, or of a stranger. */
    urlRefused: refused.nullable(),
    /** The last push that was refused. */
    pushRefused: refused.nullable(),
    /** The first push since the Token and the key were given. */
    arrived: z
      .object({
        at: time,
        /** Null until a customer's message has made one. */
        conversationId: z.int().nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'AppSetup' })
export type AppSetup = z.infer<typeof appSetup>
