import { chmod, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { ConfigError } from '../errors.js'
import { settleCopy, type Store } from '../store/index.js'
import { fileOf, takeHold } from './backup-hold.js'

export interface BackupOptions {
  readonly dataDir: string
  /** Opens the database here, when no server runs. */
  readonly openStore: () => Promise<Store>
}

export interface Backup {
  readonly file: string
  readonly bytes: number
  /** Whether it was made beside a running server. */
  readonly beside: boolean
}

/**
 * Writes a backup of the database to a file that is not there yet: whole, checked and on disk, or not at all.
 * Beside a running server this process copies the file that the server holds still, so that no push waits for
 * it. Throws ConfigError.
 */
export async function backUp(target: string, { dataDir, openStore }: BackupOptions): Promise<Backup> {
  const file = resolve(target)
  if (await exists(file))
    throw new ConfigError(`${file} is there already: name a file that is not, or remove it.`)
  if (!(await exists(dirname(file))))
    throw new ConfigError(`There is no directory ${dirname(file)}: make it first.`)
  const part = `${file}.part`
  try {
    await clear(part)
    const beside = await copyBesideServer(dataDir, part)
    if (!beside) await copyAlone(openStore, part)
    await settleCopy(part)
    await chmod(part, 0o600)
    await sync(part)
    await rename(part, file)
    await sync(dirname(file))
    return { file, bytes: (await stat(file)).size, beside }
  } finally {
    await clear(part)
  }
}

/** False when no server runs. */
async function copyBesideServer(dataDir: string, part: string): Promise<boolean> {
  const hold = await takeHold(dataDir)
  if (!hold) return false
  try {
    await copyGently(hold.file, part)
    await copyGently(`${hold.file}-wal`, `${part}-wal`)
    await hold.confirm()
    return true
  } finally {
    hold.release()
  }
}

/** So much is on its way to the disk at most: more at once would hold up the commits of the server. */
const PIECE_BYTES = 4 * 1024 * 1024

/** Copies a file, each piece on disk before the next. */
async function copyGently(from: string, to: string): Promise<void> {
  const source = await open(from, 'r')
  const target = await open(to, 'wx', 0o600)
  try {
    const buffer = Buffer.allocUnsafe(PIECE_BYTES)
    for (;;) {
      const { bytesRead } = await source.read(buffer, 0, PIECE_BYTES)
      if (bytesRead === 0) return
      await target.writeFile(buffer.subarray(0, bytesRead))
      await target.datasync()
    }
  } finally {
    await target.close()
    await source.close()
  }
}

async function copyAlone(openStore: BackupOptions['openStore'], part: string): Promise<void> {
  const store = await openStore()
  try {
    await fileOf(store).compactInto(part)
  } finally {
    await store.close()
  }
}

async function clear(part: string): Promise<void> {
  for (const end of ['', '-wal', '-shm', '-journal']) await rm(part + end, { force: true })
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
