import type { Store } from '../../src/store/index.js'
import type { Written } from './load.js'
import type { Hold } from './turn-kills.js'
import type { Arrival } from './wire.js'

interface TurnRow {
  readonly id: number
  readonly conversationId: number
  readonly epoch: number
  readonly first: number
  readonly last: number
  readonly state: string
  readonly attempts: number
}

interface MessageRow {
  readonly id: number
  readonly conversationId: number
  readonly openId: string
  readonly direction: string
  readonly author: string
  readonly text: string
  readonly epoch: number
  readonly state: string | null
  readonly problem: string | null
  readonly createdAt: number
  readonly isHandoff: boolean
}

interface RunRow {
  readonly turnId: number
  readonly outcome: string
  readonly messageId: number | null
}

export interface KeptTurns {
  readonly turns: readonly TurnRow[]
  readonly runs: readonly RunRow[]
  readonly messages: readonly MessageRow[]
  /** How often a shard got another owner. */
  readonly shardsMoved: number
}

export async function readTurns({ db }: Store): Promise<KeptTurns> {
  const turns = await db.selectFrom('turn').selectAll().orderBy('id').execute()
  const runs = await db.selectFrom('run').select(['turn_id', 'outcome', 'message_id']).execute()
  const messages = await db
    .selectFrom('message')
    .innerJoin('conversation', 'conversation.id', 'message.conversation_id')
    .innerJoin('contact', 'contact.id', 'conversation.contact_id')
    .selectAll('message')
    .select('contact.open_id')
    .orderBy('message.id')
    .execute()
  const fences = await db.selectFrom('shard').select('fence').execute()
  return {
    // The first owner is none that it moved to.
    shardsMoved: fences.reduce((sum, { fence }) => sum + Math.max(fence - 1, 0), 0),
    turns: turns.map((row) => ({
      id: row.id,
      conversationId: row.conversation_id,
      epoch: row.epoch,
      first: row.first_message_id,
      last: Math.max(row.last_message_id, row.behind_last_id ?? 0),
      state: row.ended_at === null ? 'open' : row.state,
      attempts: row.attempts,
    })),
    runs: runs.map((row) => ({ turnId: row.turn_id, outcome: row.outcome, messageId: row.message_id })),
    messages: messages.map((row) => ({
      id: row.id,
      conversationId: row.conversation_id,
      openId: row.open_id,
      direction: row.direction,
      author: row.author,
      text: (JSON.parse(row.content) as { content?: string }).content ?? '',
      epoch: row.epoch,
      state: row.state,
      problem: row.problem,
      createdAt: row.created_at,
      isHandoff: row.content.includes('"line":"handoff"'),
    })),
  }
}

/** What of an assistant's promises did not hold, a line for each. */
export function brokenTurns(
  kept: KeptTurns,
  written: readonly Written[],
  holds: readonly Hold[],
  arrivals: readonly Arrival[],
): string[] {
  return [
    ...notKept(kept, written, holds),
    ...notEnded(kept),
    ...answeredTwice(kept, arrivals),
    ...saidOverPeople(kept, holds),
  ]
}

/** Every acknowledged message is kept once, and in a turn, unless people had the customer. */
function notKept(kept: KeptTurns, written: readonly Written[], holds: readonly Hold[]): string[] {
  const broken: string[] = []
  for (const { text, openId, acknowledged } of written) {
    const rows = kept.messages.filter((row) => row.direction === 'incoming' && row.text === text)
    if (rows.length > 1) broken.push(`kept ${rows.length} times: ${text}`)
    const [row] = rows
    if (!row) {
      if (acknowledged) broken.push(`lost: ${text}`)
      continue
    }
    const own = kept.turns.filter(({ conversationId }) => conversationId === row.conversationId)
    if (own.some(({ first, last }) => first <= row.id && row.id <= last)) continue
    const wasHandedOff = kept.messages.some(
      (each) => each.isHandoff && each.conversationId === row.conversationId && each.id < row.id,
    )
    const wasTaken = holds.some((hold) => hold.openId === openId)
    const wasBots = own.some(({ epoch, state }) => epoch === row.epoch && state === 'answered')
    if ((!wasHandedOff && !wasTaken) || wasBots) broken.push(`in no turn: ${text}`)
  }
  return broken
}

/** Nobody is left waiting: each turn was answered, given to people with a line that says so, or taken by them. */
function notEnded({ turns, runs, messages }: KeptTurns): string[] {
  const broken: string[] = []
  for (const turn of turns) {
    const ends = runs.filter(({ turnId, outcome }) => turnId === turn.id && outcome !== 'superseded')
    if (turn.state === 'open') broken.push(`turn ${turn.id} is open`)
    if (turn.state === 'answered' && ends.length !== 1)
      broken.push(`turn ${turn.id} was answered and has ${ends.length} ends`)
    if (
      turn.state === 'handed_off' &&
      !messages.some(
        (row) => row.isHandoff && row.conversationId === turn.conversationId && row.id > turn.first,
      )
    )
      broken.push(`turn ${turn.id} was handed off without a line`)
  }
  return broken
}

/** A turn has one answer, a customer gets each message at most once, and each that WeChat has is in the database. */
function answeredTwice({ runs, messages, turns }: KeptTurns, arrivals: readonly Arrival[]): string[] {
  const broken: string[] = []
  for (const { id } of turns) {
    const answers = runs.filter((run) => run.turnId === id && run.messageId !== null)
    if (answers.length > 1) broken.push(`turn ${id} has ${answers.length} answers`)
  }
  const outgoing = messages.filter((row) => row.direction === 'outgoing')
  for (const row of outgoing) {
    if (row.author.startsWith('assistant:') && !runs.some(({ messageId }) => messageId === row.id))
      broken.push(`message ${row.id} of an assistant is no run's`)
    if (row.state === 'queued' || row.state === 'sending') broken.push(`message ${row.id} is ${row.state}`)
    if (row.state === 'failed') broken.push(`message ${row.id} failed: ${row.problem ?? ''}`)
  }
  const keyOf = (openId: string, text: string): string => `${openId} ${text}`
  const accepted = new Map<string, number>()
  for (const { openId, text, errcode } of arrivals)
    if (errcode === 0) accepted.set(keyOf(openId, text), (accepted.get(keyOf(openId, text)) ?? 0) + 1)
  const keys = new Set([...accepted.keys(), ...outgoing.map((row) => keyOf(row.openId, row.text))])
  for (const key of keys) {
    const rows = outgoing.filter((row) => keyOf(row.openId, row.text) === key)
    const sure = rows.filter(({ state }) => state === 'accepted').length
    const most = rows.filter(({ state }) => state === 'accepted' || state === 'unknown').length
    const has = accepted.get(key) ?? 0
    if (has < sure || has > most) broken.push(`WeChat has ${has} of ${sure} to ${most}: ${key}`)
  }
  return broken
}

/** While a person has a customer, no assistant's message is queued. */
function saidOverPeople({ messages }: KeptTurns, holds: readonly Hold[]): string[] {
  const broken: string[] = []
  for (const { openId, text, takenAt, releasedAt = Infinity } of holds) {
    const first = messages.find((row) => row.openId === openId && row.text === text)
    const over = messages.filter(
      (row) =>
        row.openId === openId &&
        row.author.startsWith('assistant:') &&
        row.createdAt < releasedAt &&
        (row.createdAt > takenAt || (first !== undefined && row.id > first.id)),
    )
    for (const row of over) broken.push(`message ${row.id} was queued while a person had ${openId}`)
  }
  return broken
}
