import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql, type Kysely } from 'kysely'
import type { Schema, Tx } from '../store/index.js'
import { HashSum, type TableDigest, type TableState } from '../store/moving/index.js'

/** Rows whose pictures are looked for at once. */
const AT_ONCE = 200

interface PictureFile {
  /** The picture's number. */
  readonly id: number
  readonly name: string
  readonly createdAt: number
  /** Undefined where DATA_DIR no longer has the file. */
  readonly bytes: Buffer | undefined
}

export interface MovedPicturesOptions {
  readonly source: Kysely<Schema>
  readonly target: Kysely<Schema>
  readonly dataDir: string
  /** How far it is already; undefined at the beginning. */
  readonly from: TableState | undefined
  /** Notes, in the transaction that adds a picture, how far it is then, and how many files are gone. */
  readonly note: (tx: Tx, state: TableState, missing: number) => Promise<void>
  /** Called after each commit. */
  readonly onPicture: (state: TableState) => void
}

/** Puts the pictures' files into PostgreSQL, one after the other. */
export async function movePictures({
  source,
  target,
  dataDir,
  from,
  note,
  onPicture,
}: MovedPicturesOptions): Promise<void> {
  if (from?.isDone) return
  let state: TableState = from ?? { rows: 0, last: [0], isDone: false }
  for await (const { id, name, createdAt, bytes } of pictureFiles(source, dataDir, Number(state.last[0]))) {
    const next: TableState = { rows: state.rows + (bytes ? 1 : 0), last: [id], isDone: false }
    await target.transaction().execute(async (tx) => {
      if (bytes) await tx.insertInto('media_bytes').values({ name, bytes, created_at: createdAt }).execute()
      await note(tx, next, bytes ? 0 : 1)
    })
    state = next
    onPicture(next)
  }
  await target.transaction().execute((tx) => note(tx, { ...state, isDone: true }, 0))
}

/** How many pictures have a file by the database's word. */
export async function countPictureFiles(source: Kysely<Schema>): Promise<number> {
  const { count } = await source
    .selectFrom('media')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('file', 'is not', null)
    .executeTakeFirstOrThrow()
  return count
}

/** Both sides' pictures in short, by name and content. `onFiles` is called with the number of files after each. */
export async function digestPictures(
  { source, target, dataDir }: Pick<MovedPicturesOptions, 'source' | 'target' | 'dataDir'>,
  onFiles: (count: number) => void,
): Promise<{ source: TableDigest; target: TableDigest }> {
  const files = new HashSum()
  for await (const { name, bytes } of pictureFiles(source, dataDir, 0)) {
    if (bytes) files.add(digestOf(name, createHash('sha256').update(bytes).digest('hex')))
    onFiles(files.count)
  }
  const kept = new HashSum()
  for (let after = ''; ;) {
    // PostgreSQL hashes them where they lie.
    const { rows } = await sql<{ name: string; hash: string }>`
      select name, encode(sha256(bytes), 'hex') as hash from media_bytes
      where name > ${after} order by name limit ${sql.lit(AT_ONCE)}`.execute(target)
    for (const { name, hash } of rows) kept.add(digestOf(name, hash))
    const last = rows.at(-1)
    if (!last) return { source: files.digest, target: kept.digest }
    after = last.name
  }
}

function digestOf(name: string, hash: string): Buffer {
  return createHash('sha256').update(`${name} ${hash}`).digest()
}

async function* pictureFiles(
  source: Kysely<Schema>,
  dataDir: string,
  after: number,
): AsyncGenerator<PictureFile> {
  for (;;) {
    const rows = await source
      .selectFrom('media')
      .select(['id', 'file', 'created_at'])
      .where('id', '>', after)
      .where('file', 'is not', null)
      .orderBy('id')
      .limit(AT_ONCE)
      .execute()
    for (const { id, file, created_at: createdAt } of rows) {
      const name = file ?? ''
      yield { id, name, createdAt, bytes: await readFile(join(dataDir, 'media', name)).catch(missing) }
    }
    const last = rows.at(-1)
    if (!last) return
    after = last.id
  }
}

function missing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
  throw error
}
