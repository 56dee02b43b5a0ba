import { sql, type RawBuilder } from 'kysely'
import type { Store } from '../store/index.js'
import type { MessageCounts } from './message-counts.js'
import type { Scope } from '../http/principal.js'
import { httpErrorFor } from '../http/http-error.js'
import type { ReportView } from './schemas/report-view.js'
import { readSettings } from '../people/settings.js'
import { dayIn, dayName, dayStart, parseDayName } from './workspace-day.js'

/** More than a year is added up elsewhere. */
const MAX_DAYS = 400
const USUAL_DAYS = 7

export interface ReportsOptions {
  readonly store: Store
  readonly counts: MessageCounts
  readonly now: () => number
}

export interface ReportQuery {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly apps: Scope
}

type Messages = ReportView['messages']

/** Returns the figures of some days, from sums that were kept as things happened. Throws HttpError for days that are none. */
export async function report(
  { store, counts, now }: ReportsOptions,
  query: ReportQuery,
): Promise<ReportView> {
  await counts.catchUp()
  const { zone, dayOf, from, to, ...span } = await daysOf({ store, now }, query)
  if (to - from >= MAX_DAYS) throw badDays()
  const scope = { from, to, ...span, apps: query.apps }

  const counted = await messagesOf(store, scope)
  const active = await activeOf(store, scope)
  const waits = new Waits()
  // Day by day: reading SQLite holds the process up.
  for (let day = from; day <= to; day++) {
    await waits.read(store, day, {
      start: dayStart(day, dayOf),
      end: dayStart(day + 1, dayOf),
      apps: query.apps,
    })
    await new Promise(setImmediate)
  }
  const names = await namesOf(store)
  const days = Array.from({ length: to - from + 1 }, (_, i) => from + i).map((day) => ({
    day: dayName(day),
    conversations: active.get(day) ?? 0,
    messages: sumOf(counted.filter((row) => row.day === day)),
    firstResponses: waits.firstsOn(day),
  }))
  const agentIds = new Set([
    ...counted.flatMap((row) => (row.kind === 'agent' ? row.agent_id : [])),
    ...waits.agentIds,
  ])
  const agents: ReportView['agents'] = []
  for (const id of agentIds) {
    agents.push({
      id,
      name: names.get(id) ?? '',
      messages: sumOf(counted.filter((row) => row.agent_id === id)).agents,
      taken: waits.lengths('take', id).length,
      firstResponse: summary(waits.lengths('first', id)),
    })
    await new Promise(setImmediate)
  }
  return {
    from: dayName(from),
    to: dayName(to),
    zone,
    days,
    conversations: await activeInAll(store, scope),
    messages: sumOf(counted),
    untilTaken: summary(waits.lengths('take')),
    firstResponse: summary(waits.lengths('first')),
    everyResponse: summary([...waits.lengths('first'), ...waits.lengths('reply')]),
    failures: await failuresOf(store, scope),
    agents: agents.sort((a, b) => b.messages - a.messages || a.id - b.id),
    waiting: await waitingNow(store, query.apps, now()),
  }
}

/** Some days as moments, in milliseconds, and by their names. Throws HttpError for days that are none. */
export async function spanOf(
  options: Pick<ReportsOptions, 'store' | 'now'>,
  query: Pick<ReportQuery, 'from' | 'to'>,
): Promise<{ start: number; end: number; first: string; last: string }> {
  const { start, end, from, to } = await daysOf(options, query)
  return { start, end, first: dayName(from), last: dayName(to) }
}

async function daysOf(
  { store, now }: Pick<ReportsOptions, 'store' | 'now'>,
  query: Pick<ReportQuery, 'from' | 'to'>,
) {
  const { zone } = await readSettings(store)
  const dayOf = dayIn(zone)
  const to = dayNamed(query.to) ?? dayOf(now())
  const from = dayNamed(query.from) ?? to - USUAL_DAYS + 1
  if (to < from) throw badDays()
  return { zone, dayOf, from, to, start: dayStart(from, dayOf), end: dayStart(to + 1, dayOf) }
}

function badDays() {
  return httpErrorFor(
    'report_days',
    'bad_request',
    `from: must be a day before "to", and at most ${MAX_DAYS} days before`,
    { limit: MAX_DAYS },
  )
}

interface ReportScope {
  readonly from: number
  readonly to: number
  readonly start: number
  readonly end: number
  readonly apps: Scope
}

function inScope(column: string, apps: Scope): RawBuilder<boolean> {
  if (apps === 'all') return sql`true`
  return apps.length === 0 ? sql`false` : sql`${sql.ref(column)} in (${sql.join(apps)})`
}

interface CountRow {
  day: number
  kind: keyof typeof kinds
  agent_id: number
  count: number
}

const kinds = { incoming: 'incoming', bot: 'bot', agent: 'agents', api: 'api' } as const

async function messagesOf({ db }: Store, { from, to, apps }: ReportScope): Promise<CountRow[]> {
  const { rows } = await sql<CountRow>`
    select day, kind, agent_id, cast(sum(count) as bigint) as count from message_count
    where day between ${from} and ${to} and ${inScope('app_id', apps)} group by day, kind, agent_id`.execute(
    db,
  )
  return rows
}

function sumOf(rows: readonly CountRow[]): Messages {
  const sum = { incoming: 0, bot: 0, agents: 0, api: 0 }
  for (const { kind, count } of rows) sum[kinds[kind]] += count
  return sum
}

async function activeOf(
  { db }: Store,
  { from, to, apps }: ReportScope,
): Promise<ReadonlyMap<number, number>> {
  const byDay = new Map<number, number>()
  for (let day = from; day <= to; day++) {
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from active_day where day = ${day} and ${inScope('app_id', apps)}`.execute(db)
    byDay.set(day, rows[0]?.count ?? 0)
    await new Promise(setImmediate)
  }
  return byDay
}

/** Conversations in one reading. */
const CONVERSATIONS = 2000

/** How many conversations there were on any of the days. */
async function activeInAll({ db }: Store, { from, to, apps }: ReportScope): Promise<number> {
  const { rows: all } = await sql<{ last: number | null }>`
    select max(conversation_id) as last from active_day`.execute(db)
  let total = 0
  for (let after = 0; after < (all[0]?.last ?? 0); after += CONVERSATIONS) {
    const { rows } = await sql<{ count: number }>`
      select count(distinct conversation_id) as count from active_day
      where conversation_id > ${after} and conversation_id <= ${after + CONVERSATIONS}
        and day between ${from} and ${to} and ${inScope('app_id', apps)}`.execute(db)
    total += rows[0]?.count ?? 0
    await new Promise(setImmediate)
  }
  return total
}

interface WaitRow {
  agent_id: number | null
  ended_by: 'take' | 'first' | 'reply'
  length: number
}

/** How long customers waited, by what ended it and by whom. */
class Waits {
  readonly #lengths = new Map<string, number[]>()
  readonly #firsts = new Map<number, number>()
  readonly agentIds = new Set<number>()

  async read(
    { db }: Store,
    day: number,
    { start, end, apps }: Pick<ReportScope, 'start' | 'end' | 'apps'>,
  ): Promise<void> {
    const { rows } = await sql<WaitRow>`
      select agent_id, ended_by, at - since as length from wait
      where at >= ${start} and at < ${end} and ${inScope('app_id', apps)}`.execute(db)
    let firsts = 0
    for (const { agent_id: agentId, ended_by: endedBy, length } of rows) {
      if (endedBy === 'first') firsts += 1
      this.#add(endedBy, length)
      if (agentId === null) continue
      this.#add(`${endedBy} ${agentId}`, length)
      this.agentIds.add(agentId)
    }
    this.#firsts.set(day, firsts)
  }

  lengths(endedBy: WaitRow['ended_by'], agentId?: number): readonly number[] {
    return this.#lengths.get(agentId === undefined ? endedBy : `${endedBy} ${agentId}`) ?? []
  }

  firstsOn(day: number): number {
    return this.#firsts.get(day) ?? 0
  }

  #add(key: string, length: number): void {
    const known = this.#lengths.get(key)
    if (known) known.push(length)
    else this.#lengths.set(key, [length])
  }
}

function summary(lengths: readonly number[]): ReportView['firstResponse'] {
  const sorted = Float64Array.from(lengths, (length) => Math.max(length, 0)).sort()
  const share = (part: number): number | null =>
    sorted[Math.max(Math.ceil(sorted.length * part) - 1, 0)] ?? null
  return { count: sorted.length, median: share(0.5), p90: share(0.9), longest: sorted.at(-1) ?? null }
}

async function failuresOf({ db }: Store, { start, end, apps }: ReportScope): Promise<ReportView['failures']> {
  const withApp =
    apps === 'all'
      ? sql``
      : sql`join conversation on conversation.id = m.conversation_id join contact on contact.id = conversation.contact_id`
  const { rows } = await sql<ReportView['failures'][number]>`
    select m.errcode, m.state, count(*) as count from message m ${withApp}
    where m.state in ('failed', 'unknown') and m.created_at >= ${start} and m.created_at < ${end}
      and ${inScope('contact.app_id', apps)}
    group by m.errcode, m.state order by count desc, coalesce(m.errcode, 0)`.execute(db)
  return rows
}

async function waitingNow({ db }: Store, apps: Scope, now: number): Promise<ReportView['waiting']> {
  const { rows } = await sql<{ count: number; since: number | null }>`
    select count(*) as count, min(waiting_since) as since from conversation
    join contact on contact.id = conversation.contact_id
    where status = 'waiting' and ${inScope('contact.app_id', apps)}`.execute(db)
  const [row] = rows
  const since = row?.since ?? null
  return { count: row?.count ?? 0, longest: since === null ? null : Math.max(now - since, 0) }
}

async function namesOf({ db }: Store): Promise<ReadonlyMap<number, string>> {
  const rows = await db.selectFrom('agent').select(['id', 'name']).execute()
  return new Map(rows.map(({ id, name }) => [id, name]))
}

function dayNamed(name: string | undefined): number | undefined {
  if (name === undefined) return undefined
  const day = parseDayName(name)
  if (Number.isNaN(day))
    throw httpErrorFor('form', 'bad_request', `${name} is no day of the calendar`, { field: name })
  return day
}
