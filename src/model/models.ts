import type { Dispatcher } from 'undici'
import { ConfigError } from '../errors.js'
import type { Logger } from '../log.js'
import type { ModelReason } from '../protocol/model-reasons.js'
import type { SecretCipher, Store } from '../store/index.js'
import { Breaker } from './breaker.js'
import { usualBudgets, type ChatMessage, type Provider, type WireAnswer } from './chat.js'
import { askOnce } from './chat-wire.js'
import { providerOf, readModelSettings, writeProvider } from './model-settings.js'
import { providerRanks, type ModelSettings, type ProviderRank } from './model-settings.js'
import type { Spending } from './spending.js'
import { estimatedTokens } from './token-estimate.js'

export interface ModelRequest {
  /** The Mini Program that the tokens are counted for. */
  readonly appId: string
  readonly messages: readonly ChatMessage[]
  readonly maxTokens: number
  readonly signal: AbortSignal
  /** How long it may take in all, in milliseconds. */
  readonly withinMs: number
}

interface Took {
  /** How many requests were made. */
  readonly calls: number
  readonly tokensIn: number
  readonly tokensOut: number
  readonly model: string | null
  readonly totalMs: number
}

export type ModelAnswer =
  | (Took & {
      readonly ok: true
      readonly text: string
      readonly firstTokenMs: number
      readonly thought: boolean
    })
  | (Took & { readonly ok: false; readonly reason: ModelReason })

export interface ModelsOptions {
  readonly store: Store
  readonly secrets: SecretCipher
  /** The environment's, which stand before the desk's. */
  readonly environment: ModelSettings
  readonly spending: Spending
  /** Refuses addresses that are not allowed. */
  readonly dispatcher: Dispatcher
  readonly logger: Logger
  readonly now: () => number
  /** Milliseconds that only grow. */
  readonly elapsed: () => number
  readonly wait: (milliseconds: number) => Promise<unknown>
  /** Told what each call came to. */
  readonly onAnswer?: (answer: WireAnswer) => void
}

/** Nothing is retried: somebody has to mend it, and says so by a check. */
const lasting: ReadonlySet<ModelReason> = new Set(['key', 'no_credit', 'no_model'])
/** The provider's own trouble: it counts for the breaker, and the second provider is asked. */
const trouble: ReadonlySet<ModelReason> = new Set([
  'busy',
  'server',
  'bad_answer',
  'reset',
  'unreachable',
  'tls',
  'timeout_connect',
  'timeout_headers',
  'timeout_first',
  'timeout_between',
  'timeout_total',
])
const BUSY_MS = 1000
/** A local model is loaded at its first call. */
const LOCAL_FIRST_MS = 20_000

/** The models that are set up, asked within bounds of time and tokens. */
export class Models {
  readonly #options: ModelsOptions
  readonly #breakers: Readonly<Record<ProviderRank, Breaker>>
  readonly #off = new Map<ProviderRank, ModelReason>()
  #desk: ModelSettings = {}
  #end = (): void => undefined

  constructor(options: ModelsOptions) {
    this.#options = options
    this.#breakers = { main: new Breaker(options.now), fallback: new Breaker(options.now) }
  }

  async start(): Promise<void> {
    await this.#reread()
    this.#end = this.#options.store.signals.on('model', () => {
      this.#off.clear()
      this.#reread().catch((err: unknown) => {
        this.#options.logger.warn({ err }, 'the model’s settings could not be read again')
      })
    })
  }

  async stop(): Promise<void> {
    this.#end()
    await this.#options.dispatcher.destroy()
  }

  /** Whether there is a model that may be asked now. */
  get isReady(): boolean {
    return providerRanks.some((rank) => this.#provider(rank) && !this.#off.has(rank))
  }

  /** Why the first model is not asked any more until somebody has checked it; undefined where it is. */
  get failing(): ModelReason | undefined {
    return this.#off.get('main')
  }

  /** What is set up, and by whom. */
  get settings(): { readonly source: 'environment' | 'desk'; readonly providers: ModelSettings } {
    const { environment } = this.#options
    return environment.main
      ? { source: 'environment', providers: environment }
      : { source: 'desk', providers: this.#desk }
  }

  /** Sets the desk's models up. Throws ConfigError where the environment gives them. */
  async save(settings: ModelSettings): Promise<void> {
    const { store, secrets, environment, now } = this.#options
    if (environment.main)
      throw new ConfigError('The model is set by KEFU_AI_URL and is changed there, not at the desk.')
    await store.db.transaction().execute(async (tx) => {
      for (const rank of providerRanks) await writeProvider(tx, secrets, rank, settings[rank], now())
    })
    this.#off.clear()
    await this.#reread()
    await store.signals.send('model', '')
  }

  /** Asks, and where that is of use once more or another one. Never throws. */
  async chat(request: ModelRequest): Promise<ModelAnswer> {
    const started = this.#options.elapsed()
    const took = { calls: 0, tokensIn: 0, tokensOut: 0, model: null as string | null }
    let reason: ModelReason = 'not_configured'
    for (const rank of providerRanks) {
      const provider = this.#provider(rank)
      if (!provider) continue
      const off = this.#off.get(rank)
      if (off !== undefined || !this.#breakers[rank].admits()) {
        reason = off ?? 'breaker'
        continue
      }
      const left = (): number => request.withinMs - (this.#options.elapsed() - started)
      let answer = await this.#ask(rank, provider, request, left())
      this.#count(took, provider, request, answer)
      if (!answer.ok && answer.reason === 'busy') {
        const pause = answer.retryAfterMs ?? BUSY_MS
        if (pause + BUSY_MS < left() && !request.signal.aborted) {
          await Promise.race([this.#options.wait(pause), whenAborted(request.signal)])
          answer = await this.#ask(rank, provider, request, left())
          this.#count(took, provider, request, answer)
        }
      }
      const totalMs = Math.round(this.#options.elapsed() - started)
      if (answer.ok) {
        const { text, firstTokenMs, thought } = answer
        return { ok: true, text, firstTokenMs, thought, ...took, totalMs }
      }
      ;({ reason } = answer)
      if (!trouble.has(reason) && !lasting.has(reason)) break
    }
    return { ok: false, reason, ...took, totalMs: Math.round(this.#options.elapsed() - started) }
  }

  /** Asks one model alone, whatever was found about it before. */
  async check(rank: ProviderRank, messages: readonly ChatMessage[]): Promise<WireAnswer | undefined> {
    const provider = this.#provider(rank)
    if (!provider) return undefined
    const request = { appId: 'check', messages, maxTokens: 200, signal: new AbortController().signal }
    const answer = await this.#ask(rank, provider, { ...request, withinMs: usualBudgets.totalMs }, Infinity)
    if (answer.ok) this.#off.delete(rank)
    return answer
  }

  async #ask(
    rank: ProviderRank,
    provider: Provider,
    { appId, messages, maxTokens, signal }: ModelRequest,
    leftMs: number,
  ): Promise<WireAnswer> {
    const { spending, dispatcher, elapsed, logger, onAnswer } = this.#options
    const breaker = this.#breakers[rank]
    const asked = messages.reduce((sum, { content }) => sum + estimatedTokens(content), 0)
    const reserved = await spending.reserve(appId, asked + maxTokens)
    if (!reserved) {
      breaker.ended()
      return { ok: false, reason: 'no_tokens_left' }
    }
    const budgets = {
      ...usualBudgets,
      ...(provider.preset.isLocal === true ? { firstMs: LOCAL_FIRST_MS, headersMs: LOCAL_FIRST_MS } : {}),
      totalMs: Math.min(usualBudgets.totalMs, Math.max(leftMs, 0)),
    }
    const answer = await askOnce(provider, { messages, maxTokens, signal }, { dispatcher, budgets, elapsed })
    await spending.settle(reserved, spentBy(answer, asked))
    onAnswer?.(answer)
    if (answer.ok) breaker.succeeded()
    else if (trouble.has(answer.reason)) breaker.failed()
    else breaker.ended()
    if (!answer.ok && lasting.has(answer.reason)) {
      this.#off.set(rank, answer.reason)
      logger.error(
        { reason: answer.reason, rank },
        'the model can’t be asked until somebody has mended it and checked it at the desk',
      )
    } else if (!answer.ok && answer.reason !== 'aborted')
      logger.warn({ reason: answer.reason, rank }, 'the model gave no answer')
    return answer
  }

  #count(
    took: { calls: number; tokensIn: number; tokensOut: number; model: string | null },
    { model }: Provider,
    { messages }: ModelRequest,
    answer: WireAnswer,
  ): void {
    if (!answer.ok && answer.reason === 'no_tokens_left') return
    took.calls++
    took.model = model
    const spent = spentBy(
      answer,
      messages.reduce((sum, { content }) => sum + estimatedTokens(content), 0),
    )
    took.tokensIn += spent?.tokensIn ?? 0
    took.tokensOut += spent?.tokensOut ?? 0
  }

  #provider(rank: ProviderRank): Provider | undefined {
    const settings = this.settings.providers[rank]
    return settings && providerOf(settings)
  }

  async #reread(): Promise<void> {
    const { store, secrets } = this.#options
    this.#desk = await readModelSettings(store, secrets)
  }
}

/** Resolves when nobody wants the answer any more. */
function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => {
      resolve()
    })
  })
}

/** What a call took: as the provider says, else as estimated; nothing where it was refused. */
function spentBy(
  answer: WireAnswer,
  asked: number,
): { readonly tokensIn: number; readonly tokensOut: number } | undefined {
  if (answer.ok) return answer.usage ?? { tokensIn: asked, tokensOut: estimatedTokens(answer.text) }
  // What was cut off is billed as far as it came.
  return answer.status === undefined || answer.status === 200 ? { tokensIn: asked, tokensOut: 0 } : undefined
}
