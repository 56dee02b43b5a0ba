/**
 * kefu's service as `kefu start` puts it together (rules, metrics, log), measured to the end: a push counts as
 * handled when that is committed, and a reply when WeChat's API has accepted it and that is committed too.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'kysely'
import { createApp } from '../../modules/server/app.js'
import { readConfig } from '../../modules/config/config.js'
import { openCore } from '../../modules/server/core.js'
import { createLogger } from '../../modules/server/log.js'
import { secrets } from '../secrets.js'
import { serve } from './serve.js'

/** Runs the service with these rules; with `wechat`, every push must have brought its reply there. */
export async function serveKefu({ rules, databaseUrl, wechat }) {
  const folder = mkdtempSync(join(tmpdir(), 'kefu-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const config = readConfig({
    DATA_DIR: folder,
    WECHAT_APP_ID: secrets.appId,
    WECHAT_APP_SECRET: 'unused',
    WECHAT_TOKEN: secrets.token,
    WECHAT_ENCODING_AES_KEY: secrets.encodingAESKey,
    ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}),
    ...(wechat ? { WECHAT_API_URL: wechat.url } : {}),
  })
  const runtime = { logger: createLogger('warn', process.stderr), now: Date.now, wait }
  const core = await openCore(config, runtime)
  await core.rules.replace({ rules })
  const app = await createApp(config, core, runtime)
  await app.start()
  serve(app.handler, () => settle(core.store, wechat))
}

async function settle({ db }, wechat) {
  const one = async (query) => (await query.execute(db)).rows[0]
  // Both look at an index of what is still to do.
  const waiting = sql`select exists (select 1 from push where state = 'new')
    or exists (select 1 from message where state in ('queued', 'sending')) as any`
  while (Number((await one(waiting)).any) === 1) await wait(5)
  const settledAt = performance.timeOrigin + performance.now()
  const { pushes, handled } = await one(sql`select count(*) as pushes,
    sum(case state when 'handled' then 1 else 0 end) as handled from push`)
  const { messages, characters } = await one(sql`select count(*) as messages,
    sum(length(cast(${content(db)} as text))) as characters from message where direction = 'incoming'`)
  const counts = { pushes: Number(pushes), characters: Number(characters), settledAt }
  if (Number(handled) !== counts.pushes || Number(messages) !== counts.pushes)
    throw new Error(`${pushes} pushes are kept, ${handled} handled, ${messages} messages written`)
  if (!wechat) return counts
  const { accepted } = await one(sql`select count(*) as accepted from message where state = 'accepted'`)
  const received = await wechat.count()
  if (Number(accepted) !== counts.pushes || received !== counts.pushes)
    throw new Error(`${pushes} pushes, ${accepted} replies noted as accepted, ${received} accepted by WeChat`)
  return counts
}

function content(db) {
  const postgres = db.getExecutor().adapter.constructor.name.startsWith('Postgres')
  return postgres ? sql`content::json ->> 'content'` : sql`content ->> 'content'`
}
