import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { postgresUrl } from './projects.js'

export interface PostgresDatabase {
  readonly name: string
  readonly url: string
  drop: () => Promise<void>
}

/** A new database in PostgreSQL: without any table, or with all that the template has. */
export async function emptyDatabase(template?: string): Promise<PostgresDatabase> {
  const name = `kefu_${randomUUID().replaceAll('-', '')}`
  await admin(`create database ${name}${template === undefined ? '' : ` template ${template}`}`)
  const url = new URL(postgresUrl)
  url.pathname = `/${name}`
  return { name, url: url.href, drop: () => admin(`drop database ${name} with (force)`) }
}

async function admin(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
