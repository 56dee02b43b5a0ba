import { chmod, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '../log.js'
import { besideDatabase } from './index.js'

/** The rights of everybody but the owner. */
const OTHERS = 0o077
const OTHERS_WRITE = 0o022

export interface DataPlaces {
  readonly dataDir: string
  /** SQLite's file; undefined with PostgreSQL. */
  readonly database: string | undefined
}

export interface OpenPath {
  readonly path: string
  readonly isDirectory: boolean
}

/** Returns the paths in DATA_DIR that others on this machine may read or replace. */
export async function openToOthers({ dataDir, database }: DataPlaces): Promise<OpenPath[]> {
  const media = join(dataDir, 'media')
  const files = [
    ...(database === undefined ? [] : ['', ...besideDatabase].map((end) => database + end)),
    join(dataDir, 'secret.key'),
    join(dataDir, 'kefu.sock'),
  ]
  const open: OpenPath[] = []
  for (const path of files) if (await grants(path, OTHERS)) open.push({ path, isDirectory: false })
  // Nobody reaches a file in a directory that is closed, and its names say nothing.
  if (await grants(media, OTHERS)) open.push({ path: media, isDirectory: true })
  if (await grants(dataDir, OTHERS_WRITE)) open.push({ path: dataDir, isDirectory: true })
  return open
}

/** Takes away what others may do with the data, as after a copy that was put back. What can't be is left to doctor. */
export async function keepDataPrivate(places: DataPlaces, logger: Logger): Promise<void> {
  for (const { path, isDirectory } of await openToOthers(places))
    try {
      // Who wants to share DATA_DIR itself is told by doctor what that means.
      if (path === places.dataDir) continue
      await chmod(path, isDirectory ? 0o700 : 0o600)
      if (isDirectory) for (const name of await readdir(path)) await chmod(join(path, name), 0o600)
      logger.info({ path }, 'others on this machine could read this; now only its owner can')
    } catch (err) {
      logger.warn({ err, path }, 'others on this machine can read this, and that could not be changed')
    }
}

async function grants(path: string, rights: number): Promise<boolean> {
  if (process.platform === 'win32') return false
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && (found.mode & rights) !== 0
}
