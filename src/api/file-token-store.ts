import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { parseStoredToken, type TokenStore } from './token-store.js'

/** How old the right to break a lapsed lease may be before it is itself taken to be left behind by a crash. */
const BREAKER_LIFE_MS = 10_000

/**
 * Keeps tokens in files of `directory` (made with mode 0700, files 0600), each replaced in one step so that a
 * crash leaves the old or the new one. For several processes of one machine.
 */
export function fileTokenStore(directory: string, now: () => number = Date.now): TokenStore {
  const fileOf = (key: string): string => join(directory, `${encodeURIComponent(key)}.json`)

  async function replace(file: string, text: string): Promise<void> {
    const temporary = `${file}.${randomUUID()}`
    try {
      await create(temporary, text)
      await rename(temporary, file)
    } catch (error) {
      await unlink(temporary).catch(() => undefined)
      throw error
    }
  }

  return {
    async get(key) {
      const text = await readOrNone(fileOf(key))
      return text === undefined ? undefined : parseStoredToken(text)
    },

    async set(key, token) {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      await replace(fileOf(key), JSON.stringify(token))
    },

    async lease(key, leaseMs) {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      const file = `${fileOf(key)}.lease`
      const mine = JSON.stringify({ id: randomUUID(), until: now() + leaseMs })
      const release = async (): Promise<void> => {
        if ((await readOrNone(file)) === mine) await unlink(file).catch(ignoreMissing)
      }
      if (await createIfMissing(file, mine)) return release
      if (!lapsed(await readOrNone(file), now())) return undefined

      // Only one may break a lapsed lease, or a second would break the first one's new lease.
      const breaker = `${file}.break`
      if (!(await createIfMissing(breaker, ''))) {
        const left = await stat(breaker).catch(() => undefined)
        if (left && Date.now() - left.mtimeMs > BREAKER_LIFE_MS) await unlink(breaker).catch(ignoreMissing)
        return undefined
      }
      try {
        if (!lapsed(await readOrNone(file), now())) return undefined
        await replace(file, mine)
        return release
      } finally {
        await unlink(breaker).catch(ignoreMissing)
      }
    },
  }
}

function lapsed(text: string | undefined, now: number): boolean {
  if (text === undefined) return false // given back meanwhile: the next try finds it free
  const until = /"until":(\d+)/.exec(text)?.[1]
  return until === undefined || Number(until) <= now
}

async function create(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes the file with its content in one step (a crash never leaves it empty), if there is none. */
async function createIfMissing(file: string, text: string): Promise<boolean> {
  const temporary = `${file}.${randomUUID()}`
  await create(temporary, text)
  try {
    await link(temporary, file)
    return true
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false
    throw error
  } finally {
    await unlink(temporary).catch(ignoreMissing)
  }
}

async function readOrNone(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

function ignoreMissing(error: unknown): void {
  if (!isErrno(error, 'ENOENT')) throw error
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
