/** A PostgreSQL database of this process's own, dropped at its end. BENCH_POSTGRES says where. */
import { randomUUID } from 'node:crypto'
import pg from 'pg'

export const server = process.env.BENCH_POSTGRES ?? 'postgres://postgres@127.0.0.1:5432/postgres'

export async function ownDatabase() {
  const name = `kefu_bench_${randomUUID().replaceAll('-', '')}`
  await asAdministrator(`create database ${name}`)
  const url = new URL(server)
  url.pathname = name
  return { url: url.href, drop: () => asAdministrator(`drop database ${name} with (force)`) }
}

/** Whether there is one to measure with. */
export async function isThere() {
  return asAdministrator('select 1').then(
    () => true,
    () => false,
  )
}

async function asAdministrator(command) {
  const client = new pg.Client({ connectionString: server, connectionTimeoutMillis: 2000 })
  try {
    await client.connect()
    await client.query(command)
  } finally {
    await client.end()
  }
}
