import { randomUUID } from 'node:crypto'
import { ConfigError } from '../errors.js'
import type { DatabaseFile, Store } from '../store/index.js'
import { callControl } from './control-client.js'
import type { ControlRoutes } from './control-protocol.js'

/** The running server's part of a backup: it holds its file still until the command that copies it is gone. */
export function holdRoutes(store: Store): ControlRoutes {
  const holds = new Set<string>()
  return {
    hold: async ({ say, signal }) => {
      const file = fileOf(store)
      const release = await file.hold()
      const id = randomUUID()
      holds.add(id)
      try {
        say({ id, file: file.path })
        if (!signal.aborted)
          await new Promise<void>((resolve) => {
            signal.addEventListener('abort', () => {
              resolve()
            })
          })
      } finally {
        holds.delete(id)
        await release()
      }
    },
    held: async ({ input }) => typeof input === 'string' && holds.has(input),
  }
}

/** A hold on a running server's file. */
export interface Hold {
  readonly file: string
  /** Throws ConfigError when the server let go meanwhile, so that what was copied may be of two moments. */
  confirm(): Promise<void>
  release(): void
}

/** Takes a hold on the file of the server of a DATA_DIR; undefined when none runs. */
export async function takeHold(dataDir: string): Promise<Hold | undefined> {
  const leaving = new AbortController()
  let begin: (hold: { id: string; file: string }) => void
  const begun = new Promise<{ id: string; file: string }>((resolve) => (begin = resolve))
  const ended = callControl(dataDir, 'hold', null, {
    signal: leaving.signal,
    onProgress: (progress) => {
      begin(progress as { id: string; file: string })
    },
  })
  const first = await Promise.race([begun, ended])
  if ('running' in first) {
    if (first.running) throw letGo()
    return undefined
  }
  // From here on it ends only when we leave, or badly, which confirm notices.
  ended.catch(() => undefined)
  return {
    file: first.file,
    async confirm() {
      const answer = await callControl(dataDir, 'held', first.id)
      if (!answer.running || answer.result !== true) throw letGo()
    },
    release() {
      leaving.abort()
    },
  }
}

/** Throws ConfigError for PostgreSQL. */
export function fileOf(store: Store): DatabaseFile {
  if (store.file) return store.file
  throw new ConfigError(
    'kefu backup is for SQLite. For PostgreSQL use its own: pg_dump --format=custom --file=FILE "$DATABASE_URL" (pg_restore brings it back).',
  )
}

function letGo(): ConfigError {
  return new ConfigError('The server stopped while its database was copied. Run the command again.')
}
