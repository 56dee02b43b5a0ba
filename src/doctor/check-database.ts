import type { Store } from '../store/index.js'
import type { Finding } from './finding.js'

/** Whether the database answers and has the schema of this release. */
export async function checkDatabase(store: Store): Promise<Finding[]> {
  const check = 'database'
  const pending = await store.pendingMigrations()
  if (pending.length === 0)
    return [
      {
        check,
        level: 'ok',
        found: {
          zh: `数据库可用，结构是最新的（${store.engine}）。`,
          en: `The database answers and is up to date (${store.engine}).`,
        },
      },
    ]
  return [
    {
      check,
      level: 'fail',
      found: {
        zh: `数据库需要升级：${pending.join(', ')}`,
        en: `The database needs to be brought up to date: ${pending.join(', ')}`,
      },
      todo: { zh: '运行 kefu migrate，或重启服务。', en: 'Run kefu migrate, or restart the service.' },
    },
  ]
}

/** So many of the last pushes are looked through, so that it costs the same however many are kept. */
const LATEST = 1000

/** When each Mini Program was pushed to last, in milliseconds, as far as it is among the latest pushes. */
export async function latestPushes(store: Store): Promise<ReadonlyMap<string, number>> {
  const rows = await store.db
    .selectFrom('push')
    .select(['app_id', 'received_at'])
    .orderBy('id', 'desc')
    .limit(LATEST)
    .execute()
  const latest = new Map<string, number>()
  for (const { app_id: app, received_at: at } of rows) latest.set(app, Math.max(at, latest.get(app) ?? 0))
  return latest
}
