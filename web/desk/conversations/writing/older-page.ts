import type { OutgoingMessage } from '../../api/views.js'
import { messageTypeOf } from '../../../../src/wechat/messages/index.js'

/** What a page of before 0.2 left in this browser: readable, and of nobody in particular. */
export interface OlderLeftovers {
  readonly conversationId: number
  readonly texts: readonly { kind: 'reply' | 'note'; text: string }[]
  readonly messages: readonly { clientId: string; message: OutgoingMessage; at: number }[]
}

/** Kept where a page of this version, or a later one, is done with what an older one left. */
export const sealedMark = 'kefu.desk.sealed'

type Entries = Pick<Storage, 'getItem' | 'removeItem' | 'key' | 'length'>

const draftName = /^kefu\.desk\.draft\.(\d+)$/
const outgoingName = /^kefu\.desk\.outgoing\./

/** What lies there, by conversation. */
export function olderLeftovers(storage: Entries): OlderLeftovers[] {
  const found = new Map<
    number,
    { texts: OlderLeftovers['texts'][number][]; messages: OlderLeftovers['messages'][number][] }
  >()
  const of = (id: number) => {
    const known = found.get(id) ?? { texts: [], messages: [] }
    found.set(id, known)
    return known
  }
  for (const name of namesIn(storage)) {
    const value = parsed(storage.getItem(name))
    const id = draftName.exec(name)?.[1]
    if (id !== undefined)
      for (const kind of ['reply', 'note'] as const) {
        const text = value[kind]
        if (typeof text === 'string' && text.trim() !== '') of(Number(id)).texts.push({ kind, text })
      }
    else {
      const { clientId, conversationId, message, at } = value
      if (typeof clientId !== 'string' || typeof conversationId !== 'number' || !isMessage(message)) continue
      of(conversationId).messages.push({ clientId, message, at: typeof at === 'number' ? at : 0 })
    }
  }
  return [...found].map(([conversationId, rest]) => ({ conversationId, ...rest }))
}

/** Nothing readable of customers stays; `only` the one conversation's when it is given. */
export function removeOlder(storage: Entries, only?: number): void {
  for (const name of namesIn(storage)) {
    const id = Number(draftName.exec(name)?.[1] ?? parsed(storage.getItem(name))['conversationId'])
    if (only === undefined || id === only) storage.removeItem(name)
  }
}

function namesIn(storage: Entries): string[] {
  return Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '').filter(
    (name) => draftName.test(name) || outgoingName.test(name),
  )
}

function parsed(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? 'null')
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

function isMessage(value: unknown): value is OutgoingMessage {
  if (typeof value !== 'object' || value === null || !('msgType' in value)) return false
  return messageTypeOf(value.msgType) !== undefined && (value.msgType !== 'text' || 'content' in value)
}
