import { sql } from 'kysely'
import type { Logger } from '../../log.js'
import { searchedFields } from '../../wechat/index.js'
import {
  addSetting,
  readSetting,
  removeSetting,
  BackgroundLoop,
  bulkRows,
  type Dialect,
  type Store,
  type Tx,
} from '../../store/index.js'
import type { MessageContent } from './message-view.js'
import { contains, indexedForm, isIndexedAsBefore, queryForm } from './search-pieces.js'
import { idsIn } from './view-source.js'

/** Up to which message the index knows them: a `setting`. */
const UP_TO = 'message_index_up_to'
/** Up to which message rows of before were made anew; there only until all are: a `setting` that a migration makes. */
const RENEWED_UP_TO = 'message_index_renewed_up_to'
/** SQLite: a row's number is its conversation's id × 2^38 + its message's id. */
const SHIFT = sql.lit(38)
/** Of what is not in the index yet, so much is searched directly. */
const TAIL = 5000

/** Returns the text by which a message can be found. */
export function findableText(content: string): string {
  const kept = JSON.parse(content) as MessageContent
  if (kept.line !== undefined) return ''
  const parts = searchedFields.map((name): unknown => Reflect.get(kept, name))
  return parts.filter((part) => typeof part === 'string').join('\n')
}

export interface MessageIndexerOptions {
  readonly store: Store
  readonly logger: Logger
  readonly wait: (milliseconds: number) => Promise<unknown>
  /** Whether it is this process's turn; always when not given. */
  readonly mine?: () => boolean
}

/** Messages of before that are looked through at once; hardly any of them is written anew. */
const LOOKED_THROUGH = 1000

/** Messages that are indexed in one transaction: some milliseconds that nothing else gets. */
const BATCH = 100
/** The same where nothing else is to be done meanwhile. */
const CATCH_UP = 1000
/** Milliseconds. Messages that come within them are indexed at once. */
const PACE_MS = 300
/** The pause after a full batch, in times of how long that took: other work goes on meanwhile. */
const PAUSE_FACTOR = 9
const RETRY_MS = 5000

/**
 * Keeps the index of messages up, in the background: it follows their ids, which grow in commit order, so that
 * nothing that receives or sends ever waits for it.
 */
export class MessageIndexer {
  readonly #options: MessageIndexerOptions
  readonly #loop: BackgroundLoop
  #stop = (): void => undefined
  /** Resolves at the stop, so that nobody waits for a pause to end. */
  readonly #ended: Promise<void>
  #end: (() => void) | undefined

  constructor(options: MessageIndexerOptions) {
    this.#options = options
    this.#ended = new Promise((resolve) => {
      this.#stop = resolve
    })
    this.#loop = new BackgroundLoop({
      pass: () => this.#pass(),
      retryMs: RETRY_MS,
      onError: (err) => {
        options.logger.warn({ err }, 'messages could not be indexed for search; tried again soon')
      },
    })
  }

  start(): void {
    this.#end = this.#options.store.signals.on('feed', () => {
      this.#loop.wake()
    })
    this.#loop.wake()
  }

  async stop(): Promise<void> {
    this.#end?.()
    this.#stop()
    await this.#loop.stop()
  }

  /** Indexes everything that there is, without leaving time to anything else; says how many messages after each batch. */
  async catchUp(onBatch: (count: number) => void = () => undefined): Promise<void> {
    for (let count = await this.#batch(CATCH_UP); count > 0; count = await this.#batch(CATCH_UP))
      onBatch(count)
    while (await this.#renew());
  }

  async #pass(): Promise<undefined> {
    const { mine = () => true } = this.#options
    await this.#pause(PACE_MS)
    for (let count = BATCH; count === BATCH && mine() && !this.#loop.isStopped;) {
      const began = performance.now()
      count = await this.#batch(BATCH)
      if (count === BATCH) await this.#pause((performance.now() - began) * PAUSE_FACTOR)
    }
    for (let goesOn = true; goesOn && mine() && !this.#loop.isStopped;) {
      const began = performance.now()
      goesOn = await this.#renew()
      if (goesOn) await this.#pause((performance.now() - began) * PAUSE_FACTOR)
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    await Promise.race([this.#options.wait(milliseconds), this.#ended])
  }

  /** Makes some rows of before anew, where their text is compared in another way now; false when none are left. */
  async #renew(): Promise<boolean> {
    const { db, dialect } = this.#options.store
    const from = await readSetting(db, RENEWED_UP_TO)
    if (from === undefined) return false
    const rows = await db
      .selectFrom('message')
      .select(['id', 'conversation_id', 'content'])
      .where('id', '>', Number(from))
      .where('id', '<=', (await indexedUpTo({ db })) ?? 0)
      .orderBy('id')
      .limit(LOOKED_THROUGH)
      .execute()
    const last = rows.at(-1)
    const changed = rows.filter(({ content }) => !isIndexedAsBefore(findableText(content)))
    await db.transaction().execute(async (tx) => {
      if (!last) {
        await removeSetting(tx, RENEWED_UP_TO)
        return
      }
      if (await moveUp(tx, RENEWED_UP_TO, Number(from), last.id))
        for (const row of changed) await writeAnew(tx, dialect, row)
    })
    return last !== undefined
  }

  /** How many messages it looked at. */
  async #batch(most: number): Promise<number> {
    const { store } = this.#options
    const { db, dialect } = store
    const upTo = await indexedUpTo(store)
    const rows = await db
      .selectFrom('message')
      .select(['id', 'conversation_id', 'content'])
      .where('id', '>', upTo ?? 0)
      .orderBy('id')
      .limit(most)
      .execute()
    const last = rows.at(-1)
    if (!last) return 0
    const found = rows.flatMap(({ id, conversation_id, content }) => {
      const pieces = indexedForm(dialect, findableText(content))
      return pieces === undefined ? [] : [{ id, conversation_id, pieces }]
    })
    await db.transaction().execute(async (tx) => {
      if (!(await moveUp(tx, UP_TO, upTo, last.id)) || found.length === 0) return
      const columns = { id: 'bigint', conversation_id: 'bigint', pieces: 'text' } as const
      const values = bulkRows(dialect, columns, found)
      // One that was deleted since it was read must not be found for ever.
      const there = sql`exists (select 1 from message where message.id = rows.id)`
      if (dialect === 'sqlite')
        await sql`insert into message_index (rowid, pieces)
          select (conversation_id << ${SHIFT}) + id, pieces from ${values} where ${there}`.execute(tx)
      else
        await sql`insert into message_index (message_id, conversation_id, pieces)
          select id, conversation_id, pieces::tsvector from ${values} where ${there}
          on conflict (message_id) do nothing`.execute(tx)
    })
    return rows.length
  }
}

async function indexedUpTo({ db }: Pick<Store, 'db'>): Promise<number | undefined> {
  const value = await readSetting(db, UP_TO)
  return value === undefined ? undefined : Number(value)
}

/** False when another process has moved it: what was read is indexed already. */
async function moveUp(tx: Tx, key: string, from: number | undefined, to: number): Promise<boolean> {
  if (from === undefined) return addSetting(tx, key, String(to))
  const { numUpdatedRows } = await tx
    .updateTable('setting')
    .set({ value: String(to) })
    .where('key', '=', key)
    .where('value', '=', String(from))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

async function writeAnew(
  tx: Tx,
  dialect: Dialect,
  { id, conversation_id, content }: { id: number; conversation_id: number; content: string },
): Promise<void> {
  const there = sql`exists (select 1 from message where message.id = ${id})`
  const pieces = indexedForm(dialect, findableText(content)) ?? ''
  if (dialect === 'sqlite') {
    const row = sql`(${conversation_id} << ${SHIFT}) + ${id}`
    await sql`delete from message_index where rowid = ${row}`.execute(tx)
    if (pieces !== '')
      await sql`insert into message_index (rowid, pieces) select ${row}, ${pieces} where ${there}`.execute(tx)
  } else await sql`update message_index set pieces = ${pieces}::tsvector where message_id = ${id}`.execute(tx)
}

/** The conversations with a message that has all the words. */
export interface MessageMatches {
  /** All of them; undefined when they are so many that each is better asked about. */
  readonly all: readonly number[] | undefined
  /** Which of some conversations are among them. */
  among(conversationIds: readonly number[]): Promise<ReadonlySet<number>>
}

/** More messages than these are not gone through to know all their conversations. */
const MAX_MATCHES = 20_000

/** Finds messages by their text; of more than `most` the conversations are not all told. */
export async function findMessages(
  { db, dialect }: Pick<Store, 'db' | 'dialect'>,
  words: readonly string[],
  most = MAX_MATCHES,
): Promise<MessageMatches> {
  const query = queryForm(dialect, words)
  const late = await inTail(db, words)
  const few = sql.lit(most + 1)
  const { rows } =
    dialect === 'sqlite'
      ? await sql<{ id: number; count: number }>`select id, count(*) as count from (
          select rowid >> ${SHIFT} as id from message_index where message_index match ${query} limit ${few})
          group by id`.execute(db)
      : await sql<{ id: number; count: number }>`select id, count(*) as count from (
          select conversation_id as id from message_index where pieces @@ ${query}::tsquery limit ${few}) as found
          group by id`.execute(db)
  const count = rows.reduce((sum, row) => sum + row.count, 0)
  return {
    all: count > most ? undefined : [...new Set([...rows.map(({ id }) => id), ...late])],
    async among(conversationIds) {
      const wanted = idsIn(dialect, conversationIds)
      const found =
        dialect === 'sqlite'
          ? await sql<{ id: number }>`select asked.id from (${wanted}) as asked where exists (
              select 1 from message_index where message_index match ${query}
              and rowid >= (asked.id << ${SHIFT}) and rowid < ((asked.id + 1) << ${SHIFT}))`.execute(db)
          : await sql<{ id: number }>`select asked.id from (${wanted}) as asked where exists (
              select 1 from message_index where conversation_id = asked.id
              and pieces @@ ${query}::tsquery)`.execute(db)
      return new Set([...found.rows.map(({ id }) => id), ...conversationIds.filter((id) => late.has(id))])
    },
  }
}

/** Looks directly through the messages behind the index's last. */
async function inTail(db: Store['db'], words: readonly string[]): Promise<ReadonlySet<number>> {
  const upTo = await indexedUpTo({ db })
  const rows = await db
    .selectFrom('message')
    .select(['conversation_id', 'content'])
    .where('id', '>', upTo ?? 0)
    .orderBy('id', 'desc')
    .limit(TAIL)
    .execute()
  const found = rows.filter(({ content }) => contains(findableText(content), words))
  return new Set(found.map((row) => row.conversation_id))
}
