import { ApiError, HandlerError, NetworkError } from '../errors.js'
import {
  limits,
  splitText,
  type Answer,
  type IncomingEvent,
  type IncomingMessage,
  knownType,
  type OutgoingMessage,
  type Push,
} from '../wechat/index.js'
import type { Replies } from './replies.js'
import type { MessageWithFile, Sender } from './sender.js'

/** The find of a `hears` expression: the whole text, then its groups. */
export interface Match extends ReadonlyArray<string> {
  readonly [index: number]: string
  readonly groups?: Readonly<Record<string, string>> | undefined
}

/** How a run of handlers stands, shared by its Context and whoever waits for the answer. */
export interface Run {
  /** The handlers' decision so far: the answer to the push when they take longer than WeChat waits. */
  answer: Answer
  /** The push has been answered: too late to transfer. */
  answered: boolean
  /** The run took too long and the next push is on: too late for anything. */
  over: boolean
}

/** A run at its beginning. */
export function newRun(): Run {
  return { answer: 'success', answered: false, over: false }
}

export interface ContextOptions {
  readonly attempt: number
  readonly run: Run
  readonly replies?: Replies
  /** Nothing can be answered with it. */
  readonly observes?: boolean
}

/** One push on its way through the handlers. */
export class Context {
  readonly push: Push
  /** The message, undefined when the push is an event. */
  readonly message: IncomingMessage | undefined
  /** The event, undefined when the push is a message. */
  readonly event: IncomingEvent | undefined
  /** The find of the `hears` that let the push through. */
  readonly match: Match = []
  /** 1 at the first run of this push; more when an earlier run was cut off, so that handlers can be idempotent. */
  readonly attempt: number
  /** For middleware to leave things for the handlers behind it. */
  readonly state: Record<string, unknown> = {}

  readonly #sender: Sender
  readonly #run: Run
  readonly #follow: (reply: Promise<void>) => Promise<void>
  readonly #observes: boolean
  #replies = 0
  /** Settles when the picture of an earlier reply is uploaded: replies go in the order in which they are asked for. */
  #uploading: Promise<unknown> | undefined

  constructor(push: Push, sender: Sender, options: ContextOptions) {
    this.push = push
    this.#sender = sender
    this.#observes = options.observes ?? false
    this.#run = options.run
    this.attempt = options.attempt
    this.#follow = (reply) => options.replies?.follow(reply) ?? reply
    const { payload } = push
    this.message = payload.msgType === 'event' ? undefined : payload
    this.event = payload.msgType === 'event' ? payload : undefined
  }

  /** The Mini Program that the push is for. */
  get appId(): string {
    return this.push.appId
  }

  /** The customer. */
  get openId(): string {
    return this.push.openId
  }

  /** The sub-merchant (客服子商户) whose session the push belongs to; `reply` can't answer there. */
  get businessId(): string | undefined {
    return this.push.payload.businessId
  }

  /** The text of a text message, without white space around it; undefined for anything else. */
  get text(): string | undefined {
    return this.message?.msgType === 'text' ? this.message.content.trim() : undefined
  }

  /** Whether `transfer` was called. */
  get transferred(): boolean {
    return this.#run.answer === 'transfer'
  }

  /** How many messages `reply` sent. */
  get replies(): number {
    return this.#replies
  }

  /**
   * Sends the customer a message through the API. A text longer than 2048 bytes becomes several messages, each
   * of which costs one of the five that WeChat allows. An image, and the cover of a Mini Program card, can be given as a
   * `file` in place of its media id: a path, bytes or a stream, uploaded first. Rejects with what the sender throws
   * (MediaError for a file that WeChat would not take), and with HandlerError (`business`) in a sub-merchant's session;
   * when nobody awaits it, `bot.catch` is told.
   */
  reply(message: string | OutgoingMessage | MessageWithFile): Promise<void> {
    return this.#follow(this.#send(message))
  }

  async #send(given: string | OutgoingMessage | MessageWithFile): Promise<void> {
    if (this.businessId !== undefined)
      throw new HandlerError(
        'business',
        'ctx.reply() can’t answer a sub-merchant’s session (the push has a BusinessId): the message would reach the ' +
          'customer in another session. Nothing was sent; use ctx.transfer(), or reply in WeChat’s own tool.',
      )
    this.#mustGoOn('reply')
    const message = hasFile(given) || this.#uploading ? await this.#whole(given) : given
    for (const part of parts(typeof message === 'string' ? { msgType: 'text', content: message } : message)) {
      this.#mustGoOn('reply')
      await this.#sender.send(this.openId, part)
      this.#replies++
    }
  }

  /** The message with its picture's media id, once the pictures of earlier replies have theirs. */
  async #whole(given: string | OutgoingMessage | MessageWithFile): Promise<string | OutgoingMessage> {
    if (!hasFile(given)) {
      await this.#uploading
      return given
    }
    const uploaded = Promise.all([this.#upload(given), this.#uploading]).then(([message]) => message)
    this.#uploading = uploaded.catch(() => undefined)
    return uploaded
  }

  async #upload({ file, ...message }: MessageWithFile): Promise<OutgoingMessage> {
    const sender = this.#sender
    if (!sender.uploadTempMedia)
      throw new HandlerError(
        'misuse',
        'ctx.reply() was given a file, and the bot’s api can’t upload: give it an uploadTempMedia, as Api has, or a media id.',
      )
    const { mediaId } = await sender.uploadTempMedia(file)
    // A type that is replied with a file has a picture.
    return { ...message, [knownType(message.msgType).picture ?? 'mediaId']: mediaId } as OutgoingMessage
  }

  /** Shows the customer "typing", or ends it. It is a courtesy: when WeChat refuses it or can't be reached, the handler goes on. */
  async setTyping(on = true): Promise<void> {
    this.#mustGoOn('setTyping')
    // It would show in another session of the customer's.
    if (this.businessId !== undefined) return
    try {
      await this.#sender.setTyping(this.openId, on)
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof NetworkError)) throw error
    }
  }

  /**
   * Gives the customer to WeChat's own agent tool, by the answer to this push. Throws HandlerError for an event
   * (WeChat transfers messages only) and once the push has been answered, 4.5 s after it came.
   */
  transfer(): void {
    this.#mustAnswer('transfer')
    if (!this.message)
      throw new HandlerError(
        'misuse',
        'ctx.transfer() works for messages only: WeChat does not transfer on an event.',
      )
    if (this.#run.answered || this.#run.over)
      throw new HandlerError(
        'late',
        'ctx.transfer() came after the push was answered (4.5 s). Decide before slow work, or reply instead.',
      )
    this.#run.answer = 'transfer'
  }

  #mustAnswer(what: string): void {
    if (this.#observes)
      throw new HandlerError(
        'misuse',
        `ctx.${what}() is for handlers: what is registered with { observes: true } only looks on. Use bot.use(handler) for it.`,
      )
  }

  #mustGoOn(what: string): void {
    this.#mustAnswer(what)
    if (this.#run.over)
      throw new HandlerError(
        'timeout',
        `ctx.${what}() came after the handler’s time was over; the next push is being handled.`,
      )
  }
}

function hasFile(message: string | OutgoingMessage | MessageWithFile): message is MessageWithFile {
  return typeof message === 'object' && 'file' in message
}

function parts(message: OutgoingMessage): OutgoingMessage[] {
  if (message.msgType !== 'text') return [message]
  const texts = splitText(message.content)
  const most = limits.allowanceAfterMessage.messages
  if (texts.length > most)
    throw new HandlerError(
      'misuse',
      `The text needs ${texts.length} messages and WeChat allows ${most} in a row; nothing was sent. Shorten it.`,
    )
  return texts.map((content) => ({ ...message, content }))
}
