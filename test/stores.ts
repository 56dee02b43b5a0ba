import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { openStore, type Store } from '../src/store/store.js'

/** A fresh, empty, migrated database of one kind. */
export interface TestStore {
  readonly store: Store
  readonly url: string
  /** Closes and opens it again, as after a restart. */
  reopen(): Promise<Store>
  remove(): Promise<void>
}

const server = process.env['TEST_POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres'

/** The kinds that can be tested here: SQLite always, PostgreSQL where one answers (in CI it must). */
export async function storeKinds(): Promise<('sqlite' | 'postgres')[]> {
  const { hostname, port } = new URL(server)
  const reachable = await new Promise<boolean>((resolve) => {
    const socket = createConnection({ host: hostname, port: Number(port || 5432) })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => {
      resolve(false)
    })
  })
  if (reachable) return ['sqlite', 'postgres']
  if (process.env['CI'] === 'true')
    throw new Error('CI needs PostgreSQL on 127.0.0.1:5432, or TEST_POSTGRES_URL.')
  console.warn(
    'PostgreSQL suites are skipped: none answers on 127.0.0.1:5432. Start one, or set TEST_POSTGRES_URL=postgres://USER@HOST/DATABASE.',
  )
  return ['sqlite']
}

export async function makeStore(kind: 'sqlite' | 'postgres'): Promise<TestStore> {
  const { url, drop } = kind === 'sqlite' ? file() : await emptyDatabase()
  let store = await openStore(url)
  await store.migrate()
  return {
    get store() {
      return store
    },
    url,
    async reopen() {
      await store.close()
      store = await openStore(url)
      return store
    },
    async remove() {
      await store.close()
      await drop()
    },
  }
}

function file(): { url: string; drop: () => Promise<void> } {
  const directory = mkdtempSync(join(tmpdir(), 'kefu-store-'))
  return {
    url: `file:${join(directory, 'kefu.db')}`,
    drop: async () => {
      rmSync(directory, { recursive: true })
    },
  }
}

/** A new database in PostgreSQL, without any table. */
export async function emptyDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `kefu_${randomUUID().replaceAll('-', '')}`
  await admin(`create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => admin(`drop database ${name} with (force)`) }
}

async function admin(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
