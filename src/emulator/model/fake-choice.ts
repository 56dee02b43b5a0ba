import { z } from 'zod'

const message = z.object({ role: z.string(), content: z.string() })
const entry = z.object({
  id: z.string(),
  title: z.string().optional(),
  text: z.string().optional(),
  /** Other ways to ask it. */
  also: z.array(z.string()).optional(),
})

export const chatRequest = z.looseObject({
  model: z.string(),
  messages: z.array(message).min(1),
  stream: z.boolean().optional(),
})
export type FakeChatRequest = z.infer<typeof chatRequest>

/** A share of the question's pairs that an entry has from which on it is chosen. */
const ENOUGH = 0.25

/** The text that a customer wrote last. */
export function lastText({ messages }: FakeChatRequest): string {
  return messages.findLast(({ role }) => role === 'user')?.content ?? ''
}

/**
 * Chooses as a model would that only compares characters: the entry of the prompt that has most of the question's
 * pairs, or people where none has enough. The same request has the same answer.
 */
export function chooseEntry(request: FakeChatRequest): object {
  const asked = pairsOf(lastText(request))
  let best: { id: string; share: number } | undefined
  for (const each of entriesOf(request)) {
    const asks = [each.title ?? '', ...(each.also ?? [])].join(' ')
    const there = pairsOf(`${asks} ${each.text ?? ''}`)
    const titles = pairsOf(asks)
    const share = (shareOf(asked, there) + shareOf(asked, titles)) / 2
    if (share > (best?.share ?? 0)) best = { id: each.id, share }
  }
  if (/人工|真人/.test(lastText(request))) return { action: 'handoff', reason: 'asks_person' }
  return best && best.share >= ENOUGH
    ? { action: 'select', entry: best.id }
    : { action: 'handoff', reason: 'not_known' }
}

/** All entries that stand between the prompt's fences, those with a text last. */
function entriesOf({ messages }: FakeChatRequest): z.infer<typeof entry>[] {
  const system = messages.filter(({ role }) => role === 'system').map(({ content }) => content)
  const found = [...system.join('\n').matchAll(/<<entries:(\w+)>>([\s\S]*?)<<end:\1>>/g)]
  const byId = new Map<string, z.infer<typeof entry>>()
  for (const [, , json = ''] of found) {
    const read = z.array(entry).safeParse(parsed(json))
    for (const each of read.success ? read.data : []) byId.set(each.id, { ...byId.get(each.id), ...each })
  }
  return [...byId.values()]
}

function pairsOf(text: string): Set<string> {
  const characters = Array.from(text.toLowerCase().replace(/[\s\p{P}]/gu, ''))
  return new Set(characters.slice(1).map((character, index) => `${characters[index] ?? ''}${character}`))
}

function shareOf(asked: ReadonlySet<string>, there: ReadonlySet<string>): number {
  const common = [...asked].filter((pair) => there.has(pair)).length
  return asked.size === 0 ? 0 : common / asked.size
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A text as 256 numbers, by its pairs: texts alike have vectors alike. */
export function embedded(text: string): number[] {
  const vector = new Array<number>(256).fill(0)
  for (const pair of pairsOf(text)) {
    let hash = 0x811c9dc5
    for (let at = 0; at < pair.length; at++) hash = Math.imul(hash ^ pair.charCodeAt(at), 0x01000193)
    const place = (hash >>> 0) % vector.length
    vector[place] = (vector[place] ?? 0) + 1
  }
  const length = Math.hypot(...vector)
  return length === 0 ? vector : vector.map((each) => each / length)
}
