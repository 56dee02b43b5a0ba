import { ConfigError, errorsPage } from '../errors.js'
import { explainErrcode, type Format } from '../wechat/index.js'
import { enterInput, parseInput, rawInput, userMessageInput } from './control-input.js'
import type { CustomerActions } from './customer-actions.js'
import type { OfficialSessions } from './official-session.js'
import type { Platform } from './platform.js'
import type { Recorder } from './recorder.js'
import type { ApiCall, Delivery, InBusiness, PhoneMessage, UserMessageInput, UserView } from './protocol.js'
import type { User } from './user.js'

export interface UserHandleParts {
  platform: Platform
  actions: CustomerActions
  official: OfficialSessions
  recorder: Pick<Recorder, 'deliveries' | 'calls'>
  /** The user anew each time: a reset forgets them. */
  find: () => User
  /** How long receives() waits when it is not told. */
  receiveTimeoutMs: number
  /** Aborted when the emulator closes. */
  closed: AbortSignal
}

/** A customer in a test: what they do, and what their phone shows. */
export class UserHandle {
  readonly #parts: UserHandleParts
  /** The sequence of the last message that receives() gave. */
  #taken = 0

  constructor(parts: UserHandleParts) {
    this.#parts = parts
  }

  get openId(): string {
    return this.#parts.find().openId
  }

  /**
   * Sends a message to the service and resolves when the push has been answered, or has failed at last.
   * Throws ConfigError when it makes no sense, and while WeChat's own agents have the conversation.
   */
  async sends(message: string | UserMessageInput, business: InBusiness = {}): Promise<Delivery> {
    const { actions, official, find } = this.#parts
    const given = typeof message === 'string' ? { msgType: 'text' as const, content: message } : message
    const input = { ...given, ...business }
    const user = find()
    if (input.msgType !== 'event' && official.runs(user))
      throw new ConfigError(
        'WeChat’s own agents have this conversation, so nothing is pushed: use sendsToOfficial.',
      )
    const { push } = actions.send(user, parseInput(userMessageInput, input))
    if (!push) throw new Error('A message that nobody else took was not pushed.')
    return push.finished
  }

  /** Sends a picture: the bytes of a PNG, JPEG or GIF. */
  async sendsImage(bytes: Uint8Array): Promise<Delivery> {
    const { platform } = this.#parts
    const media = platform.media.add(Buffer.from(bytes), platform.clock.now())
    if (!media) throw new ConfigError('These are not the bytes of a PNG, JPEG or GIF picture.')
    return this.sends({ msgType: 'image', mediaId: media.mediaId })
  }

  /** Sends a message that is not pushed, because WeChat's own agents have the conversation; throws when they have not. */
  sendsToOfficial(message: string | UserMessageInput): PhoneMessage {
    const { actions, official, find } = this.#parts
    const input = typeof message === 'string' ? { msgType: 'text' as const, content: message } : message
    const user = find()
    if (!official.runs(user))
      throw new ConfigError(
        'WeChat’s own agents do not have this conversation: a push must be answered with transfer first.',
      )
    const sent = actions.send(user, parseInput(userMessageInput, input)).message
    if (!sent) throw new ConfigError('An event is no message: use sends.')
    return sent
  }

  /** Taps the contact button. */
  async enters(options: { sessionFrom?: string } & InBusiness = {}): Promise<Delivery> {
    const { sessionFrom = 'wxapp', ...business } = parseInput(enterInput, options)
    return this.#parts.actions.enter(this.#parts.find(), sessionFrom, business).finished
  }

  /** Pushes a plaintext as it is, signed and encrypted as the app's mode wants: for shapes that `sends` has no words for. */
  async pushesRaw(plaintext: string, options: { format?: Format } = {}): Promise<Delivery> {
    const input = parseInput(rawInput, { plaintext, ...options })
    return this.#parts.actions.pushRaw(this.#parts.find(), input.plaintext, input.format).finished
  }

  /**
   * The next message from the service, WeChat's own agents or WeChat that receives() has not given yet.
   * Waits for it, and throws when none has come in time.
   */
  async receives(options: { timeoutMs?: number } = {}): Promise<PhoneMessage> {
    const { platform, closed, receiveTimeoutMs } = this.#parts
    const { timeoutMs = receiveTimeoutMs } = options
    const message = await new Promise<PhoneMessage | undefined>((resolve, reject) => {
      const look = (): void => {
        try {
          const next = this.messages.find(({ from, sequence }) => from !== 'user' && sequence > this.#taken)
          if (next) finish(next)
        } catch (error) {
          // The app was removed meanwhile: whoever waits is told, not whoever removed it.
          release()
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      }
      const giveUp = (): void => {
        finish(undefined)
      }
      const stop = platform.bus.listen(look)
      const timer = setTimeout(giveUp, timeoutMs)
      closed.addEventListener('abort', giveUp)
      const release = (): void => {
        stop()
        clearTimeout(timer)
        closed.removeEventListener('abort', giveUp)
      }
      const finish = (found: PhoneMessage | undefined): void => {
        release()
        // Before anyone else looks: two that wait get two messages.
        if (found) this.#taken = found.sequence
        resolve(found)
      }
      if (closed.aborted) giveUp()
      else look()
    })
    if (message) return message
    const shown = this.messages.length
    throw new Error(
      closed.aborted
        ? 'The emulator was closed while a message was awaited.'
        : `No message reached ${this.openId} within ${timeoutMs} ms; the phone shows ${shown}, all of them taken or the customer’s own.${this.#trouble()}`,
    )
  }

  /** The likely reason why nothing came: what went wrong last with a push to the service, or a call of it, for this customer. */
  #trouble(): string {
    const { recorder, find } = this.#parts
    const { app, openId } = find()
    const isOurs = (one: { appId: string | null; openId: string | null }): boolean =>
      one.openId === openId && one.appId === app.appId
    const push = recorder.deliveries.findLast(isOurs)
    const problem = push?.attempts.at(-1)?.problem
    if (typeof problem === 'string') return ` The last push failed: ${problem}`
    // Calls that concern no customer, such as for a token or an upload, may be why nothing came as well.
    const call = recorder.calls.findLast(
      (one) =>
        hasFailed(one) &&
        one.sequence > (push?.sequence ?? 0) &&
        (one.appId === null || isOurs(one) || (one.appId === app.appId && one.openId === null)),
    )
    if (call) return ` The last failed call, ${call.request.path}, ${answerOf(call)}`
    return push?.state === 'pending' ? ' The last push is not answered yet.' : ''
  }

  /** The text of the next message, as receives() gives it; throws when it is no text. */
  async receivesText(options: { timeoutMs?: number } = {}): Promise<string> {
    const { content } = await this.receives(options)
    if (content.msgType === 'text') return content.content
    throw new Error(
      `The next message that reached ${this.openId} is no text but a ${content.msgType}.${this.#trouble()}`,
    )
  }

  /** All that the phone shows, oldest first. */
  get messages(): readonly PhoneMessage[] {
    return this.#parts.find().messages
  }

  /** The messages that WeChat would still accept for this customer. */
  get allowance(): UserView['allowance'] {
    return this.#view().allowance
  }

  /** Whether the service's "typing" shows. */
  get typing(): boolean {
    return this.#view().typingUntil !== null
  }

  /** Whether WeChat's own agents have the conversation. */
  get withOfficial(): boolean {
    return this.#parts.official.runs(this.#parts.find())
  }

  #view(): UserView {
    return this.#parts.find().view(this.#parts.platform.clock.now())
  }
}

function hasFailed({ errcode, response }: ApiCall): boolean {
  return errcode !== 0 || response === null || response.status >= 400
}

function answerOf({ errcode, response }: ApiCall): string {
  if (response === null) return 'got no answer: a fault reset its connection.'
  if (errcode === 0) return `was answered with status ${response.status}.`
  const { name, zh, en } = explainErrcode(errcode)
  const anchor = name === 'unknown' ? name : errcode
  return `was answered with ${errcode}: ${zh} (${en}) ${errorsPage}#${anchor}`
}
