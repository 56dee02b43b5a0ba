import type { Logger } from '../../log.js'
import type { Store } from '../../store/index.js'
import type { Answer } from '../../wechat/index.js'

export interface RemoteAnswersOptions {
  readonly store: Pick<Store, 'signals'>
  readonly logger: Logger
}

/** Milliseconds that WeChat waits: after that an answer is no use to anybody. */
export const AWAITED_MS = 5000
/** So many answers fit into one signal. */
const SENT_AT_ONCE = 200

/** Brings answers that one process decides to the process that WeChat waits at. */
export class RemoteAnswers {
  readonly #options: RemoteAnswersOptions
  /** Who waits here, by the row's id. */
  readonly #awaited = new Map<number, (answer: Answer) => void>()
  #decided: [number, Answer][] = []

  constructor(options: RemoteAnswersOptions) {
    this.#options = options
  }

  /** Listens to the other processes; returns what ends it. */
  start(): () => void {
    return this.#options.store.signals.on('answered', (payload) => {
      for (const [id, answer] of JSON.parse(payload) as [number, Answer][]) this.#settle(id, answer)
    })
  }

  /** Resolves with the answer to a push, or `success` when nobody has decided in time. */
  wait(id: number): Promise<Answer> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#settle(id, 'success'), AWAITED_MS).unref()
      this.#awaited.set(id, (answer) => {
        clearTimeout(timer)
        resolve(answer)
      })
    })
  }

  /** Takes an answer to where it is awaited: here, or in another process, with others of the same turn. */
  decide(id: number, answer: Answer): void {
    if (this.#settle(id, answer)) return
    this.#decided.push([id, answer])
    if (this.#decided.length > 1) return
    setImmediate(() => {
      const decided = this.#decided.splice(0)
      for (let i = 0; i < decided.length; i += SENT_AT_ONCE)
        this.#options.store.signals
          .send('answered', JSON.stringify(decided.slice(i, i + SENT_AT_ONCE)))
          .catch((err: unknown) => {
            this.#options.logger.warn({ err }, 'answers could not be told; they will be success')
          })
    })
  }

  #settle(id: number, answer: Answer): boolean {
    const resolve = this.#awaited.get(id)
    this.#awaited.delete(id)
    resolve?.(answer)
    return resolve !== undefined
  }
}
