import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { Queues } from '../conversation/index.js'

export interface MetricsOptions {
  /** Asked when the page is read. */
  readonly queues: Queues
  /** The milliseconds since 1970. */
  readonly now: () => number
}

/** The service's counters, for Prometheus. Labels hold appids, words of the protocol and numbers: nothing of a customer's. */
export class Metrics {
  readonly registry = new Registry()

  /** `result`: taken, repeat, failed (WeChat tries again), refused (not shown to be WeChat's), unreadable. */
  readonly pushes = this.#counter('kefu_pushes_total', 'Pushes of WeChat', ['app', 'kind', 'result'])
  /** Kept as they came, and answered `success`. */
  readonly unreadablePushes = this.#counter(
    'kefu_pushes_unreadable_total',
    'Pushes of WeChat that can’t be read and are kept as they came',
    ['app'],
  )
  /** Of several Mini Programs, at the path that says nothing of which. */
  readonly barePushes = this.#counter(
    'kefu_pushes_bare_path_total',
    'Pushes that came to /wechat while there are several Mini Programs',
    [],
  )
  readonly acks = this.#histogram(
    'kefu_ack_seconds',
    'From a push’s arrival to its answer',
    ['status'],
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 4.5, 5],
  )
  /** `outcome`: accepted, unknown, failed, or later (it goes back into the queue). */
  readonly sends = this.#counter('kefu_sends_total', 'Messages sent to WeChat', ['app', 'outcome', 'errcode'])
  readonly sendTimes = this.#histogram(
    'kefu_send_seconds',
    'From a send’s start to WeChat’s answer',
    ['app'],
    [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  )
  readonly tokenRenewals = this.#counter('kefu_token_renewals_total', 'Access tokens fetched', ['app'])
  /** `by`: bot (its share was used up) or api (a person's or program's message). */
  readonly allowanceRefusals = this.#counter(
    'kefu_allowance_refusals_total',
    'Messages that WeChat’s allowance left no room for',
    ['by'],
  )
  /** `outcome` of each attempt: delivered, retry (it is made again later) or dead (it was the last). */
  readonly webhookDeliveries = this.#counter(
    'kefu_webhook_deliveries_total',
    'Attempts to tell the operator’s own system',
    ['outcome'],
  )

  /** `reason`: answered, or why there was no answer. */
  readonly modelRequests = this.#counter('kefu_model_requests_total', 'Requests to models', ['reason'])
  readonly modelFirstTokens = this.#histogram(
    'kefu_model_first_token_seconds',
    'From a request’s start to the first word of the model’s answer',
    [],
    [0.1, 0.25, 0.5, 1, 2, 4, 8, 12, 20],
  )
  /** `kind`: in or out. */
  readonly modelTokens = this.#counter('kefu_model_tokens_total', 'Tokens as the provider counts them', [
    'kind',
  ])
  /** `outcome` of each try to answer a turn. */
  readonly turns = this.#counter('kefu_turns_total', 'Turns of assistants', ['outcome'])
  readonly turnTimes = this.#histogram(
    'kefu_turn_seconds',
    'From a turn’s begin to its end',
    [],
    [0.1, 0.5, 1, 2, 4, 8, 12, 20, 30],
  )

  constructor(options: MetricsOptions) {
    collectDefaultMetrics({ register: this.registry })
    this.#queueGauges(options)
  }

  /** The pushes that came and were not taken. */
  async troubles(): Promise<{ refused: number; unreadable: number; failed: number }> {
    const { values } = await this.pushes.get()
    const count = (result: string): number =>
      values.filter(({ labels }) => labels.result === result).reduce((sum, { value }) => sum + value, 0)
    return { refused: count('refused'), unreadable: count('unreadable'), failed: count('failed') }
  }

  /** How many pushes came to the path that says nothing of which Mini Program. */
  async atBarePath(): Promise<number> {
    const { values } = await this.barePushes.get()
    return values.reduce((sum, { value }) => sum + value, 0)
  }

  /** The messages that were not sent, by WeChat's errcode, the most frequent first. */
  async failedSends(): Promise<{ app: string; errcode: string; count: number }[]> {
    const { values } = await this.sends.get()
    return values
      .filter(({ labels }) => labels.outcome === 'failed' || labels.outcome === 'unknown')
      .map(({ labels, value }) => ({
        app: String(labels.app),
        errcode: String(labels.errcode),
        count: value,
      }))
      .sort((a, b) => b.count - a.count)
  }

  #queueGauges({ queues, now }: MetricsOptions): void {
    const registers = [this.registry]
    const age = new Gauge({
      name: 'kefu_queue_age_seconds',
      help: 'How long the oldest entry of a queue has waited',
      labelNames: ['queue'],
      registers,
    })
    new Gauge({
      name: 'kefu_queue_depth',
      help: 'Pushes to be handled (inbox), messages to be sent (outbox), deliveries to be made (webhooks), given up (webhooks_dead)',
      labelNames: ['queue'],
      registers,
      async collect() {
        for (const [queue, state] of Object.entries(queues)) {
          const { depth, oldestAt } = await state()
          this.set({ queue }, depth)
          age.set({ queue }, oldestAt === undefined ? 0 : Math.max(now() - oldestAt, 0) / 1000)
        }
      },
    })
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] })
  }

  #histogram<Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    buckets: number[],
  ): Histogram<Label> {
    return new Histogram({ name, help, labelNames, buckets, registers: [this.registry] })
  }
}
