import { chmodSync, closeSync, openSync, statSync } from 'node:fs'

const OWNER_ONLY = 0o600
const OTHERS = 0o077

/** Endings of the files that SQLite keeps beside a database, with its rights. */
export const besideDatabase = ['-wal', '-shm', '-journal'] as const

/**
 * Sees to it that a database's file, there or not yet, is its owner's alone, and what lies beside it: whatever the
 * umask, and whoever made the directory. A file that is there is never opened: to close it would drop SQLite's lock.
 */
export function keepDatabasePrivate(path: string): void {
  if (modeOf(path) === undefined) makePrivate(path)
  for (const end of ['', ...besideDatabase]) {
    const mode = modeOf(path + end)
    if (mode !== undefined && (mode & OTHERS) !== 0) tighten(path + end)
  }
}

/** Makes an empty file that only its owner may read. */
export function makePrivate(path: string): void {
  closeSync(openSync(path, 'wx', OWNER_ONLY))
}

function modeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mode
}

function tighten(path: string): void {
  try {
    chmodSync(path, OWNER_ONLY)
  } catch (error) {
    // Another user's file, or gone by now: doctor says so, and whoever can't write it is told in a moment.
    if (!(
      error instanceof Error &&
      'code' in error &&
      ['EPERM', 'ENOENT', 'EROFS'].includes(String(error.code))
    ))
      throw error
  }
}
