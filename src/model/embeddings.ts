import { request, type Dispatcher } from 'undici'
import { z } from 'zod'
import type { EmbeddingVariable } from '../config/model-variables.js'
import type { Logger } from '../log.js'
import type { ModelReason } from '../protocol/model-reasons.js'
import { Breaker } from './breaker.js'
import { CallClock } from './call-clock.js'
import { usualBudgets } from './chat.js'
import type { Spending } from './spending.js'
import { estimatedTokens } from './token-estimate.js'

export interface EmbeddingsOptions {
  readonly provider: EmbeddingVariable
  readonly spending: Pick<Spending, 'reserve' | 'settle'>
  /** Refuses addresses that are not allowed. */
  readonly dispatcher: Dispatcher
  readonly logger: Logger
  readonly now: () => number
  /** Milliseconds that only grow. */
  readonly elapsed: () => number
}

export interface EmbeddingRequest {
  /** Whom the tokens are counted for. */
  readonly appId: string
  readonly signal: AbortSignal
  readonly withinMs: number
}

const MAX_BYTES = 8 * 1024 * 1024
const answer = z.object({
  data: z.array(z.object({ index: z.int(), embedding: z.array(z.number()).min(1).max(8192) })),
  usage: z.object({ total_tokens: z.number() }).optional().catch(undefined),
})

/** Vectors of texts, by an OpenAI-compatible `/embeddings`. */
export class Embeddings {
  readonly #options: EmbeddingsOptions
  readonly #breaker: Breaker
  #isOff = false

  constructor(options: EmbeddingsOptions) {
    this.#options = options
    this.#breaker = new Breaker(options.now)
  }

  /** Vectors of another model can't be compared with its. */
  get name(): string {
    return this.#options.provider.model
  }

  /** Returns a vector of length 1 for each text, in their order; undefined where there are none now. Never throws. */
  async embed(
    texts: readonly string[],
    { appId, signal, withinMs }: EmbeddingRequest,
  ): Promise<Float32Array[] | undefined> {
    if (this.#isOff || !this.#breaker.admits()) return undefined
    const { spending, logger, elapsed } = this.#options
    const estimate = texts.reduce((sum, text) => sum + estimatedTokens(text), 0)
    const budgets = { ...usualBudgets, totalMs: Math.max(withinMs, 0) }
    const call = new CallClock(signal, budgets, elapsed)
    try {
      const reserved = await spending.reserve(appId, estimate)
      if (!reserved) {
        this.#breaker.ended()
        return undefined
      }
      const read = await this.#ask(texts, call).catch((error: unknown) => ({ reason: call.reasonFor(error) }))
      const tokensIn = 'tokens' in read ? (read.tokens ?? estimate) : estimate
      await spending.settle(reserved, { tokensIn, tokensOut: 0 })
      if ('vectors' in read) {
        this.#breaker.succeeded()
        return read.vectors
      }
      this.#failed(read.reason)
    } catch (err) {
      this.#breaker.ended()
      logger.warn({ err }, 'the tokens of an embedding could not be counted')
    } finally {
      call.end()
    }
    return undefined
  }

  #failed(reason: ModelReason): void {
    const { logger } = this.#options
    if (reason === 'aborted') {
      this.#breaker.ended()
      return
    }
    this.#breaker.failed()
    // Nobody asks in vain with a key that is refused, until the next start.
    this.#isOff = reason === 'key' || reason === 'no_credit' || reason === 'no_model'
    logger.warn({ reason }, 'there are no embeddings now: knowledge is found by its words alone')
  }

  async #ask(
    texts: readonly string[],
    call: CallClock,
  ): Promise<{ vectors: Float32Array[]; tokens: number | undefined } | { reason: ModelReason }> {
    const { provider, dispatcher } = this.#options
    const { statusCode, body } = await call.within(
      request(`${provider.url}/embeddings`, {
        dispatcher,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(provider.key === undefined ? {} : { authorization: `Bearer ${provider.key}` }),
        },
        body: JSON.stringify({ model: provider.model, input: texts, encoding_format: 'float' }),
        signal: call.signal,
      }),
      call.budgets.headersMs,
      'timeout_headers',
    )
    // An answer that begins and does not end is no quicker than none.
    const text = await call.within(textOf(body), call.budgets.totalMs, 'timeout_total')
    if (text === undefined) return { reason: 'too_long' }
    if (statusCode !== 200) return { reason: reasonOf(statusCode) }
    const read = answer.safeParse(parsed(text))
    const vectors = read.success ? vectorsOf(read.data.data, texts.length) : undefined
    return vectors ? { vectors, tokens: read.data?.usage?.total_tokens } : { reason: 'bad_answer' }
  }
}

/** Undefined where it is longer than any answer. */
async function textOf(body: AsyncIterable<Buffer>): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > MAX_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function reasonOf(status: number): ModelReason {
  if (status === 401 || status === 403) return 'key'
  if (status === 402) return 'no_credit'
  if (status === 404) return 'no_model'
  return status === 429 ? 'busy' : 'server'
}

/** In the texts' order, each of length 1; undefined where one is missing or says nothing. */
function vectorsOf(
  data: readonly { readonly index: number; readonly embedding: readonly number[] }[],
  count: number,
): Float32Array[] | undefined {
  const vectors: Float32Array[] = []
  for (let index = 0; index < count; index++) {
    const found = data.find((each) => each.index === index)?.embedding
    const length = found ? Math.hypot(...found) : 0
    if (!found || !Number.isFinite(length) || length === 0) return undefined
    vectors.push(Float32Array.from(found, (number) => number / length))
  }
  return vectors
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
