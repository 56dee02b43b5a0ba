import { newRun, type Accepted, type Bot, type Handled, type Run } from '../bot/index.js'
import type { Answer, Push } from '../wechat/index.js'
import type { Inbox } from './inbox.js'

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
  /** Goes through #answered from its oldest: one iterator for good, as a new one would pass over all that was deleted. */
  readonly #oldest = this.#answered.keys()
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
    if (before)
      return {
        answer: Promise.resolve(before),
        run: { answer: before, answered: true, over: true },
        repeat: true,
      }
    if (this.#running.size >= this.#waiting) throw new Error(`${this.#waiting} pushes are waiting already`)

    const run = newRun()
    const accepted = { answer: this.#inOrder(push, run), run }
    this.#running.set(push.id, accepted)
    return accepted
  }

  async #inOrder(push: Push, run: Run): Promise<Answer> {
    // An event that concerns no customer belongs to no conversation and waits for nothing.
    const conversation = push.openId === '' ? push.id : `${push.appId}/${push.openId}`
    const handle = async (): Promise<Handled> => this.#bot.handle(push, { run })
    // handle() never rejects; should it all the same, the pushes behind it are not held up.
    const work = this.#tails.get(conversation)?.then(handle, handle) ?? handle()
    this.#tails.set(conversation, work)
    try {
      const { answer } = await work
      this.#remember(push.id, answer)
      return answer
    } finally {
      if (this.#tails.get(conversation) === work) this.#tails.delete(conversation)
      this.#running.delete(push.id)
    }
  }

  #remember(id: string, answer: Answer): void {
    this.#answered.set(id, answer)
    if (this.#answered.size <= this.#remembered) return
    const { value: oldest } = this.#oldest.next()
    if (oldest !== undefined) this.#answered.delete(oldest)
  }
}
