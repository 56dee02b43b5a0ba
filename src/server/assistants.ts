import { randomBytes } from 'node:crypto'
import { Agent } from 'undici'
import { Assistants } from '../assistant/assistants.js'
import { Decider } from '../assistant/decider.js'
import { TurnWorker } from '../assistant/turn-worker.js'
import type { Sender } from '../bot/index.js'
import type { Config } from '../config/config.js'
import { TurnClaims, TurnEnds, type Shards } from '../conversation/index.js'
import { AddressGuard, guardedConnector } from '../hooks/index.js'
import type { AssistantFacts } from '../doctor/check-assistants.js'
import { EntryVectors } from '../knowledge/vectors/entry-vectors.js'
import { Embeddings } from '../model/embeddings.js'
import { checkModel } from '../model/model-check.js'
import { Models } from '../model/models.js'
import { Spending } from '../model/spending.js'
import { scheduleHours, zoneClock } from '../rules/business-hours.js'
import type { Core, Runtime } from './core.js'

/** What answers where rules leave a message to an assistant. */
export interface AssistantParts {
  readonly assistants: Assistants
  readonly models: Models
  readonly spending: Spending
  readonly decider: Decider
  readonly worker: TurnWorker
  /** From which sureness on the exam lets entries be sent without a model; null: from none. */
  readonly earnedMatchAt: () => number | null
  /** For the doctor. */
  readonly facts: AssistantFacts
  start(): Promise<void>
  /** Begins nothing more and ends what runs. */
  stop(): Promise<void>
}

export interface AssistantPartsOptions extends Runtime {
  readonly shards: Shards
  readonly senderOf: (appId: string) => Sender | undefined
  readonly onQueued: () => void
}

/** A connection takes no longer. */
const CONNECT_MS = 3000
/** Nor does the doctor's question. */
const CHECK_MS = 10_000

export function assistantParts(
  { allowance, models: environment, embedding, dailyTokens, privateModels }: Config,
  { store, secretBox, knowledge, exams, rules, metrics }: Core,
  { shards, senderOf, onQueued, logger, now, wait }: AssistantPartsOptions,
): AssistantParts {
  const spending = new Spending({ store, dailyTokens, now })
  const guard = new AddressGuard(privateModels)
  const models = new Models({
    store,
    secrets: secretBox,
    environment,
    spending,
    dispatcher: new Agent({ connect: guardedConnector({ guard, timeoutMs: CONNECT_MS }) }),
    logger,
    now,
    elapsed: () => performance.now(),
    wait,
    onAnswer: (answer) => {
      metrics.modelRequests.inc({ reason: answer.ok ? 'answered' : answer.reason })
      if (!answer.ok) return
      metrics.modelFirstTokens.observe(answer.firstTokenMs / 1000)
      if (!answer.usage) return
      metrics.modelTokens.inc({ kind: 'in' }, answer.usage.tokensIn)
      metrics.modelTokens.inc({ kind: 'out' }, answer.usage.tokensOut)
    },
  })
  const embedder =
    embedding &&
    new Embeddings({
      provider: embedding,
      spending,
      dispatcher: new Agent({ connect: guardedConnector({ guard, timeoutMs: CONNECT_MS }) }),
      logger,
      now,
      elapsed: () => performance.now(),
    })
  const mine = (): boolean => shards.has(0)
  const vectors = embedder && new EntryVectors({ store, knowledge, embedder, mine, logger })
  const assistants = new Assistants({ store, logger, now })
  const earnedMatchAt = (): number | null => exams.latest?.matchAt ?? null
  const decider = new Decider({
    knowledge,
    models,
    vectors,
    earnedMatchAt,
    isOpen: (name) => {
      const schedule = rules.set.schedules?.find((each) => each.name === name)
      return schedule === undefined || scheduleHours(schedule, zoneClock(schedule.zone))(now()).open
    },
    now,
    // Nobody who writes an entry or a message can know it.
    fence: randomBytes(9).toString('hex'),
  })
  const worker = new TurnWorker({
    store,
    claims: new TurnClaims({ store, shards, now }),
    ends: new TurnEnds({ store, shards, allowance, now, onQueued }),
    decider,
    assistants,
    senderOf,
    logger,
    now,
    wait,
    onEnded: (outcome, milliseconds) => {
      metrics.turns.inc({ outcome })
      metrics.turnTimes.observe(milliseconds / 1000)
    },
  })
  const facts: AssistantFacts = {
    live: (name) => {
      const live = assistants.live(name)
      return live && { asksModel: live.settings.level === 'select' }
    },
    get entries() {
      return knowledge.size
    },
    checkModel: async () => (models.settings.providers.main ? checkModel(models, 'main') : undefined),
    checkEmbeddings: async () => {
      const asked = { appId: 'check', signal: AbortSignal.timeout(CHECK_MS), withinMs: CHECK_MS }
      return embedder && (await embedder.embed(['kefu'], asked)) !== undefined
    },
  }
  return {
    assistants,
    models,
    spending,
    decider,
    worker,
    earnedMatchAt,
    facts,
    async start() {
      await models.start()
      await assistants.start()
      await worker.start(shards.owned)
      vectors?.start()
    },
    async stop() {
      await worker.stop()
      await vectors?.stop()
    },
  }
}
