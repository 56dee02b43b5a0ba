import Koa from 'koa'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { remedyFor } from '../api/index.js'
import { Bot, type Sender } from '../bot/index.js'
import {
  BatchWorker,
  CodeWorker,
  Commands,
  everyShard,
  Handling,
  Inbox,
  LeasedShards,
  Outbox,
  type Conversing,
  type Shards,
  type Worker,
} from '../conversation/index.js'
import { rules } from '../rules/rules-middleware.js'
import { webhook } from '../webhook/index.js'
import { showsApiKey } from './api-key.js'
import { loadBotModule } from './bot-module.js'
import { ClientAddress } from './client-address.js'
import { closingConnections, type Phase } from './closing.js'
import type { Config } from './config.js'
import { errorForm } from './error-form.js'
import type { Foundation, Surroundings } from './foundation.js'
import { healthPages, metricsPage } from './health.js'
import { countingRefusals, observedInbox, observedSender, observedWebhook, reportTo } from './observed.js'

/** The service, but for the ports it listens on. */
export interface App {
  readonly handler: (req: IncomingMessage, res: ServerResponse) => Promise<void>
  readonly commands: Commands
  start(): Promise<void>
  /** Takes no more pushes as ready; whoever asks is told so. */
  leave(): void
  /** Lets what runs end, for so many milliseconds at most; the rest is in the database and goes on at the next start. */
  stop(milliseconds: number): Promise<void>
}

/** Puts the service together: the way of a message, from the webhook at the bottom, through the bot, to WeChat. */
export async function createApp(config: Config, foundation: Foundation, around: Surroundings): Promise<App> {
  const { store, apps, metrics, rules: ruleBook } = foundation
  const { logger, now, wait } = around
  const { allowance } = config
  let phase: Phase = 'starting'

  // out: what is queued goes to WeChat
  const senderOf = (appId: string): Sender | undefined => {
    const api = apps.apiOf(appId)
    return api && observedSender(api, appId, metrics)
  }
  const shards: Shards =
    store.dialect === 'sqlite'
      ? everyShard
      : new LeasedShards({ store, logger, onGained: gained, onLeaving: (leaving) => outbox.leave(leaving) })
  const common = {
    store,
    shards,
    allowance,
    logger,
    now,
    wait,
    onHandled: () => {
      outbox.wake()
    },
  }
  const outbox = new Outbox({ ...common, senderOf, remedyFor })
  const commands = new Commands({ ...common, onQueued: common.onHandled })

  // between: handlers in code, then the rules
  const bot = new Bot<Conversing>({ api: nobody }).use(countingRefusals(metrics)).catch(reportTo(logger))
  if (config.botModule !== undefined) await loadBotModule(config.botModule, bot)
  bot.use(rules(() => ruleBook.compiled, { now }))
  const worker: Worker =
    config.botModule === undefined
      ? new BatchWorker({ ...common, handling: new Handling({ ...common, bot }) })
      : new CodeWorker({ ...common, bot, senderOf })

  // in: pushes are committed, then answered
  const inbox = new Inbox({ ...common, worker })
  const pushes = webhook(observedInbox(inbox, metrics), {
    path: '/wechat',
    apps: apps.secretsOf,
    logger,
    now,
  })

  // the web
  const client = new ClientAddress(config.trustedProxies)
  const web = new Koa()
    .use(
      errorForm({
        logger,
        onAllowanceRefused: () => {
          metrics.allowanceRefusals.inc({ by: 'api' })
        },
      }),
    )
    .use(closingConnections(() => phase))
    .use(observedWebhook(pushes, apps, metrics))
    .use(healthPages({ problem }))
    .use(
      metricsPage({
        metrics,
        mayRead: ({ req }) => client.isLocal(req) || showsApiKey(req.headers.authorization, config.apiKey),
      }),
    )
  web.on('error', (error: unknown) => {
    logger.debug({ err: error }, 'an answer could not be delivered')
  })

  /** Why traffic should go elsewhere; undefined when it need not. */
  async function problem(): Promise<string | undefined> {
    if (phase !== 'running') return `The service is ${phase}.`
    const asked = store.db.selectFrom('sequence').select('value').execute()
    const answered = await Promise.race([
      asked.then(
        () => true,
        () => false,
      ),
      wait(READY_MS),
    ])
    return answered === true ? undefined : 'The database does not answer.'
  }

  function gained(shards: readonly number[]): void {
    inbox.readBack()
    outbox.adopt(shards).catch((error: unknown) => {
      logger.error({ err: error }, 'sends of another process could not be taken over')
    })
  }

  return {
    handler: web.callback(),
    commands,
    async start() {
      await shards.start()
      inbox.start()
      await outbox.start()
      phase = 'running'
    },
    leave() {
      phase = 'stopping'
    },
    async stop(milliseconds) {
      phase = 'stopping'
      await Promise.race([inbox.stop(milliseconds).then(() => outbox.stop()), wait(milliseconds)])
      await shards.stop()
    },
  }
}

/** How long the database may take to answer. */
const READY_MS = 2000

/** Each run of the bot is given its own sender. */
const nobody = (): Sender => {
  throw new Error('a run of the bot has no sender')
}
