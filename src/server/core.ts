import { join } from 'node:path'
import { Api } from '../api/index.js'
import { queues } from '../conversation/index.js'
import type { Logger } from '../log.js'
import { orderPushKeys, type Store } from '../store/index.js'
import { Apps } from '../apps/apps.js'
import type { Config } from '../config/config.js'
import { openDatabase } from './database.js'
import { DatabaseIdentity } from './database-identity.js'
import { databaseTokenStore } from '../apps/database-token-store.js'
import { scrubWhereDue } from './erasure.js'
import { Metrics } from './metrics.js'
import { readMovedAway, refuseHalfMoved } from '../store/moving/index.js'
import { keepDataPrivate } from '../store/private-data.js'
import { repeatableSince } from './retention.js'
import { AddressGuard } from '../hooks/index.js'
import { Exams } from '../knowledge/exams/exams.js'
import { Knowledge } from '../knowledge/knowledge.js'
import { PageFetcher } from '../knowledge/sources/page-fetcher.js'
import { Sources } from '../knowledge/sources/sources.js'
import { nextTurn } from '../rules/steps.js'
import { RuleBook } from '../rules/rule-book.js'
import type { SecretBox } from '../apps/secret-box.js'
import { openSecrets } from '../apps/secrets.js'

export interface Runtime {
  readonly logger: Logger
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly wait: (milliseconds: number) => Promise<unknown>
}

/** The opened database and its parts: the base of the service, and of a command when no service runs. */
export interface Core {
  readonly store: Store
  /** Seals what the database keeps of secrets. */
  readonly secretBox: SecretBox
  /** The database's name until it is restored. */
  readonly identity: Pick<DatabaseIdentity, 'id'>
  readonly metrics: Metrics
  readonly apps: Apps
  readonly rules: RuleBook
  readonly knowledge: Knowledge
  readonly exams: Exams
  readonly sources: Sources
  close(): Promise<void>
}

/** How long WeChat's API may still take when all else has stopped. */
const LAST_MS = 500

/** Opens the database, brings it up to date, and reads Mini Programs and rules from it. Throws ConfigError. */
export async function openCore(config: Config, { logger, now, wait }: Runtime): Promise<Core> {
  const store = await openDatabase(config)
  try {
    await keepDataPrivate({ dataDir: config.dataDir, database: store.file?.path }, logger)
    const ran = await store.migrate()
    await refuseHalfMoved(store)
    await sayWhereMoved(store, logger)
    await scrubWhereDue(store, { logger })
    if (ran.length > 0)
      logger.info({ migrations: ran.length, latest: ran.at(-1) }, 'the database was brought up to date')
    const pushes = await orderPushKeys(store, repeatableSince(config, now()))
    if (pushes !== undefined) logger.info({ pushes }, 'pushes that may still be repeated have their new keys')
    const secretBox = await openSecrets({
      store,
      configured: config.secretKey,
      file: join(config.dataDir, 'secret.key'),
    })
    const identity = new DatabaseIdentity({ store, file: join(config.dataDir, 'database.mark'), logger })
    await identity.open()
    const metrics = new Metrics({ queues: queues(store), now })
    const tokenStore = databaseTokenStore({
      store,
      secretBox,
      now,
      onRenewed: (appId) => {
        metrics.tokenRenewals.inc({ app: appId })
      },
    })
    const apps = new Apps({
      store,
      secretBox,
      environment: config.app,
      pushMaxAgeSeconds: config.pushMaxAgeSeconds,
      connect: ({ appId, appSecret }) =>
        new Api({ appId, appSecret, url: config.apiUrl, tokenStore, logger, now }),
      logger,
      now,
    })
    const rules = new RuleBook({ store, allowed: config.allowance, logger })
    const knowledge = new Knowledge({
      store,
      logger,
      now,
      pause: nextTurn,
      onOthersChange: () => {
        exams.run().catch((err: unknown) => {
          logger.warn({ err }, 'the retrieval exam could not be run')
        })
      },
    })
    const exams: Exams = new Exams({ store, knowledge, now, pause: nextTurn })
    const sources = new Sources({
      store,
      knowledge,
      exams,
      fetcher: new PageFetcher({ guard: new AddressGuard(config.privatePages) }),
      logger,
      now,
      pause: nextTurn,
    })
    await apps.start()
    await rules.start()
    await knowledge.start()
    return {
      store,
      secretBox,
      identity,
      metrics,
      apps,
      rules,
      knowledge,
      exams,
      sources,
      async close() {
        await sources.stop()
        await knowledge.stop()
        await rules.stop()
        // A call that lasts longer has had its time; what became of it is `unknown` at the next start.
        await Promise.race([apps.stop(), wait(LAST_MS)])
        await identity.close()
        await store.close()
      },
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Whoever starts on the old file by mistake must hear of it: customers' messages would be in two databases. */
async function sayWhereMoved({ db }: Store, logger: Logger): Promise<void> {
  const moved = await readMovedAway(db)
  if (moved === undefined) return
  logger.warn(
    { movedAt: new Date(moved.at).toISOString() },
    '这个数据库已用 kefu move 迁移到 PostgreSQL，新的消息只会保存在这里：请检查 DATABASE_URL。 ' +
      'This database was moved to PostgreSQL by kefu move, and what comes now is kept only here: check DATABASE_URL',
  )
}
