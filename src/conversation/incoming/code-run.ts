import type { Handled, PictureFile, Sender } from '../../bot/index.js'
import { ConfigError } from '../../errors.js'
import type { BotAuthor, RuleAuthor } from '../../protocol/author.js'
import type { HandoffReason } from '../../protocol/reasons.js'
import type { OutgoingMessage } from '../../wechat/index.js'
import type { ConversationActions } from '../conversation-context.js'
import type { Job } from './job.js'
import type { FinishStep, Opened, Reply, ResultOf, Step } from './step.js'

/** Does a step in the next transaction that is free for it. */
export type Submit = <S extends Step>(step: S) => Promise<ResultOf<S>>

export interface CodeRunOptions {
  readonly submit: Submit
  /** Shows "typing" and uploads pictures; messages go through the outbox. */
  readonly senderOf: (appId: string) => Sender | undefined
}

/** One run of handlers in code. It queues replies at once, and gathers what else it decides until it ends. */
export class CodeRun implements Sender, ConversationActions {
  readonly contact: ConversationActions['contact']
  readonly #options: CodeRunOptions
  readonly #job: Job
  readonly #opened: Opened
  #place = 0
  #tail: Promise<void> = Promise.resolve()
  #author: BotAuthor = 'bot'
  #handoff: string | undefined
  #assistant: string | undefined
  #hasAnswered = false
  /** What the allowance leaves, counted here as long as nobody else sends. */
  #repliesLeft: number
  readonly #held: Reply[] = []
  #flushing: NodeJS.Immediate | undefined
  #refused: unknown
  readonly #tags: string[] = []

  constructor(options: CodeRunOptions, job: Job, opened: Opened) {
    this.#options = options
    this.#job = job
    this.#opened = opened
    this.contact = opened.contact
    this.#repliesLeft = opened.repliesLeft
  }

  get conversation(): ConversationActions['conversation'] {
    return this.#opened.conversation
  }

  /**
   * Queues replies in the order in which they were asked for, also where a handler awaits none of them. Those of rules
   * wait for the end of the run, where it comes at once: one transaction then does for both.
   */
  async send(_openId: string, message: OutgoingMessage): Promise<void> {
    const reply = { place: this.#place++, author: this.#author, message }
    if (reply.author !== 'bot' && this.#repliesLeft > 0) {
      this.#repliesLeft--
      this.#hasAnswered = true
      this.#held.push(reply)
      this.#flushing ??= setImmediate(() => {
        this.#flush()
      })
      return
    }
    this.#flush()
    await this.#queue(reply)
  }

  #flush(): void {
    clearImmediate(this.#flushing)
    this.#flushing = undefined
    for (const reply of this.#held.splice(0))
      this.#queue(reply).catch((error: unknown) => (this.#refused ??= error))
  }

  #queue(reply: Reply): Promise<void> {
    const work = this.#tail.then(async () => {
      const refused = await this.#options.submit({
        kind: 'reply',
        job: this.#job,
        opened: this.#opened,
        reply,
      })
      if (refused) throw refused
      this.#hasAnswered = true
    })
    this.#tail = work.catch(() => undefined)
    return work
  }

  async setTyping(openId: string, on: boolean): Promise<void> {
    await this.#options.senderOf(this.#opened.contact.appId)?.setTyping(openId, on)
  }

  /** Uploads at once, so that the reply is queued with its media id. */
  async uploadTempMedia(file: PictureFile): Promise<{ readonly mediaId: string }> {
    const { appId } = this.#opened.contact
    const sender = this.#options.senderOf(appId)
    if (!sender?.uploadTempMedia)
      throw new ConfigError(
        `The Mini Program ${appId} has no API to upload a picture with: is its secret set?`,
      )
    return sender.uploadTempMedia(file)
  }

  handoff(reason: string): void {
    this.#handoff = reason
  }

  assist(assistant: string): void {
    this.#hasAnswered = true
    if (this.#opened.contact.businessId !== null) {
      this.#handoff = 'business' satisfies HandoffReason
      return
    }
    this.#assistant = assistant
  }

  tag(name: string): void {
    this.#tags.push(name)
  }

  stayedSilent(): void {
    this.#hasAnswered = true
  }

  answersAs(author: RuleAuthor): void {
    this.#author = author
  }

  /** Returns the step that ends it, once its replies are queued. */
  async finish({ answer, error }: Handled): Promise<FinishStep> {
    clearImmediate(this.#flushing)
    const held = this.#held.splice(0)
    await this.#tail
    const isDecided =
      this.#hasAnswered || this.#handoff !== undefined || answer === 'transfer' || error !== undefined
    return {
      kind: 'finish',
      job: this.#job,
      opened: this.#opened,
      held,
      refused: this.#refused,
      tags: this.#tags,
      answeredBy: this.#author === 'bot' && !isDecided ? 'nobody' : this.#author,
      result: {
        answer,
        error,
        handoff: this.#handoff,
        assistant: this.#assistant,
        hasAnswered: this.#hasAnswered,
        isEvent: this.#job.push.payload.msgType === 'event',
      },
    }
  }
}
