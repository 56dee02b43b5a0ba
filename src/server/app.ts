import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Context, Middleware } from 'koa'
import { remedyFor } from '../api/index.js'
import type { Sender } from '../bot/index.js'
import {
  BatchWorker,
  CodeStage,
  Commands,
  ConversationSignals,
  everyShard,
  PushHandler,
  Inbox,
  LeasedShards,
  MessageIndexer,
  Outbox,
  type Shards,
  type ViewSource,
  type Worker,
} from '../conversation/index.js'
import { Submits } from '../people/submits.js'
import { HeavyReads } from '../http/heavy-reads.js'
import { Hooks } from '../hooks/index.js'
import { mayTransfer } from '../rules/rules-middleware.js'
import { pushReceiver } from '../webhook/index.js'
import type { BotModule } from './bot-module.js'
import { createBots } from './bots.js'
import { ClientAddress } from '../http/client-address.js'
import { apiAccess } from '../people/api-access.js'
import { apiRoutes } from './api-routes.js'
import { assistantParts } from './assistants.js'
import type { Phase } from './closing.js'
import type { Config } from '../config/config.js'
import { diagnose } from '../doctor/diagnose.js'
import { eraser } from './erasure.js'
import { followedEvents } from '../desk/followed-events.js'
import { foreseeing } from '../rules/foreseeing.js'
import type { Core, Runtime } from './core.js'
import { mediaParts } from './media.js'
import { retentionOf } from './retention.js'
import { pushEndpoint } from './push-endpoint.js'
import { meteredInbox, meteredReceiver, meteredSender, PUSH_PATH } from './metered.js'
import { createPeople, type People } from './people.js'
import { SetupProgress, markedBy } from '../apps/setup-progress.js'
import { webServer } from './web.js'
import { WriteProbe } from './write-probe.js'

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

/** Parts that come from outside the service. */
export interface AppOptions {
  readonly handlers?: BotModule | undefined
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
  core: Core,
  runtime: Runtime,
  { handlers = {}, pages, localUrl }: AppOptions = {},
): Promise<App> {
  const { store, secretBox, identity, metrics, apps, rules: ruleBook, knowledge, exams, sources } = core
  const { logger, now, wait } = runtime
  let phase: Phase = 'starting'

  // The part of the work that is this process's: all of it, unless PostgreSQL is shared.
  const shards: Shards =
    store.dialect === 'sqlite'
      ? everyShard
      : new LeasedShards({ store, logger, onGained: takeOver, onLeaving: leave })
  const signals = new ConversationSignals({ store, shards, logger })
  const { allowance } = config
  // SQLite has one connection, behind which pushes wait as well.
  const reads = new HeavyReads({ atOnce: store.dialect === 'sqlite' ? 1 : 4 })
  const onHandled = (): void => {
    outbox.wake()
    // A rule may have given away what an assistant answers.
    if (assistant.worker.size > 0) assistant.worker.wakeSoon()
    media.fetcher.wake()
  }
  // Beside the way of a message: its picture, fetched in the background.
  const media = mediaParts(config, { store, apps }, { logger, now, onTold: () => signals.grown() })

  // Old data is deleted, where the configuration says so.
  const retention = retentionOf(config, { logger, now, wait, store, shards, pictures: media.pictures })

  // Out: what is queued goes to WeChat, once.
  const senderOf = (appId: string): Sender | undefined =>
    media.sending(meteredSender(apps.apiOf(appId), appId, metrics), appId)
  const outbox = new Outbox({ store, shards, allowance, logger, now, wait, senderOf, remedyFor })
  const commands = new Commands({ store, allowance, now, onQueued })

  // What rules leave to an assistant is answered beside the way of a message.
  const assistant = assistantParts(config, core, { shards, senderOf, onQueued, logger, now, wait })

  // Between: rules answer at once, many pushes in one transaction; handlers in code may take long and run beside it.
  const { byRules, foresight, code } = await createBots(handlers, { rules: ruleBook, metrics, logger, now })
  const handler = new PushHandler({ store, allowance, shards, logger, now, bot: byRules, code, onTurns })
  const worker: Worker = new BatchWorker({
    shards,
    logger,
    wait,
    onHandled,
    handling: foreseeing(handler, foresight),
    code: code && new CodeStage({ bot: code.bot, senderOf: (appId) => apps.apiOf(appId), logger, wait }),
    arriving: () => inbox.arriving,
  })

  // In: pushes are committed, then answered; one that may be transferred waits for its handlers.
  const inbox = new Inbox({
    store,
    shards,
    logger,
    now,
    wait,
    worker,
    mayTransfer: (message) => mayTransfer(ruleBook.compiled, message) || code?.mayTake(message) === true,
  })
  // The steps that the set-up guide waits for.
  const marks = new SetupProgress({ store, logger, now })
  const writes = new WriteProbe({ store, now })
  const pushes = pushReceiver(writes.watching(meteredInbox(inbox, metrics)), {
    now,
    logger,
    ...markedBy(marks),
    path: PUSH_PATH,
    apps: apps.secretsOf,
  })

  // The desk: what people and programs see and do.
  const client = new ClientAddress({ trustedProxies: config.trustedProxies, publicUrl: config.publicUrl })
  const addressOf = (ctx: Context): string => client.of(ctx.req)
  const submits = new Submits({ store, secrets: secretBox, now })
  const people = createPeople(config, {
    store,
    shards,
    logger,
    now,
    wait,
    addressOf,
    secretBox,
    identity,
    commands,
    submits,
    reads,
  })
  const agents = people.directory
  const sessionPrincipal = people.guard.principalOf
  const access = apiAccess({ store, config, logger, now, addressOf, sessionPrincipal })
  const views: ViewSource = { store, allowance, namesOf: agents.namesOf, now }
  // One process of several keeps the index.
  const indexer = new MessageIndexer({ store, logger, wait, mine: () => shards.has(0) })
  const { presence } = people
  const events = followedEvents({ store, views, presence, principalOf: access.principalOf, logger, wait })
  // The operator’s own system is told what happens.
  const hooks = new Hooks({
    logger,
    wait,
    store,
    allowance,
    namesOf: views.namesOf,
    now,
    secrets: secretBox,
    allowPrivate: config.privateHooks,
    onAttempt: (outcome) => metrics.webhookDeliveries.inc({ outcome }),
  })
  const looked = { config, store, apps, counts: metrics, rules: ruleBook, assistants: assistant.facts, now }
  const routes = [
    ...apiRoutes({
      apps,
      config,
      submits,
      store,
      now,
      addressOf,
      apiKeys: access.apiKeys,
      views,
      commands,
      reads,
      agents,
      events,
      hooks,
      marks,
      media,
      onTakenOver: people.onTakenOver,
      databaseId: identity.id,
      rules: ruleBook,
      knowledge,
      exams,
      sources,
      assistant,
      hasHandlers: handlers.before !== undefined,
      diagnose: () => diagnose({ ...looked, localUrl: localUrl?.() }),
      erase: eraser(store, { pictures: media.pictures, fetcher: media.fetcher }, { logger, now, wait }),
    }),
    ...people.routes,
  ]
  const web = webServer({
    config,
    store,
    writes,
    metrics,
    client,
    access,
    routes,
    pages: pages?.(people) ?? [],
    phase: () => phase,
    logger,
    now,
    wait,
  })

  function onQueued(): void {
    outbox.wake()
    media.fetcher.wake()
    signals.queued()
  }

  function onTurns(): void {
    assistant.worker.wake()
  }

  function takeOver(gained: readonly number[]): void {
    inbox.readBack()
    void outbox.adopt(gained)
    void assistant.worker.adopt(gained)
  }

  async function leave(leaving: readonly number[]): Promise<void> {
    await Promise.all([outbox.leave(leaving), assistant.worker.leave(leaving)])
  }

  return {
    handler: pushEndpoint({
      receive: meteredReceiver(pushes, apps, metrics),
      next: web,
      phase: () => phase,
      logger,
      now,
    }),
    commands,
    people,
    async start() {
      await shards.start()
      await outbox.start()
      await assistant.start()
      void core.exams.run().catch(() => undefined)
      inbox.start()
      media.fetcher.start()
      retention.start()
      await hooks.start()
      sources.start()
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
      const work = inbox
        .stop(milliseconds)
        .then(() => assistant.stop())
        .then(() => outbox.stop())
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
