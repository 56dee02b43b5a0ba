import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Store } from '../store/index.js'

/** Where pictures' bytes lie, under names that are random and say nothing. */
export interface PictureStore {
  /** Keeps bytes and gives their name; when it resolves they survive a power loss. */
  put(bytes: Uint8Array): Promise<string>
  /** Undefined when there are none of this name. */
  get(name: string): Promise<Buffer | undefined>
  remove(names: readonly string[]): Promise<void>
  /** Names of what was kept before a time, in milliseconds since 1970: to find what a crash has left. */
  olderThan(time: number): Promise<string[]>
}

/** SQLite: files beside the database. PostgreSQL: rows in it, which every process sees. */
export function pictureStore(store: Store, dataDir: string, now: () => number): PictureStore {
  return store.dialect === 'sqlite' ? inDirectory(join(dataDir, 'media')) : inDatabase(store, now)
}

const newName = (): string => randomBytes(16).toString('hex')
// Whatever a row holds, nothing but our own files is opened.
const isName = (name: string): boolean => /^[0-9a-f]{32}$/.test(name)

function inDirectory(directory: string): PictureStore {
  return {
    async put(bytes) {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      const name = newName()
      const unfinished = join(directory, `${name}.part`)
      try {
        await synced(unfinished, 'wx', (file) => file.writeFile(bytes))
        await rename(unfinished, join(directory, name))
      } catch (error) {
        await rm(unfinished, { force: true })
        throw error
      }
      // The name itself is safe only with its directory.
      await synced(directory, 'r', async () => undefined)
      return name
    },
    async get(name) {
      if (!isName(name)) return undefined
      return readFile(join(directory, name)).catch(missing)
    },
    async remove(names) {
      for (const name of names) if (isName(name)) await rm(join(directory, name), { force: true })
    },
    async olderThan(time) {
      const old: string[] = []
      for (const name of (await readdir(directory).catch(missing)) ?? []) {
        const path = join(directory, name)
        const { mtimeMs } = (await stat(path).catch(missing)) ?? { mtimeMs: Infinity }
        if (mtimeMs >= time) continue
        if (isName(name)) old.push(name)
        // What a crash left half written belongs to nothing.
        else if (name.endsWith('.part')) await rm(path, { force: true })
      }
      return old
    },
  }
}

type FileHandle = Awaited<ReturnType<typeof open>>

async function synced(
  path: string,
  flags: string,
  work: (file: FileHandle) => Promise<unknown>,
): Promise<void> {
  const file = await open(path, flags, 0o600)
  try {
    await work(file)
    await file.sync()
  } finally {
    await file.close()
  }
}

function missing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
  throw error
}

function inDatabase({ db }: Store, now: () => number): PictureStore {
  return {
    async put(bytes) {
      const name = newName()
      await db
        .insertInto('media_bytes')
        .values({ name, bytes: Buffer.from(bytes), created_at: now() })
        .execute()
      return name
    },
    async get(name) {
      const row = await db
        .selectFrom('media_bytes')
        .select('bytes')
        .where('name', '=', name)
        .executeTakeFirst()
      return row?.bytes
    },
    async remove(names) {
      if (names.length === 0) return
      await db
        .deleteFrom('media_bytes')
        .where('name', 'in', [...names])
        .execute()
    },
    async olderThan(time) {
      const rows = await db.selectFrom('media_bytes').select('name').where('created_at', '<', time).execute()
      return rows.map(({ name }) => name)
    },
  }
}
