import type { IncomingMessage, ServerResponse } from 'node:http'
import Koa, { type Context, type Middleware } from 'koa'
import { remedyFor } from '../api/index.js'
import { Bot, type Sender } from '../bot/index.js'
import {
  BatchWorker,
  CodeWorker,
  Commands,
  everyShard,
  FeedFollower,
  Handling,
  Inbox,
  LeasedShards,
  MessageIndexer,
  Outbox,
  type Conversing,
  type Shards,
  type Worker,
} from '../conversation/index.js'
import {
  API_KEYS_CHANGED,
  apiKeyRoutes,
  ApiKeys,
  contactRoutes,
  conversationRoutes,
  deskApi,
  deskPage,
  erasures,
  eventRoutes,
  firstPrincipal,
  mediaRoutes,
  personalDataRoutes,
  LiveEvents,
  programOf,
  SESSION_ENDED,
  webhookRoutes,
} from '../desk/index.js'
import { Hooks } from '../hooks/index.js'
import { mayTransfer, rules } from '../rules/rules-middleware.js'
import { pushReceiver } from '../webhook/index.js'
import type { IncomingMessage as Message } from '../wechat/index.js'
import type { Handlers } from './bot-module.js'
import { ClientAddress } from './client-address.js'
import { closingConnections, type Phase } from './closing.js'
import type { Config } from './config.js'
import { diagnose } from './doctor/diagnose.js'
import { eraser } from './erasure.js'
import { errorForm } from './error-form.js'
import type { Foundation, Surroundings } from './foundation.js'
import { healthPages } from './health.js'
import { mediaParts } from './media.js'
import { retentionOf } from './retention.js'
import { metricsPage } from './metrics-page.js'
import { pushDoor } from './push-door.js'
import { rateLimit } from './rate-limit.js'
import { answerRoutes } from './routes/answer-routes.js'
import { appRoutes } from './routes/app-routes.js'
import { doctorRoutes } from './routes/doctor-routes.js'
import { hoursRoutes } from './routes/hours-routes.js'
import { ruleRoutes } from './routes/rule-routes.js'
import { setupRoutes } from './routes/setup-routes.js'
import { countRefusals, observedInbox, observedReceiver, observedSender, reportTo } from './observed.js'
import { createPeople, type People } from './people.js'
import { SetupMarks, markedBy } from './setup-marks.js'

/** The service, but for the ports it listens on. */
export interface App {
  readonly handler: (req: IncomingMessage, res: ServerResponse) => void
  readonly commands: Commands
  readonly people: People
  start(): Promise<void>
  /** Counts as not ready from here on, and ends connections with their answers. */
  leave(): void
  /** Lets what runs end, for so many milliseconds at most; the rest is in the database and goes on at the next start. */
  stop(milliseconds: number): Promise<void>
}

/** What may be put into the service from outside. */
export interface Additions {
  /** Handlers in code, which stand before the rules. */
  readonly handlers?: Handlers | undefined
  /** Pages of its own, which stand behind all others. */
  readonly pages?: (people: People) => readonly Middleware[]
  /** Where the service can be reached from this machine, once it listens. */
  readonly localUrl?: () => string | undefined
}

/**
 * Puts the service together, along the way of a message:
 * webhook → inbox → worker → bot (handlers in code, then rules) → outbox → WeChat's API.
 */
export async function createApp(
  config: Config,
  foundation: Foundation,
  around: Surroundings,
  { handlers, pages, localUrl }: Additions = {},
): Promise<App> {
  const { store, box, metrics, apps, rules: ruleBook } = foundation
  const { logger, wait } = around
  let phase: Phase = 'starting'

  // The part of the work that is this process's: all of it, unless PostgreSQL is shared.
  const shards: Shards =
    store.dialect === 'sqlite'
      ? everyShard
      : new LeasedShards({ store, logger, onGained: takeOver, onLeaving: (leaving) => outbox.leave(leaving) })
  const parts = {
    ...around,
    store,
    shards,
    allowance: config.allowance,
    onHandled: () => {
      outbox.wake()
      media.fetcher.wake()
    },
    onQueued: () => queued(),
  }
  // Beside the way of a message: its picture, fetched in the background.
  const media = mediaParts(config, foundation, { ...around, onTold: () => told() })

  // What is too old goes, where the configuration says so.
  const retention = retentionOf(config, { ...parts, ...media })

  // Out: what is queued goes to WeChat, once.
  const senderOf = (appId: string): Sender | undefined =>
    media.sending(observedSender(apps.apiOf(appId), appId, metrics), appId)
  const outbox = new Outbox({ ...parts, senderOf, remedyFor })
  const commands = new Commands(parts)

  // Between: handlers in code may take long and run alone; rules answer at once, many pushes in one transaction.
  const bot = new Bot<Conversing>({ api: nobody }).use(countRefusals(metrics)).catch(reportTo(logger))
  await handlers?.(bot)
  bot.use(rules(() => ruleBook.compiled, around))
  const worker: Worker = handlers
    ? new CodeWorker({ ...parts, bot, senderOf })
    : new BatchWorker({
        ...parts,
        handling: new Handling({ ...parts, bot }),
        arriving: () => inbox.arriving,
      })

  // In: pushes are committed, then answered; one that may be transferred waits for its handlers.
  const byRules = (message: Message): boolean => mayTransfer(ruleBook.compiled, message)
  const inbox = new Inbox({ ...parts, worker, mayTransfer: handlers ? undefined : byRules })
  // What of it the set-up guide waits for.
  const marks = new SetupMarks(parts)
  const pushes = pushReceiver(observedInbox(inbox, metrics), {
    ...around,
    ...markedBy(marks),
    path: '/wechat',
    apps: apps.secretsOf,
  })

  // The desk: what people and programs see and do.
  const people = createPeople(config, { ...parts, box, commands })
  const agents = people.directory
  const apiKeys = new ApiKeys(parts)
  const principalOf = firstPrincipal(programOf(config.apiKey, apiKeys), people.guard.principalOf)
  const views = { ...parts, namesOf: agents.namesOf }
  // One process of several keeps the index.
  const indexer = new MessageIndexer({ ...parts, mine: () => shards.has(0) })
  const events = new LiveEvents({
    ...parts,
    follower: new FeedFollower({ ...parts, views }),
    principalOf,
    signals: store.signals,
    endings: [SESSION_ENDED, API_KEYS_CHANGED],
    passing: [people.presence, erasures(store.signals)],
    onOpened: (agentId) => people.presence.opened(agentId),
  })
  // The operator’s own system is told what happens.
  const hooks = new Hooks({
    ...views,
    seal: box,
    allowPrivate: config.privateHooks,
    onAttempt: (outcome) => metrics.webhookDeliveries.inc({ outcome }),
  })
  const client = new ClientAddress(config.trustedProxies)
  const serving = { ...parts, ...foundation, config, addressOf: (ctx: Context) => client.of(ctx.req) }
  const routes = [
    ...apiKeyRoutes({ apiKeys }),
    ...appRoutes(serving),
    ...contactRoutes({ views, commands }),
    ...conversationRoutes({ views, commands, agents, onTakenOver: people.onTakenOver }),
    ...eventRoutes({ events }),
    ...doctorRoutes({ diagnose: () => diagnose({ ...serving, foundation, localUrl: localUrl?.() }) }),
    ...mediaRoutes(media),
    ...ruleRoutes({ ...serving, allowed: config.allowance, hasHandlers: handlers !== undefined }),
    ...answerRoutes(serving),
    ...hoursRoutes(serving),
    ...setupRoutes({ ...serving, marks }),
    ...personalDataRoutes({
      ...serving,
      views,
      erase: eraser(store, media, around),
      pictures: {
        notePictures: () => media.fetcher.noteAll(),
        readPicture: (id) => media.library.read(id),
      },
    }),
    ...webhookRoutes({ ...serving, hooks }),
    ...people.routes,
  ]
  const api = deskApi(routes, { principalOf, now: around.now })

  const web = new Koa()
    .use(errorForm({ logger, metrics }))
    .use(closingConnections(() => phase))
    .use(rateLimit({ ...around, client }))
    .use(healthPages({ store, wait, phase: () => phase }))
    .use(metricsPage({ metrics, config }))
    .use(api)
    .use(deskPage())
  for (const page of pages?.(people) ?? []) web.use(page)
  web.on('error', (err: unknown) => logger.debug({ err }, 'an answer could not be delivered'))

  function queued(): void {
    outbox.wake()
    media.fetcher.wake()
    // The conversation may be another process's to send in.
    if (shards.alone) return
    store.signals.send('queued', '').catch((err: unknown) => {
      logger.warn({ err }, 'the other processes could not be told of a message; they find it within a second')
    })
  }

  /** Who follows the feed hears of it sooner than they would by themselves. */
  function told(): void {
    store.signals.send('feed', '').catch((err: unknown) => {
      logger.debug({ err }, 'who follows the feed could not be told; they look again by themselves')
    })
  }

  function takeOver(gained: readonly number[]): void {
    inbox.readBack()
    void outbox.adopt(gained)
  }

  return {
    handler: pushDoor({
      receive: observedReceiver(pushes, apps, metrics),
      next: web.callback(),
      phase: () => phase,
      logger,
    }),
    commands,
    people,
    async start() {
      await shards.start()
      await outbox.start()
      inbox.start()
      media.fetcher.start()
      retention.start()
      await hooks.start()
      await people.start()
      indexer.start()
      phase = 'running'
    },
    leave() {
      phase = 'stopping'
      events.close()
    },
    async stop(milliseconds) {
      phase = 'stopping'
      events.close()
      const work = inbox.stop(milliseconds).then(() => outbox.stop())
      await Promise.race([
        Promise.all([work, media.fetcher.stop(), retention.stop(), hooks.stop(HOOKS_MS), indexer.stop()]),
        wait(milliseconds),
      ])
      await people.stop()
      await marks.stop()
      await shards.stop()
    },
  }
}

/** For deliveries under way: those that are cut off are made again. */
const HOOKS_MS = 2000

/** Each run of the bot is given its own sender. */
const nobody = (): Sender => {
  throw new Error('a run of the bot has no sender')
}
