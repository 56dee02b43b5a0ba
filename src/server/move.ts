import { sql, type Kysely } from 'kysely'
import { MessageIndexer } from '../conversation/index.js'
import { ConfigError } from '../errors.js'
import { silentLogger } from '../log.js'
import { countPictureFiles, digestPictures, movePictures } from '../media/index.js'
import {
  isDatabaseFault,
  readDatabaseId,
  writeSetting,
  type Schema,
  type Store,
  type Tx,
} from '../store/index.js'
import {
  beginMove,
  continueNumbers,
  copyTable,
  countRows,
  digestTable,
  leaveSource,
  nameSource,
  readMove,
  readMovedAway,
  rowTables,
  shapeOf,
  sourceWord,
  tablesInUse,
  writeMove,
  type MoveState,
  type Table,
  type TableDigest,
  type TableState,
} from '../store/moving/index.js'

/** How far a move is: rows of a table, or pictures, of so many. */
export interface MoveProgress {
  readonly step: 'copy' | 'index' | 'check'
  readonly table: Table
  readonly done: number
  readonly total: number
}

export interface MoveOptions {
  /** SQLite, open for this process alone. */
  readonly source: Store
  /** PostgreSQL. */
  readonly target: Store
  readonly dataDir: string
  readonly now: () => number
  readonly onProgress: (progress: MoveProgress) => void
  /** Called when what was copied is thrown away, because the source was used since or a check failed. */
  readonly onAnew: (why: 'changed' | 'spoiled') => void
}

export interface Moved {
  /** True where an earlier run had finished it. */
  readonly before: boolean
  readonly rows: number
  readonly pictures: number
  /** Values that PostgreSQL can't keep: NUL and halves of characters, U+FFFD there. */
  readonly replaced: number
  /** Pictures whose file is gone. */
  readonly missing: number
}

/** Any number of the same move at once is one too many; PostgreSQL gives the lock back when the process ends. */
const LOCK = 7_203_641

/**
 * Moves a database from SQLite to PostgreSQL, or goes on with a move that was cut off. It is finished when everything
 * was compared. Throws ConfigError when the target is in use, or is not what the source is.
 */
export async function moveDatabase(options: MoveOptions): Promise<Moved> {
  const { source, target } = options
  await source.migrate()
  await target.migrate()
  // By one connection, which has the lock.
  return target.db.connection().execute(async (db) => {
    const { rows } = await sql<{ held: boolean }>`
      select pg_try_advisory_lock(${sql.lit(LOCK)}) as held`.execute(db)
    if (rows[0]?.held !== true)
      throw new ConfigError(
        '另一个 kefu move 正在写入这个目标数据库：等它结束。 ' +
          'Another kefu move is at work on this target: wait for it to end.',
      )
    return new Move(options, db).run().catch((error: unknown) => {
      throw isDatabaseFault(error) ? cutOff(error) : error
    })
  })
}

function cutOff(cause: unknown): ConfigError {
  return new ConfigError(
    '与数据库的连接中断，或数据库出错：已完成的部分保留。再次运行 kefu move 会接着做。 ' +
      'The connection to a database broke, or a database failed: what is done is kept. Run kefu move again, which goes on from there.',
    { cause },
  )
}

class Move {
  readonly #options: MoveOptions
  readonly #source: Kysely<Schema>
  readonly #target: Kysely<Schema>
  #state: MoveState

  constructor(options: MoveOptions, target: Kysely<Schema>) {
    this.#options = options
    this.#source = options.source.db
    this.#target = target
    this.#state = { sourceId: '', source: '', tables: {}, replaced: 0, missing: 0, stage: 'copying' }
  }

  async run(): Promise<Moved> {
    const before = await readMove(this.#target)
    const named = (await readDatabaseId(this.#options.source))?.id
    // A service that ran on the source since has given it another name.
    const known = named ?? (await readMovedAway(this.#source))?.id
    if (before?.stage === 'done' && before.sourceId === known) {
      this.#state = before
      // The last run may have ended just before it.
      if (named !== undefined) await this.#leave()
      return this.#moved(true)
    }
    if (before && (before.stage === 'done' || before.sourceId !== named)) throw this.#inUse(['move'])
    const sourceId = await nameSource(this.#source)
    const source = await sourceWord(this.#source)
    if (before?.stage === 'copying' && before.source === source) this.#state = before
    else {
      if (before) this.#options.onAnew(before.stage === 'spoiled' ? 'spoiled' : 'changed')
      else {
        const used = await tablesInUse(this.#target)
        if (used.length > 0) throw this.#inUse(used)
      }
      this.#state = { ...this.#state, sourceId, source }
      await beginMove(this.#target, this.#state)
    }
    for (const table of rowTables) await this.#copy(table)
    await this.#copyPictures()
    await this.#index()
    await this.#check()
    await this.#finish()
    await this.#leave()
    return this.#moved(false)
  }

  async #copy(table: Table): Promise<void> {
    const shape = await shapeOf(this.#source, table)
    const total = await countRows(this.#source, table)
    await copyTable({
      source: this.#source,
      target: this.#target,
      shape,
      from: this.#state.tables[table],
      note: (tx, state, replaced) =>
        this.#note(tx, table, state, { replaced: this.#state.replaced + replaced }),
      onRows: this.#telling('copy', table, total),
    })
  }

  async #copyPictures(): Promise<void> {
    const { dataDir } = this.#options
    const total = await countPictureFiles(this.#source)
    await movePictures({
      source: this.#source,
      target: this.#target,
      dataDir,
      from: this.#state.tables.media_bytes,
      note: (tx, state, missing) =>
        this.#note(tx, 'media_bytes', state, { missing: this.#state.missing + missing }),
      onPicture: this.#telling('copy', 'media_bytes', total),
    })
  }

  async #note(
    tx: Tx,
    table: Table,
    state: TableState,
    counts: Partial<Pick<MoveState, 'replaced' | 'missing'>>,
  ): Promise<void> {
    this.#state = { ...this.#state, ...counts, tables: { ...this.#state.tables, [table]: state } }
    await writeMove(tx, this.#state)
  }

  /** Tells how far a step is; a table without rows is not worth a line. */
  #telling(step: MoveProgress['step'], table: Table, total: number): (state: { rows: number }) => void {
    return ({ rows }) => {
      if (total > 0) this.#options.onProgress({ step, table, done: rows, total })
    }
  }

  /** The index for search is made anew: each database has its own kind. It knows by itself how far it is. */
  async #index(): Promise<void> {
    const { target } = this.#options
    const tell = this.#telling('index', 'message', await countRows(this.#source, 'message'))
    let rows = 0
    const indexer = new MessageIndexer({
      store: { ...target, db: this.#target },
      logger: silentLogger,
      wait: async () => undefined,
    })
    await indexer.catchUp((count) => {
      rows += count
      tell({ rows })
    })
  }

  async #check(): Promise<void> {
    for (const table of rowTables) {
      const shape = await shapeOf(this.#source, table)
      const tell = this.#telling('check', table, await countRows(this.#source, table))
      const theirs = await digestTable(this.#target, shape)
      const ours = await digestTable(this.#source, shape, (rows) => {
        tell({ rows })
      })
      await this.#compare(table, ours, theirs)
    }
    const tell = this.#telling('check', 'media_bytes', await countPictureFiles(this.#source))
    const { dataDir } = this.#options
    const pictures = await digestPictures({ source: this.#source, target: this.#target, dataDir }, (rows) => {
      tell({ rows })
    })
    await this.#compare('media_bytes', pictures.source, pictures.target)
  }

  async #compare(table: Table, ours: TableDigest, theirs: TableDigest): Promise<void> {
    if (ours.count === theirs.count && ours.hash === theirs.hash) return
    await writeMove(this.#target, { ...this.#state, stage: 'spoiled' })
    throw new ConfigError(
      `核对失败：表 ${table} 在源库有 ${ours.count} 行，在目标库有 ${theirs.count} 行，内容不同。目标库不能使用；源库没有改动。再次运行 kefu move 会从头开始；目标库不能有别的程序写入。\n` +
        `The check failed: ${table} has ${ours.count} rows in the source and ${theirs.count} in the target, and they are not the same. ` +
        'The target can’t be used; the source is as it was. Run kefu move again: it begins anew. Nothing else may write to the target.',
    )
  }

  /** From here on the target is the database: with its name, and numbers that go on behind the source's. */
  async #finish(): Promise<void> {
    await continueNumbers(this.#source, this.#target)
    await sql`analyze`.execute(this.#target)
    await this.#target.transaction().execute(async (tx) => {
      // Nobody but this command knows that it is the same database, in which conversations have the same numbers.
      await writeSetting(tx, 'database_id', JSON.stringify({ id: this.#state.sourceId, witness: null }))
      this.#state = { ...this.#state, stage: 'done' }
      await writeMove(tx, this.#state)
    })
  }

  async #leave(): Promise<void> {
    await leaveSource(this.#source, { id: this.#state.sourceId, at: this.#options.now() })
  }

  #moved(before: boolean): Moved {
    const { tables, replaced, missing } = this.#state
    const rows = rowTables.reduce((sum, table) => sum + (tables[table]?.rows ?? 0), 0)
    return { before, rows, pictures: tables.media_bytes?.rows ?? 0, replaced, missing }
  }

  #inUse(tables: readonly string[]): ConfigError {
    return new ConfigError(
      `目标数据库不是空的（${tables.join('、')}），没有写入任何内容。请新建一个空的数据库（createdb），再运行 kefu move。\n` +
        `The target is not empty (${tables.join(', ')}); nothing was written. Make an empty database (createdb), and run kefu move again.`,
    )
  }
}
