import type { ApiCall, Delivery } from '../../../src/emulator/protocol.js'

/** One line of the drawer: a push of WeChat's or a call of the service's. */
export type Entry =
  | { kind: 'push'; key: string; at: number; delivery: Delivery }
  | { kind: 'call'; key: string; at: number; call: ApiCall }

/** How an entry went: `bad` is what a developer should look at. */
export interface Outcome {
  tone: 'good' | 'bad' | 'waiting' | 'noted'
  /** A status, errcode or answer of the protocol, which needs no translation; empty while waiting. */
  text: string
}

/** Pushes and calls as they went over the wire, oldest first. */
export function entries(deliveries: readonly Delivery[], calls: readonly ApiCall[]): Entry[] {
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
  return [...pushes, ...apis].sort((a, b) => a.at - b.at)
}

/** Whose entry it is; null for a call that concerns no customer. */
export function openIdOf(entry: Entry): string | null {
  return entry.kind === 'push' ? entry.delivery.openId : entry.call.openId
}

/** How long the service, or WeChat, took; null while that is not known. */
export function durationOf(entry: Entry): number | null {
  if (entry.kind === 'call') return entry.call.durationMs
  const { attempts, state } = entry.delivery
  if (state === 'pending' || state === 'held' || attempts.length === 0) return null
  return attempts.reduce((total, attempt) => total + attempt.durationMs, 0)
}

/** What became of it. */
export function outcomeOf(entry: Entry): Outcome {
  if (entry.kind === 'call') {
    const { response, errcode } = entry.call
    if (response === null) return { tone: 'bad', text: 'reset' }
    if (response.status >= 400) return { tone: 'bad', text: String(response.status) }
    return errcode === 0 ? { tone: 'good', text: 'ok' } : { tone: 'bad', text: String(errcode) }
  }
  const { state, answer, attempts } = entry.delivery
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

/** What the line is called: WeChat's own word for the push, the path's end for a call. */
export function titleOf(entry: Entry): string {
  if (entry.kind === 'push') return entry.delivery.kind
  return entry.call.request.path.replace(/^\/cgi-bin\/(message\/)?/, '')
}

/** A glance at what is in it. */
export function previewOf(entry: Entry): string {
  const text = entry.kind === 'push' ? entry.delivery.plaintext : entry.call.request.body
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
