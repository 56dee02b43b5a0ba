import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { openStore, type Store } from '../src/store/store.js'
import { emptyDatabase } from './runner/postgres-databases.js'
import { missingFor } from './runner/projects.js'

export type StoreKind = 'sqlite' | 'postgres'

/** A fresh, empty, migrated database of one kind. */
export interface TestStore {
  readonly store: Store
  readonly url: string
  /** Closes and opens it again, as after a restart. */
  reopen(): Promise<Store>
  remove(): Promise<void>
}

/** The kinds that this project of the test run is for: SQLite in `db` and `service`, PostgreSQL in `servers`, both in the rest. */
export async function storeKinds(): Promise<StoreKind[]> {
  switch (process.env['KEFU_TEST_STORES']) {
    case 'local':
      return ['sqlite']
    case 'servers':
      return ['postgres']
    default: {
      const missing = await missingFor('servers')
      if (missing === undefined) return ['sqlite', 'postgres']
      if (process.env['CI'] === 'true') throw new Error(`CI has ${missing}.`)
      console.warn(`Not tested on PostgreSQL: ${missing}.`)
      return ['sqlite']
    }
  }
}

export async function makeStore(kind: StoreKind): Promise<TestStore> {
  const { url, drop } = kind === 'sqlite' ? migratedFile() : await emptyDatabase(inject('postgresTemplate'))
  let store = await openStore(url)
  // As after its migrations, which asked it much: the connection is open.
  await store.pendingMigrations()
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

function migratedFile(): { url: string; drop: () => Promise<void> } {
  const directory = mkdtempSync(join(tmpdir(), 'kefu-store-'))
  const file = join(directory, 'kefu.db')
  copyFileSync(inject('sqliteTemplate'), file)
  return {
    url: `file:${file}`,
    drop: async () => {
      rmSync(directory, { recursive: true })
    },
  }
}
