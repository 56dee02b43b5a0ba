import type { Bot, Run } from '../bot/index.js'
import type { Answer, Push } from '../wechat/index.js'
import type { Accepted, Inbox } from './inbox.js'

export interface MemoryInboxOptions {
  /** How many handled pushes are remembered to know a repeat by; 50 000 when not given. */
  readonly remembered?: number
  /** How many pushes may wait or run at once before more are refused; 10 000 when not given. */
  readonly waiting?: number
}

/**
 * An inbox in this process's memory: what a restart interrupts is lost, and repeats are known only here. Right
 * for an app of one process that can live with that.
 */
export class MemoryInbox implements Inbox {
  readonly #bot: Pick<Bot, 'handle'>
  readonly #remembered: number
  readonly #waiting: number
  readonly #running = new Map<string, Accepted>()
  readonly #answered = new Map<string, Answer>()
  /** The last push of each conversation that is not through. */
  readonly #tails = new Map<string, Promise<unknown>>()

  constructor(bot: Pick<Bot, 'handle'>, options: MemoryInboxOptions = {}) {
    this.#bot = bot
    this.#remembered = options.remembered ?? 50_000
    this.#waiting = options.waiting ?? 10_000
  }

  async accept(push: Push): Promise<Accepted> {
    const running = this.#running.get(push.id)
    if (running) return { ...running, repeat: true }
    const before = this.#answered.get(push.id)
    if (before) return { answer: Promise.resolve(before), run: { answered: true, over: true }, repeat: true }
    if (this.#running.size >= this.#waiting) throw new Error(`${this.#waiting} pushes are waiting already`)

    const run: Run = { answered: false, over: false }
    const accepted = { answer: this.#inOrder(push, run), run }
    this.#running.set(push.id, accepted)
    return accepted
  }

  async #inOrder(push: Push, run: Run): Promise<Answer> {
    const conversation = `${push.appId}/${push.openId}`
    const tail = this.#tails.get(conversation)
    // An event that concerns no customer belongs to no conversation and waits for nothing.
    const work =
      tail === undefined || push.openId === ''
        ? this.#bot.handle(push, { run })
        : tail.then(() => this.#bot.handle(push, { run }))
    this.#tails.set(conversation, work)
    const { answer } = await work
    if (this.#tails.get(conversation) === work) this.#tails.delete(conversation)
    this.#running.delete(push.id)
    this.#remember(push.id, answer)
    return answer
  }

  #remember(id: string, answer: Answer): void {
    this.#answered.set(id, answer)
    if (this.#answered.size <= this.#remembered) return
    const [oldest] = this.#answered.keys()
    if (oldest !== undefined) this.#answered.delete(oldest)
  }
}
