import { z } from 'zod'

/** As many bytes of text as WeChat takes in one message (45002 beyond). */
const TEXT_BYTES = 2048

const isAiMsg = z.exactOptional(z.boolean())
const webAddress = z
  .string()
  .max(2048)
  .regex(/^https?:\/\/[^\s/?#]+/i, 'must be an http or https address')
const filled = (most: number) => z.string().min(1, 'must not be empty').max(most)

/** A message that a Mini Program can send, in WeChat's words. */
export const outgoingMessage = z
  .discriminatedUnion('msgType', [
    z.strictObject({
      msgType: z.literal('text'),
      content: z
        .string()
        .refine((text) => text.trim() !== '', 'must not be blank')
        .refine(
          (text) => new TextEncoder().encode(text).length <= TEXT_BYTES,
          `must be at most ${TEXT_BYTES} bytes of UTF-8, as WeChat takes no more in one message`,
        ),
      isAiMsg,
    }),
    z.strictObject({ msgType: z.literal('image'), mediaId: filled(256), isAiMsg }),
    z.strictObject({
      msgType: z.literal('link'),
      title: filled(200),
      description: z.string().max(500),
      url: webAddress,
      thumbUrl: webAddress,
      isAiMsg,
    }),
    z.strictObject({
      msgType: z.literal('miniprogrampage'),
      title: filled(200),
      pagePath: filled(1000),
      thumbMediaId: filled(256),
      isAiMsg,
    }),
  ])
  .meta({ id: 'OutgoingMessage' })
export type OutgoingMessageInput = z.infer<typeof outgoingMessage>

/** A message to be queued; the same `clientId` in the same conversation is queued once. */
export const sendInput = z.strictObject({
  clientId: z.string().regex(/^[\w.:-]{1,64}$/, 'must be 1 to 64 letters, digits, "_", ".", ":" or "-"'),
  message: outgoingMessage,
  holdSeconds: z.exactOptional(z.int().min(0).max(5)).meta({
    description: 'Leaves so much later, and can be cancelled until then; at once when not given.',
  }),
})
export type SendInput = z.infer<typeof sendInput>
