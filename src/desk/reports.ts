import { sql, type RawBuilder } from 'kysely'
import type { Store } from '../store/index.js'
import type { MessageCounts } from './message-counts.js'
import type { Scope } from './principal.js'
import { Refusal } from './refusal.js'
import type { ReportView } from './schemas/report-view.js'
import { readSettings } from './settings.js'
import { dayIn, dayName, dayStart, parseDayName } from './workspace-day.js'

/** More than a year is added up elsewhere. */
const MOST_DAYS = 400
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
type Waits = ReportView['firstResponse']

/** What happened in some days, from what was added up as it came. Throws Refusal for days that are none. */
export async function report(
  { store, counts, now }: ReportsOptions,
  query: ReportQuery,
): Promise<ReportView> {
  await counts.catchUp()
  const { zone } = await readSettings(store)
  const dayOf = dayIn(zone)
  const to = dayNamed(query.to) ?? dayOf(now())
  const from = dayNamed(query.from) ?? to - USUAL_DAYS + 1
  if (to < from || to - from >= MOST_DAYS)
    throw new Refusal('bad_request', `from: must be a day before "to", and at most ${MOST_DAYS} days before`)
  const span = { start: dayStart(from, dayOf), end: dayStart(to + 1, dayOf) }
  const scope = { from, to, ...span, apps: query.apps }

  const counted = await messagesOf(store, scope)
  const active = await activeOf(store, scope)
  const waits = await waitsOf(store, scope)
  const names = await namesOf(store)
  const firsts = new Map<number, number>()
  for (const wait of waits)
    if (wait.ended_by === 'first') firsts.set(dayOf(wait.at), (firsts.get(dayOf(wait.at)) ?? 0) + 1)
  const days = Array.from({ length: to - from + 1 }, (_, i) => from + i).map((day) => ({
    day: dayName(day),
    conversations: active.byDay.get(day) ?? 0,
    messages: sumOf(counted.filter((row) => row.day === day)),
    firstResponses: firsts.get(day) ?? 0,
  }))
  const agentIds = new Set([
    ...counted.flatMap((row) => (row.kind === 'agent' ? row.agent_id : [])),
    ...waits.flatMap((wait) => wait.agent_id ?? []),
  ])
  return {
    from: dayName(from),
    to: dayName(to),
    zone,
    days,
    conversations: active.total,
    messages: sumOf(counted),
    untilTaken: summary(waits.filter((wait) => wait.ended_by === 'take')),
    firstResponse: summary(waits.filter((wait) => wait.ended_by === 'first')),
    everyResponse: summary(waits.filter((wait) => wait.ended_by !== 'take')),
    failures: await failuresOf(store, scope),
    agents: [...agentIds]
      .map((id) => {
        const own = waits.filter((wait) => wait.agent_id === id)
        return {
          id,
          name: names.get(id) ?? '',
          messages: sumOf(counted.filter((row) => row.agent_id === id)).agents,
          taken: own.filter((wait) => wait.ended_by === 'take').length,
          firstResponse: summary(own.filter((wait) => wait.ended_by === 'first')),
        }
      })
      .sort((a, b) => b.messages - a.messages || a.id - b.id),
    waiting: await waitingNow(store, query.apps, now()),
  }
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
): Promise<{ byDay: ReadonlyMap<number, number>; total: number }> {
  const where = sql`where day between ${from} and ${to} and ${inScope('app_id', apps)}`
  const { rows } = await sql<{ day: number; count: number }>`
    select day, count(*) as count from active_day ${where} group by day`.execute(db)
  const { rows: total } = await sql<{ count: number }>`
    select count(distinct conversation_id) as count from active_day ${where}`.execute(db)
  return { byDay: new Map(rows.map((row) => [row.day, row.count])), total: total[0]?.count ?? 0 }
}

interface WaitRow {
  agent_id: number | null
  ended_by: 'take' | 'first' | 'reply'
  since: number
  at: number
}

async function waitsOf({ db }: Store, { start, end, apps }: ReportScope): Promise<WaitRow[]> {
  const { rows } = await sql<WaitRow>`
    select agent_id, ended_by, since, at from wait
    where at >= ${start} and at < ${end} and ${inScope('app_id', apps)}`.execute(db)
  return rows
}

function summary(waits: readonly Pick<WaitRow, 'since' | 'at'>[]): Waits {
  const lengths = waits.map(({ since, at }) => Math.max(at - since, 0)).sort((a, b) => a - b)
  const share = (part: number): number | null =>
    lengths[Math.max(Math.ceil(lengths.length * part) - 1, 0)] ?? null
  return { count: lengths.length, median: share(0.5), p90: share(0.9), longest: lengths.at(-1) ?? null }
}

async function failuresOf({ db }: Store, { start, end, apps }: ReportScope): Promise<ReportView['failures']> {
  const { rows } = await sql<ReportView['failures'][number]>`
    select m.errcode, m.state, count(*) as count from message m
    join conversation on conversation.id = m.conversation_id join contact on contact.id = conversation.contact_id
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
  if (Number.isNaN(day)) throw new Refusal('bad_request', `${name} is no day of the calendar`)
  return day
}
