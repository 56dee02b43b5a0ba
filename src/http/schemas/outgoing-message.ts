import { z } from 'zod'
import {
  fieldsOf,
  limits,
  messageTypes,
  utf8Bytes,
  type Field,
  type MessageType,
  type OutgoingMessage,
} from '../../wechat/index.js'
import { clientId } from './client-id.js'

/** Returns the schema of one field of a message. */
function fieldSchema({ kind, maxCharacters, mayBeEmpty }: Field): z.ZodString {
  if (kind === 'address')
    return z
      .string()
      .max(maxCharacters)
      .regex(/^https?:\/\/[^\s/?#]+/i, 'must be an http or https address')
  return (mayBeEmpty ? z.string() : z.string().min(1, 'must not be empty')).max(maxCharacters)
}

/** A text message's text: as many bytes as WeChat takes in one message (45002 beyond). */
const wholeText = z
  .string()
  .refine((text) => text.trim() !== '', 'must not be blank')
  .refine(
    (text) => utf8Bytes(text) <= limits.textBytes,
    `must be at most ${limits.textBytes} bytes of UTF-8, as WeChat takes no more in one message`,
  )

function schemaOf(type: MessageType): z.ZodObject<{ msgType: z.ZodLiteral<string> }> {
  const fields = fieldsOf(type).map(([name, field]) => [name, type.isBare ? wholeText : fieldSchema(field)])
  return z.strictObject({
    msgType: z.literal(type.msgType),
    ...(Object.fromEntries(fields) as Record<string, z.ZodString>),
    isAiMsg: z.exactOptional(z.boolean()),
  })
}

const [first, ...others] = messageTypes

/** A message that a Mini Program can send, in WeChat's words. */
export const outgoingMessage = z
  .discriminatedUnion('msgType', [schemaOf(first), ...others.map(schemaOf)])
  .meta({ id: 'OutgoingMessage' }) as unknown as z.ZodType<OutgoingMessage>

/** A message to be queued; the same `clientId` in the same conversation is queued once. */
export const sendInput = z.strictObject({
  clientId,
  message: outgoingMessage,
  holdSeconds: z.exactOptional(z.int().min(0).max(5)).meta({
    description: 'Leaves so much later, and can be cancelled until then; at once when not given.',
  }),
})
export type SendInput = z.infer<typeof sendInput>
