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
  /** Removes what was put before a time, in milliseconds since 1970, and belongs to no picture: a crash left it. */
  sweep(before: number): Promise<void>
}

/** SQLite: files beside the database. PostgreSQL: rows in it, which every process sees. */
export function pictureStore(store: Store, dataDir: string, now: () => number): PictureStore {
  return store.dialect === 'sqlite' ? inDirectory(join(dataDir, 'media'), store) : inDatabase(store, now)
}

/** How many names are looked up in one statement. */
const SWEPT_AT_ONCE = 200

const newName = (): string => randomBytes(16).toString('hex')
// Whatever a row holds, nothing but our own files is opened.
const isName = (name: string): boolean => /^[0-9a-f]{32}$/.test(name)

function inDirectory(directory: string, { db }: Store): PictureStore {
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
    async sweep(before) {
      const names = (await readdir(directory).catch(missing)) ?? []
      for (let i = 0; i < names.length; i += SWEPT_AT_ONCE) {
        const old: string[] = []
        for (const name of names.slice(i, i + SWEPT_AT_ONCE)) {
          const { mtimeMs } = (await stat(join(directory, name)).catch(missing)) ?? { mtimeMs: Infinity }
          if (mtimeMs < before && (isName(name) || name.endsWith('.part'))) old.push(name)
        }
        if (old.length === 0) continue
        const rows = await db.selectFrom('media').select('file').where('file', 'in', old).execute()
        const used = new Set(rows.map(({ file }) => file))
        for (const name of old) if (!used.has(name)) await rm(join(directory, name), { force: true })
      }
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
    async sweep(before) {
      await db
        .deleteFrom('media_bytes')
        .where('created_at', '<', before)
        .where((eb) =>
          eb.not(eb.exists(eb.selectFrom('media').select('id').whereRef('file', '=', 'media_bytes.name'))),
        )
        .execute()
    },
  }
}
