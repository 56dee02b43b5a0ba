import { join } from 'node:path'
import { Api } from '../api/index.js'
import type { Logger } from '../log.js'
import type { Store } from '../store/index.js'
import { Apps } from './apps.js'
import type { Config } from './config.js'
import { openDatabase } from './database.js'
import { databaseTokenStore } from './database-token-store.js'
import { scrubWhereDue } from './erasure.js'
import { Metrics } from './metrics.js'
import { queues } from './queues.js'
import { RuleBook } from './rule-book.js'
import type { SecretBox } from './secret-box.js'
import { openSecrets } from './secrets.js'

export interface Surroundings {
  readonly logger: Logger
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly wait: (milliseconds: number) => Promise<unknown>
}

/** What is kept, opened: what the service stands on, and what a command needs when no service runs. */
export interface Foundation {
  readonly store: Store
  /** Seals what the database keeps of secrets. */
  readonly box: SecretBox
  readonly metrics: Metrics
  readonly apps: Apps
  readonly rules: RuleBook
  close(): Promise<void>
}

/** How long WeChat's API may still take when all else has stopped. */
const LAST_MS = 500

/** Opens the database, brings it up to date, and reads Mini Programs and rules from it. Throws ConfigError. */
export async function openFoundation(
  config: Config,
  { logger, now, wait }: Surroundings,
): Promise<Foundation> {
  const store = await openDatabase(config)
  try {
    const ran = await store.migrate()
    await scrubWhereDue(store, { logger })
    if (ran.length > 0) logger.info({ migrations: ran }, 'the database was brought up to date')
    const box = await openSecrets({
      store,
      configured: config.secretKey,
      file: join(config.dataDir, 'secret.key'),
    })
    const metrics = new Metrics({ queues: queues(store), now })
    const tokenStore = databaseTokenStore({
      store,
      box,
      now,
      onRenewed: (appId) => {
        metrics.tokenRenewals.inc({ app: appId })
      },
    })
    const apps = new Apps({
      store,
      box,
      environment: config.app,
      pushMaxAgeSeconds: config.pushMaxAgeSeconds,
      connect: ({ appId, appSecret }) =>
        new Api({ appId, appSecret, url: config.apiUrl, tokenStore, logger, now }),
      logger,
      now,
    })
    const rules = new RuleBook({ store, allowed: config.allowance, logger })
    await apps.start()
    await rules.start()
    return {
      store,
      box,
      metrics,
      apps,
      rules,
      async close() {
        await rules.stop()
        // A call that lasts longer has had its time; what became of it is `unknown` at the next start.
        await Promise.race([apps.stop(), wait(LAST_MS)])
        await store.close()
      },
    }
  } catch (error) {
    await store.close()
    throw error
  }
}
