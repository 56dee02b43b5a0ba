import { sql } from 'kysely'
import { bulkRows, bulkStatement, type Dialect, type Tx } from '../../store/index.js'
import type { Answer } from '../../wechat/index.js'
import type { Job } from './job.js'
import type { Opened } from './step.js'

/** How a push stands in the database. */
export interface PushState {
  readonly state: 'new' | 'handled' | 'failed'
  readonly answer: Answer | null
  readonly attempts: number
}

/** A push's own line is found among so many: its handlers have a minute. */
const LAST_LINES = 100

/** Returns how pushes stand, by the ids of their rows. */
export async function pushStates(
  tx: Tx,
  dialect: Dialect,
  ids: readonly number[],
): Promise<Map<number, PushState>> {
  if (ids.length === 0) return new Map()
  const wanted = bulkRows(
    dialect,
    { id: 'bigint' },
    ids.map((id) => ({ id })),
  )
  const rows = await tx
    .selectFrom('push')
    .select(['id', 'state', 'answer', 'attempts'])
    .where(sql<boolean>`id in (select id from ${wanted})`)
    .execute()
  return new Map(rows.map(({ id, ...state }) => [id, state]))
}

/** What is noted of a transaction's pushes at its end, in one statement for all that are alike. */
export class PushMarks {
  readonly #received = new Map<string, { answer: Answer; state: Ended; jobs: Job[] }>()
  readonly #begun: Job[] = []
  readonly #finished = new Map<string, { answer: Answer; state: Ended; ids: number[] }>()
  readonly #answeredBy: { opened: Opened; pushId: number; answeredBy: string }[] = []

  /** A push that was answered within this transaction. */
  received(job: Job, answer: Answer, state: Ended): void {
    const key = `${answer} ${state}`
    const alike = this.#received.get(key)
    if (alike) alike.jobs.push(job)
    else this.#received.set(key, { answer, state, jobs: [job] })
  }

  /** A push that handlers in code are begun for. */
  begun(job: Job): void {
    this.#begun.push(job)
  }

  /** A push whose handlers in code have ended. */
  finished(pushId: number, answer: Answer, state: Ended): void {
    const key = `${answer} ${state}`
    const alike = this.#finished.get(key)
    if (alike) alike.ids.push(pushId)
    else this.#finished.set(key, { answer, state, ids: [pushId] })
  }

  /** Who answered a push, kept beside what was asked. */
  answeredBy(opened: Opened, pushId: number, answeredBy: string): void {
    this.#answeredBy.push({ opened, pushId, answeredBy })
  }

  /** The pushes that need no more work. */
  get done(): readonly Job[] {
    return [...this.#received.values()].flatMap(({ jobs }) => jobs)
  }

  /** Writes it all. Throws HandledBefore where a push was handled by an earlier transaction. */
  async write(tx: Tx, dialect: Dialect): Promise<void> {
    let marked = 0
    for (const { answer, state, jobs } of this.#received.values())
      marked += (await markReceived(tx, dialect, rowsOf(jobs), state, answer)).affected
    if (this.#begun.length > 0) marked += (await markBegun(tx, dialect, rowsOf(this.#begun))).affected
    const jobs = [...this.done, ...this.#begun]
    if (marked !== jobs.length) throw await handledBefore(tx, jobs)
    for (const { answer, state, ids } of this.#finished.values())
      await markFinished(
        tx,
        dialect,
        ids.map((id) => ({ id })),
        state,
        answer,
      )
    await this.#writeAnsweredBy(tx, dialect)
  }

  async #writeAnsweredBy(tx: Tx, dialect: Dialect): Promise<void> {
    const rows: { id: number; answered_by: string }[] = []
    for (const { opened, pushId, answeredBy } of this.#answeredBy) {
      const id = opened.received?.id ?? (await lineOf(tx, opened.conversation.id, pushId))
      if (id !== undefined) rows.push({ id, answered_by: answeredBy })
    }
    if (rows.length > 0) await writeAnsweredBy(tx, dialect, rows)
  }
}

type Ended = 'handled' | 'failed'

/** An earlier run was committed, and the reply that said so was lost: this one is rolled back. */
export class HandledBefore extends Error {
  readonly answer: Answer

  constructor(answer: Answer) {
    super('The push was handled before.')
    this.answer = answer
  }
}

async function handledBefore(tx: Tx, jobs: readonly Job[]): Promise<HandledBefore> {
  const before = await tx
    .selectFrom('push')
    .select('answer')
    .where(
      'id',
      'in',
      jobs.map((job) => job.pushId),
    )
    .where('state', '!=', 'new')
    .executeTakeFirst()
  return new HandledBefore(before?.answer ?? 'success')
}

/** Returns the line of what the customer did; it is among the conversation's last. */
async function lineOf(tx: Tx, conversationId: number, pushId: number): Promise<number | undefined> {
  const last = await tx
    .selectFrom('message')
    .select(['id', 'push_id', 'direction'])
    .where('conversation_id', '=', conversationId)
    .orderBy('id', 'desc')
    .limit(LAST_LINES)
    .execute()
  return last.findLast((line) => line.push_id === pushId && line.direction !== 'outgoing')?.id
}

function rowsOf(jobs: readonly Job[]): { id: number }[] {
  return jobs.map(({ pushId }) => ({ id: pushId }))
}

const markReceived = bulkStatement(
  { id: 'bigint' },
  ({ rows, value }) =>
    `update push set state = ${value(1, 'text')}, answer = ${value(2, 'text')}, attempts = attempts + 1
    where id in (select id from ${rows}) and state = 'new'`,
)

const markBegun = bulkStatement(
  { id: 'bigint' },
  ({ rows }) =>
    `update push set attempts = attempts + 1 where id in (select id from ${rows}) and state = 'new'`,
)

const markFinished = bulkStatement(
  { id: 'bigint' },
  ({ rows, value }) =>
    `update push set state = ${value(1, 'text')}, answer = ${value(2, 'text')} where id in (select id from ${rows})`,
)

const writeAnsweredBy = bulkStatement(
  { id: 'bigint', answered_by: 'text' },
  ({ rows }) => `update message set answered_by = rows.answered_by from ${rows} where message.id = rows.id`,
)
