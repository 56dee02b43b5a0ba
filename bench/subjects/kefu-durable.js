/** kefu's service without its shell: each push is committed (SQLite, synchronous=FULL) before it is answered, then handled. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import Koa from 'koa'
import {
  BatchWorker,
  defaultAllowanceRules,
  everyShard,
  Handling,
  Inbox,
} from '../../dist/conversation/index.js'
import { Bot, consoleLogger, webhook } from '../../dist/index.js'
import { openStore } from '../../dist/store/index.js'
import { secrets } from '../secrets.js'
import { handle, serve } from './serve.js'

const folder = mkdtempSync(join(tmpdir(), 'kefu-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const store = await openStore(`file:${join(folder, 'kefu.db')}`)
await store.migrate()
const bot = new Bot({ api: { send: async () => {}, setTyping: async () => {} } })
bot.on('message:text', (ctx) => {
  handle(ctx.message.content)
  ctx.stayedSilent()
})
const common = {
  store,
  shards: everyShard,
  allowance: defaultAllowanceRules,
  logger: consoleLogger,
  now: Date.now,
  wait,
}
const worker = new BatchWorker({ ...common, handling: new Handling({ ...common, bot }), onHandled: () => {} })
const inbox = new Inbox({ ...common, worker })
inbox.start()

serve(new Koa().use(webhook(inbox, { path: '/wechat', ...secrets })).callback())
