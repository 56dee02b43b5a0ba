import { z } from 'zod'

/** What a model may do about a turn. Which of these it may do now, its prompt says. */
const modelAnswer = z.discriminatedUnion('action', [
  z.object({ action: z.literal('select'), entry: z.string().max(40) }),
  z.object({ action: z.literal('read'), entries: z.array(z.string().max(40)).min(1).max(20) }),
  z.object({
    action: z.literal('handoff'),
    reason: z.enum(['not_known', 'asks_person', 'angry', 'needs_action', 'unsafe']).catch('not_known'),
  }),
])
export type ModelAnswer = z.infer<typeof modelAnswer>

/** Returns what a model's JSON asks for; undefined for any other form. */
export function parseModelAnswer(json: unknown): ModelAnswer | undefined {
  const read = modelAnswer.safeParse(json)
  return read.success ? read.data : undefined
}

/** An entry's name in prompts. */
export function entryName(id: number | string): string {
  return `E${id}`
}

/** The inverse of entryName; undefined for what names no entry. */
export function entryId(name: string): string | undefined {
  return /^\s*E?(\d{1,15})\s*$/i.exec(name)?.[1]
}
