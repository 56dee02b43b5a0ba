import type { ModelCall } from '../../../src/emulator/model/model-input.js'
import type { ApiCall, Delivery } from '../../../src/emulator/protocol.js'

/** One line of the drawer: a push of WeChat's, a call of the service's, or a question to the fake model. */
export type Entry =
  | { kind: 'push'; key: string; at: number; delivery: Delivery }
  | { kind: 'call'; key: string; at: number; call: ApiCall }
  | { kind: 'model'; key: string; at: number; asked: ModelCall }

/** How an entry went: `bad` is what a developer should look at. */
export interface Outcome {
  tone: 'good' | 'bad' | 'waiting' | 'noted'
  /** A status, errcode or answer of the protocol, which needs no translation; empty while waiting. */
  text: string
}

/** Pushes and calls as they went over the wire, oldest first. */
export function entries(
  deliveries: readonly Delivery[],
  calls: readonly ApiCall[],
  modelCalls: readonly ModelCall[] = [],
): Entry[] {
  // A push that a fault still holds back has no attempt yet: it keeps its place behind the one before it.
  let latest = 0
  const pushes = deliveries.map((delivery): Entry => {
    latest = delivery.attempts[0]?.startedAt ?? latest
    return { kind: 'push', key: `push-${delivery.id}`, at: latest, delivery }
  })
  const apis = calls.map((call): Entry => ({
    kind: 'call',
    key: `call-${call.id}`,
    at: call.startedAt,
    call,
  }))
  const models = modelCalls.map((asked): Entry => ({
    kind: 'model',
    key: `model-${asked.sequence}`,
    at: asked.at,
    asked,
  }))
  return [...pushes, ...apis, ...models].sort((a, b) => a.at - b.at)
}

/** Whose entry it is; null for a call that concerns no customer. */
export function openIdOf(entry: Entry): string | null {
  switch (entry.kind) {
    case 'push':
      return entry.delivery.openId
    case 'call':
      return entry.call.openId
    case 'model':
      return null
  }
}

/** How long the service, WeChat or the model took; null while that is not known. */
export function durationOf(entry: Entry): number | null {
  switch (entry.kind) {
    case 'push': {
      const { attempts, state } = entry.delivery
      if (state === 'pending' || state === 'held' || attempts.length === 0) return null
      return attempts.reduce((total, attempt) => total + attempt.durationMs, 0)
    }
    case 'call':
      return entry.call.durationMs
    case 'model':
      return entry.asked.durationMs
  }
}

/** What became of it. */
export function outcomeOf(entry: Entry): Outcome {
  switch (entry.kind) {
    case 'push':
      return pushOutcome(entry.delivery)
    case 'call':
      return callOutcome(entry.call)
    case 'model':
      return modelOutcome(entry.asked)
  }
}

function pushOutcome({ state, answer, attempts }: Delivery): Outcome {
  const tries = attempts.length > 1 ? ` ×${attempts.length}` : ''
  switch (state) {
    case 'pending':
      return { tone: 'waiting', text: tries.trim() }
    case 'held':
      return { tone: 'waiting', text: 'held' }
    case 'failed':
      return { tone: 'bad', text: `failed${tries}` }
    case 'answered':
      return { tone: answer === 'transfer' ? 'noted' : 'good', text: `${answer ?? 'success'}${tries}` }
  }
}

function callOutcome({ response, errcode }: ApiCall): Outcome {
  if (response === null) return { tone: 'bad', text: 'reset' }
  if (response.status >= 400) return { tone: 'bad', text: String(response.status) }
  return errcode === 0 ? { tone: 'good', text: 'ok' } : { tone: 'bad', text: String(errcode) }
}

function modelOutcome({ status, answer, isAborted }: ModelCall): Outcome {
  if (isAborted) return { tone: 'noted', text: 'aborted' }
  if (status !== 200) return { tone: 'bad', text: String(status) }
  return answer === null || answer === '' ? { tone: 'bad', text: 'empty' } : { tone: 'good', text: 'ok' }
}

/** What the line is called: WeChat's own word for the push, the path's end for a call, the model's name. */
export function titleOf(entry: Entry): string {
  switch (entry.kind) {
    case 'push':
      return entry.delivery.kind
    case 'call':
      return entry.call.request.path.replace(/^\/cgi-bin\/(message\/)?/, '')
    case 'model':
      return entry.asked.model
  }
}

/** A glance at what is in it. */
export function previewOf(entry: Entry): string {
  switch (entry.kind) {
    case 'push':
      return previewOfText(entry.delivery.plaintext)
    case 'call':
      return previewOfText(entry.call.request.body)
    case 'model':
      return promptOf(entry.asked).findLast(({ role }) => role === 'user')?.content ?? ''
  }
}

/** What a model was told, message by message. */
export function promptOf({ request }: ModelCall): { role: string; content: string }[] {
  const { messages } = request
  if (!Array.isArray(messages)) return []
  return messages.flatMap((message: unknown) =>
    typeof message === 'object' && message !== null && 'role' in message && 'content' in message
      ? [{ role: String(message.role), content: String(message.content) }]
      : [],
  )
}

function previewOfText(text: string): string {
  for (const name of [
    'Content',
    'SessionFrom',
    'Title',
    'content',
    'title',
    'command',
    'media_id',
    'MediaId',
  ]) {
    const value = field(text, name)
    if (value !== null && value !== '') return value
  }
  return ''
}

/** The first string member or element of that name, wherever it stands. */
function field(text: string, name: string): string | null {
  const json = new RegExp(`"${name}"\\s*:\\s*("(?:[^"\\\\]|\\\\.)*")`).exec(text)?.[1]
  if (json !== undefined) return readString(json)
  return new RegExp(`<${name}>(?:<!\\[CDATA\\[)?([\\s\\S]*?)(?:\\]\\]>)?</${name}>`).exec(text)?.[1] ?? null
}

function readString(json: string): string | null {
  try {
    return String(JSON.parse(json))
  } catch {
    return null
  }
}
