import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { openStore } from '../../src/store/store.js'
import { emptyDatabase } from './postgres-databases.js'
import { missingFor } from './projects.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** A migrated, empty SQLite file that tests copy. */
    sqliteTemplate: string
    /** The name of a migrated, empty database that tests copy; '' where the project does without PostgreSQL. */
    postgresTemplate: string
  }
}

/** Migrates one database of each kind for the whole run: a copy costs a fraction of its migrations. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = mkdtempSync(join(tmpdir(), 'kefu-template-'))
  const file = join(directory, 'kefu.db')
  await migrate(`file:${file}`)
  project.provide('sqliteTemplate', file)
  const wantsServers = project.config.env['KEFU_TEST_STORES'] !== 'local'
  const postgres =
    wantsServers && (await missingFor('servers')) === undefined ? await emptyDatabase() : undefined
  if (postgres) await migrate(postgres.url)
  project.provide('postgresTemplate', postgres?.name ?? '')
  return async () => {
    rmSync(directory, { recursive: true })
    await postgres?.drop()
  }
}

async function migrate(url: string): Promise<void> {
  const store = await openStore(url)
  try {
    await store.migrate()
  } finally {
    await store.close()
  }
}
