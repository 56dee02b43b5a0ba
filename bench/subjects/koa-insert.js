/**
 * The floor of what is durable: Koa reads the body, one row holds it, all rows of a turn of the event loop are one
 * commit (SQLite, synchronous=FULL). Nothing is verified, decrypted, read or handled.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Koa from 'koa'
import { openSqlite } from '../../modules/store/sqlite.js'
import { handle, readBody, serve } from './serve.js'

const folder = mkdtempSync(join(tmpdir(), 'kefu-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const database = await openSqlite(join(folder, 'floor.db'))
await database.exec('create table push (id integer primary key, body text not null)')
const insert = 'insert into push (body) select value from json_each(?)'
let waiting = []

const app = new Koa()
app.use(async (ctx) => {
  await commit(await readBody(ctx.req))
  ctx.body = 'success'
})
serve(app.callback())

function commit(body) {
  return new Promise((resolve) => {
    waiting.push({ body, resolve })
    if (waiting.length === 1) setImmediate(commitAll)
  })
}

async function commitAll() {
  const all = waiting
  waiting = []
  await database.run(insert, [JSON.stringify(all.map(({ body }) => body))])
  for (const { body, resolve } of all) {
    handle(body)
    resolve()
  }
}
