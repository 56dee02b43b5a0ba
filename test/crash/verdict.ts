import { sql } from 'kysely'
import type { Store } from '../../src/store/index.js'
import type { Load } from './load.js'
import { parseReply, replies } from './script.js'
import type { Arrival } from './wire.js'
import type { World } from './world.js'

/** What was counted, and what should not have been. */
export interface Verdict {
  readonly pushes: number
  readonly acknowledged: number
  /** Messages that WeChat accepted from us. */
  readonly accepted: number
  readonly unknown: readonly OutgoingRow[]
  /** Of those, how many WeChat has. */
  readonly unknownArrived: number
  readonly violations: Readonly<Record<Promise_, readonly string[]>>
}

/** What is promised, in the words of the table. */
export const promises = {
  lost: 'acknowledged messages lost',
  twice: 'sent twice',
  disordered: 'out of order',
  overspent: 'allowance overspent',
  doubted: '`unknown` without a send in flight',
  stuck: 'left undone, or told wrongly',
} as const
export type Promise_ = keyof typeof promises

export interface OutgoingRow {
  readonly id: number
  readonly openId: string
  readonly text: string
  readonly state: string | null
  /** Why, where it did not go as it should. */
  readonly problem: string | null
  readonly sentAt: number | null
  readonly pushId: number | null
}

interface PushRow {
  readonly id: number
  readonly attempts: number
  readonly openId: string
  readonly text: string
  readonly state: string
}

interface IncomingRow {
  readonly id: number
  readonly openId: string
  readonly text: string
  readonly pushId: number | null
}

interface Kept {
  readonly pushes: readonly PushRow[]
  readonly incoming: readonly IncomingRow[]
  readonly outgoing: readonly OutgoingRow[]
  /** The ids of system lines that say that a conversation was handed to people. */
  readonly handoffs: ReadonlyMap<string, readonly number[]>
  readonly untold: number
}

/** A send that was under way when its process ended: an answer that came this much earlier would have been noted. */
const NOTED_MS = 5000
/** An answer that takes longer may be given up by the service, on a machine that has much to do. */
const ANSWER_MS = 5000
/** So many runs of a push's handlers may be cut off before it counts as failed. */
const MOST_RUNS = 3

/** Holds what the database says against what WeChat and its customers know. */
export async function judge(world: World, load: Load): Promise<Verdict> {
  await world.stop()
  const kept = await world.withStore(read)
  const violations: Record<Promise_, string[]> = {
    lost: [],
    twice: [],
    disordered: [],
    overspent: [],
    doubted: [],
    stuck: [],
  }
  const unknown = kept.outgoing.filter((row) => row.state === 'unknown')
  checkPushes(kept, load, violations)
  checkReplies(kept, load, violations)
  checkPeople(kept, load, violations)
  checkPhones(world, kept, load, violations)
  checkStates(world, kept, violations)
  const accepted = world.wire.arrivals.filter((arrival) => arrival.errcode === 0)
  const arrived = new Set(accepted.map((arrival) => arrival.text))
  return {
    pushes: load.written.length,
    acknowledged: load.acknowledged,
    accepted: accepted.length,
    unknown,
    unknownArrived: unknown.filter((row) => arrived.has(row.text)).length,
    violations,
  }
}

/** Every acknowledged message is there once, handled, and each conversation in the order in which it was written. */
function checkPushes(kept: Kept, load: Load, violations: Record<Promise_, string[]>): void {
  const pushes = groups(kept.pushes, (row) => row.text)
  const incoming = groups(kept.incoming, (row) => row.text)
  const acknowledged = new Set(load.written.filter((each) => each.acknowledged).map((each) => each.text))
  for (const { text } of load.written) {
    const rows = pushes.get(text) ?? []
    const messages = incoming.get(text) ?? []
    if (acknowledged.has(text) && rows.length === 0) violations.lost.push(`${text}: no push is kept`)
    if (rows.length > 1) violations.twice.push(`${text}: kept ${rows.length} times`)
    if (messages.length > 1) violations.twice.push(`${text}: handled ${messages.length} times`)
    if (rows.some((row) => row.state === 'new')) violations.stuck.push(`${text}: not handled`)
    // Handlers whose every run was cut off are not run for ever: people get the conversation.
    if (rows.some((row) => row.state === 'failed' && row.attempts <= MOST_RUNS))
      violations.stuck.push(`${text}: failed`)
    if (rows.length > 0 && messages.length === 0)
      violations[acknowledged.has(text) ? 'lost' : 'stuck'].push(
        `${text}: kept and no message was made of it`,
      )
  }
  for (const [openId, rows] of groups(kept.incoming, (row) => row.openId)) {
    if (!rising(rows.map((row) => row.pushId ?? 0)))
      violations.disordered.push(`${openId}: messages are not in the order of their pushes`)
    // One that was not acknowledged may come late, after WeChat gave it up.
    const known = rows.filter((row) => acknowledged.has(row.text))
    if (!rising(known.map((row) => Number(row.text.split('.')[1]))))
      violations.disordered.push(`${openId}: messages are not in the order in which they were written`)
  }
}

/** Each message has its replies in the database, all of them, unless people had the conversation. */
function checkReplies(kept: Kept, load: Load, violations: Record<Promise_, string[]>): void {
  const outgoing = groups(kept.outgoing, (row) => row.pushId)
  const words = new Map(load.written.map((each) => [each.text, each.word]))
  for (const message of kept.incoming) {
    const rows = outgoing.get(message.pushId) ?? []
    const word = words.get(message.text)
    if (word === undefined || word === '问') continue
    const due = word === '慢' ? 1 : replies[word]
    const texts = new Set(rows.map((row) => row.text))
    if (texts.size < rows.length) violations.twice.push(`${message.text}: a reply was queued twice`)
    if (rows.length > due) violations.twice.push(`${message.text}: ${rows.length} replies for ${due}`)
    // After this message's own handoff line at the latest.
    const next = kept.incoming.find((each) => each.openId === message.openId && each.id > message.id)?.id
    const handedOff = (kept.handoffs.get(message.openId) ?? []).some((id) => id < (next ?? Infinity))
    if (rows.length < due && !handedOff)
      violations.lost.push(`${message.text}: ${rows.length} replies of ${due} were queued`)
  }
}

/** What a person was told is queued is there, once; what they were refused is not. */
function checkPeople(kept: Kept, load: Load, violations: Record<Promise_, string[]>): void {
  const rows = groups(kept.outgoing, (row) => row.text)
  for (const { text, outcome } of load.spoken) {
    const count = rows.get(text)?.length ?? 0
    if (count > 1) violations.twice.push(`${text}: queued ${count} times`)
    if (outcome === 'done' && count === 0)
      violations.lost.push(`${text}: a person was told that it is queued`)
    if (outcome === 'refused' && count > 0)
      violations.stuck.push(`${text}: a person was told that it is not queued`)
    if (outcome === 'nothing') violations.stuck.push(`${text}: a person was told nothing`)
  }
}

/** What the customers' phones show: each reply once, in order, and no more than WeChat allows. */
function checkPhones(world: World, kept: Kept, load: Load, violations: Record<Promise_, string[]>): void {
  const incoming = groups(kept.incoming, (row) => row.openId)
  const inDoubt = new Set(kept.outgoing.filter(({ state }) => state === 'unknown').map(({ text }) => text))
  for (const openId of new Set(load.written.map((each) => each.openId))) {
    // A message that was not acknowledged may have come after a later one: replies go by the order of coming.
    const ranks = new Map((incoming.get(openId) ?? []).map((row, i) => [Number(row.text.split('.')[1]), i]))
    const seen = new Set<string>()
    let last = -1
    let since = 0
    for (const { from, content } of world.emulator.user(openId).messages) {
      if (from === 'user') since = 0
      if (from !== 'service' || content.msgType !== 'text') continue
      if (seen.has(content.content)) violations.twice.push(`${openId} was sent twice: ${content.content}`)
      seen.add(content.content)
      if (++since > 5) violations.overspent.push(`${openId}: ${since} messages after one of theirs`)
      const reply = parseReply(content.content)
      // What was in flight when its process ended may arrive after what the next process sends.
      if (!reply || inDoubt.has(content.content)) continue
      const place = (ranks.get(reply.number) ?? -1) * 10 + reply.place
      if (place <= last) violations.disordered.push(`${openId} got out of order: ${content.content}`)
      last = Math.max(last, place)
    }
  }
  for (const { errcode, text } of world.wire.arrivals)
    if (errcode === 45047 || errcode === 45015) violations.overspent.push(`WeChat said ${errcode} to ${text}`)
    else if (errcode !== undefined && errcode !== 0)
      violations.stuck.push(`WeChat said ${errcode} to ${text}`)
}

/** What the database says of each send is what happened, and only a send in flight may be unknown. */
function checkStates(world: World, kept: Kept, violations: Record<Promise_, string[]>): void {
  const arrivals = groups(world.wire.arrivals, (arrival) => arrival.text)
  const rows = groups(kept.outgoing, (row) => row.text)
  for (const row of kept.outgoing) {
    const arrived = arrivals.get(row.text) ?? []
    const accepted = arrived.filter((arrival) => arrival.errcode === 0)
    if (accepted.length > 1) violations.twice.push(`WeChat accepted twice: ${row.text}`)
    switch (row.state) {
      case 'accepted':
        if (accepted.length === 0)
          violations.stuck.push(`${row.text}: WeChat never had it, and it counts as accepted`)
        break
      case 'unknown': {
        const doubt = doubtOf(row, arrived, world)
        if (doubt !== undefined) violations.doubted.push(`${row.text}: ${doubt}`)
        break
      }
      case 'cancelled':
        // The bot's, when a person took the conversation or gave it back.
        if (row.problem !== 'taken_over' || parseReply(row.text) === undefined)
          violations.stuck.push(`${row.text}: cancelled, ${row.problem ?? 'without a word why'}`)
        break
      case 'queued':
      case 'sending':
        violations.stuck.push(`${row.text}: still ${row.state}`)
        break
      default:
        violations.stuck.push(`${row.text}: ${row.state ?? 'no state'}`)
    }
  }
  for (const [text, each] of arrivals)
    if (!rows.has(text) && each.some(({ errcode }) => errcode === 0))
      violations.lost.push(`WeChat has what the database has not: ${text}`)
  if (kept.untold > 0) violations.stuck.push(`${kept.untold} messages that no page was told of`)
}

/** Why a send may not be unknown; undefined when it may. */
function doubtOf(row: OutgoingRow, arrived: readonly Arrival[], world: World): string | undefined {
  if (row.problem === 'network:unknown') {
    const answered = arrived.some(({ at, answeredAt = Infinity }) => answeredAt - at < ANSWER_MS)
    return answered ? 'it was answered in time' : undefined
  }
  // Whoever took the send over noted when.
  const takenOverAt = (row.sentAt ?? 0) + NOTED_MS
  const [arrival] = arrived
  const end = world.ends.find(
    ({ slot, at }) =>
      at <= takenOverAt && (arrival === undefined || (slot === arrival.slot && at >= arrival.at - NOTED_MS)),
  )
  if (!end) return 'no process ended while it was sent'
  return (arrival?.answeredAt ?? Infinity) < end.at - NOTED_MS
    ? 'it was answered long before its process ended'
    : undefined
}

async function read({ db }: Store): Promise<Kept> {
  const pushes = await db
    .selectFrom('push')
    .select(['id', 'open_id', 'plaintext', 'state', 'attempts'])
    .orderBy('id')
    .execute()
  const messages = await db
    .selectFrom('message')
    .innerJoin('conversation', 'conversation.id', 'message.conversation_id')
    .innerJoin('contact', 'contact.id', 'conversation.contact_id')
    .select([
      'message.id',
      'message.direction',
      'message.content',
      'message.state',
      'message.problem',
      'message.sent_at',
      'message.push_id',
      'contact.open_id',
    ])
    .orderBy('message.id')
    .execute()
  const { rows } = await sql<{ untold: number }>`
    select count(*) as untold from message where not exists (
      select 1 from feed where feed.conversation_id = message.conversation_id and feed.kind = 'message'
        and feed.data = '{"messageId":' || message.id || '}')`.execute(db)
  const shaped = messages.map((row) => ({
    id: row.id,
    openId: row.open_id,
    direction: row.direction,
    text: textOf(row.content),
    state: row.state,
    problem: row.problem,
    sentAt: row.sent_at,
    pushId: row.push_id,
    isHandoff: row.content.includes('"line":"handoff"'),
  }))
  const handoffs = groups(
    shaped.filter((row) => row.isHandoff),
    (row) => row.openId,
  )
  return {
    pushes: pushes
      .map((row) => ({
        id: row.id,
        openId: row.open_id,
        text: textOf(row.plaintext),
        state: row.state,
        attempts: row.attempts,
      }))
      .filter((row) => row.text !== ''),
    incoming: shaped.filter((row) => row.direction === 'incoming'),
    outgoing: shaped.filter((row) => row.direction === 'outgoing'),
    handoffs: new Map([...handoffs].map(([openId, lines]) => [openId, lines.map((line) => line.id)])),
    untold: rows[0]?.untold ?? 0,
  }
}

/** The words of a push or of a message's content; empty when it has none. */
function textOf(json: string): string {
  const { Content, content } = JSON.parse(json) as { Content?: string; content?: string }
  return Content ?? content ?? ''
}

function rising(numbers: readonly number[]): boolean {
  return numbers.every((number, i) => i === 0 || number > (numbers[i - 1] ?? 0))
}

function groups<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const found = new Map<K, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = found.get(key)
    if (group) group.push(item)
    else found.set(key, [item])
  }
  return found
}

/** What was promised and did not hold, a line for each. */
export function broken({ violations }: Verdict): string[] {
  return Object.entries(violations).flatMap(([promise, cases]) => cases.map((each) => `${promise}: ${each}`))
}
