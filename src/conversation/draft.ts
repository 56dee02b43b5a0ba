import { createHash } from 'node:crypto'
import type { Sender } from '../bot/index.js'
import { KefuError } from '../errors.js'
import type { IncomingMessage, OutgoingMessage, Push } from '../wechat/index.js'
import { allowanceOf, forBots, type AllowanceRules, type Spending } from './allowance.js'
import type { ContactAndConversation } from './conversation-rows.js'
import type { Conversing } from './conversing.js'
import { changeOwnership, type OwnershipChange } from './ownership.js'
import type { SystemLine } from './system-line.js'
import type { ConversationState, NewMessage, UnitOfWork } from './unit-of-work.js'

/** The bot's share of what WeChat allows is used up; nothing was queued. */
export class AllowanceError extends KefuError {
  readonly code = 'allowance'
}

/**
 * A conversation in a transaction, as a run of handlers changes it: replies are queued, owners change, all of it
 * written by the unit of work.
 */
export class Draft implements Conversing, Sender {
  /** The customer, with what this transaction changed already. */
  #contact: ContactAndConversation['contact']
  readonly #unit: UnitOfWork
  readonly #rules: AllowanceRules
  readonly #spendings: () => Promise<readonly Spending[]>
  #state: ConversationState
  readonly #before: ConversationState
  /** What this transaction queued already. */
  readonly #queued: Spending[] = []
  #author: `rule:${string}` | 'bot' = 'bot'
  #pushId: number | null = null
  /** What the customer did, as it is written. */
  #received: NewMessage | undefined
  #place = 0
  #answered = false
  readonly #newTags: string[] = []
  /** The epoch that replies of this run are bound to: its own handoff carries it on. */
  #epoch: number

  constructor(
    unit: UnitOfWork,
    found: ContactAndConversation,
    rules: AllowanceRules,
    spendings: () => Promise<readonly Spending[]>,
  ) {
    this.#unit = unit
    this.#rules = rules
    this.#spendings = spendings
    this.#contact = found.contact
    this.#state = found.conversation
    this.#before = found.conversation
    this.#epoch = found.conversation.epoch
  }

  get contact(): ContactAndConversation['contact'] {
    return this.#contact
  }

  get conversation(): { readonly id: number; readonly status: ConversationState['status'] } {
    return this.#state
  }

  /** The line of what the customer did; undefined where nothing was taken in. */
  get received(): NewMessage | undefined {
    return this.#received
  }

  /** Whether this run replied, handed off, or chose to be silent. */
  get answered(): boolean {
    return this.#answered
  }

  /** Takes the next push in: its message is written, its trigger counts, a closed conversation opens. */
  receive(push: Push, pushId: number, receivedAt: number): void {
    const { payload } = push
    this.#pushId = pushId
    this.#author = 'bot'
    this.#answered = false
    this.#place = 0
    this.#received = undefined
    if (payload.msgType === 'event') {
      if (payload.event !== 'user_enter_tempsession') return
      this.sign(push, receivedAt)
      this.#contact = { ...this.#contact, sessionFrom: payload.sessionFrom }
      this.#unit.entered(this.#contact.id, payload.sessionFrom)
      this.#received = this.#say({ line: 'entered', sessionFrom: payload.sessionFrom })
    } else {
      this.sign(push, receivedAt)
      this.#received = this.#unit.add({
        conversationId: this.#state.id,
        direction: 'incoming',
        author: 'contact',
        msgType: payload.msgType,
        content: contentOf(payload),
        state: null,
        onceKey: null,
        epoch: this.#state.epoch,
        pushId,
      })
    }
    this.#epoch = this.#state.epoch
  }

  /** Counts what a push gives, also one whose message can't be written: WeChat allows replies all the same. */
  sign({ payload }: Push, receivedAt: number): void {
    if (payload.msgType === 'event') {
      const entered = { enterSeconds: payload.createTime, enterReceivedAt: receivedAt }
      this.#state = { ...this.#state, ...entered, corrected: null }
      this.#unit.save(this.#state, false, this.#before)
      return
    }
    this.#change({ type: 'message' })
    const wrote = { messageSeconds: payload.createTime, messageReceivedAt: receivedAt }
    const waitingSince = this.#state.waitingSince ?? receivedAt
    this.#state = { ...this.#state, ...wrote, waitingSince, corrected: null }
    this.#unit.save(this.#state, false, this.#before)
  }

  /** Queues a reply of the bot. Throws AllowanceError when the bot's share is used up. */
  async send(_openId: string, message: OutgoingMessage): Promise<void> {
    await this.#mustAllow()
    const place = this.#place++
    this.#note(this.#author)
    this.#queue(this.#pushId ?? 0, place, this.#author, message)
  }

  /**
   * Queues the reply that a handler in code gave at a place of its run; false when an earlier run of the same
   * push queued it. Throws as send.
   */
  async replyTo(
    pushId: number,
    place: number,
    author: `rule:${string}` | 'bot',
    message: OutgoingMessage,
  ): Promise<boolean> {
    const before = await this.#unit.tx
      .selectFrom('message')
      .select('id')
      .where('once_key', '=', onceKey(pushId, place, message))
      .executeTakeFirst()
    if (before) return false
    await this.#mustAllow()
    this.#queue(pushId, place, author, message)
    return true
  }

  async #mustAllow(): Promise<void> {
    const spendings = [...(await this.#spendings()), ...this.#queued]
    const allowance = allowanceOf(this.#state, spendings, this.#rules, this.#unit.now)
    if (forBots(allowance, this.#rules) === 0)
      throw new AllowanceError(
        allowance.remaining > 0
          ? 'The bot’s share of the messages that WeChat allows is used up; the rest is kept for people.'
          : 'WeChat allows no more messages until the customer writes again.',
      )
  }

  #queue(pushId: number, place: number, author: `rule:${string}` | 'bot', message: OutgoingMessage): void {
    this.#queued.push({ state: 'queued', sentAt: null })
    this.#answered = true
    this.#unit.add({
      conversationId: this.#state.id,
      direction: 'outgoing',
      author,
      msgType: message.msgType,
      content: message,
      state: 'queued',
      onceKey: onceKey(pushId, place, message),
      epoch: this.#epoch,
      pushId,
    })
    this.#unit.save(this.#state, false, this.#before)
  }

  async setTyping(): Promise<void> {
    // Rules answer at once; there is nothing to bridge.
  }

  handoff(reason: string): void {
    this.#answered = true
    if (reason === 'unanswered') this.#note('nobody')
    if (!this.#change({ type: 'handoff' })) return
    // "Handing you over" still goes out: this run goes on under the epoch that it made.
    this.#epoch = this.#state.epoch
    this.#state = { ...this.#state, waitingSince: this.#state.waitingSince ?? this.#unit.now }
    this.#say({ line: 'handoff', reason })
    this.#unit.save(this.#state, true, this.#before)
  }

  /** The conversation is given to WeChat's own agent tool; decided too late for that, to people here. */
  transferred(late: boolean): void {
    this.#answered = true
    if (late) this.handoff('transfer_late')
    else this.#say({ line: 'transferred' })
  }

  tag(name: string): void {
    if (this.#contact.tags.includes(name)) return
    this.#contact = { ...this.#contact, tags: [...this.#contact.tags, name] }
    this.#newTags.push(name)
  }

  /** The tags that this run put on the customer. */
  get newTags(): readonly string[] {
    return this.#newTags
  }

  stayedSilent(): void {
    this.#answered = true
  }

  answersAs(author: `rule:${string}`): void {
    this.#author = author
    this.#note(author)
  }

  /** Keeps who answered beside what was asked: the first that did. */
  #note(answeredBy: string): void {
    if (this.#received) this.#received.answeredBy ??= answeredBy
  }

  /** Whether there is an answer to a message now, so that nobody waits for one. */
  settle(): void {
    if (this.#state.status === 'bot' && this.#state.waitingSince !== null) {
      this.#state = { ...this.#state, waitingSince: null }
      this.#unit.save(this.#state, false, this.#before)
    }
  }

  /** The conversation as it is now. */
  get state(): ConversationState {
    return this.#state
  }

  #change(change: OwnershipChange): boolean {
    const next = changeOwnership(this.#state, change)
    if (!next || next.epoch === this.#state.epoch) return false
    this.#state = { ...this.#state, ...next }
    this.#unit.save(this.#state, true, this.#before)
    return true
  }

  #say(content: SystemLine): NewMessage {
    return this.#unit.add({
      conversationId: this.#state.id,
      direction: 'system',
      author: 'system',
      msgType: 'system',
      content,
      state: null,
      onceKey: null,
      epoch: this.#state.epoch,
      pushId: this.#pushId,
    })
  }
}

/** A message's content as it is kept: what was typed, without the envelope that other columns hold. */
function contentOf(message: IncomingMessage): object {
  return Object.fromEntries(
    Object.entries(message).filter(
      ([name]) => !envelope.has(name) && !(name === 'fields' && message.msgType !== 'other'),
    ),
  )
}

const envelope = new Set(['toUserName', 'fromUserName'])

/** The same reply, at the same place of the same push, is queued once, however often its handler is run. */
function onceKey(pushId: number, place: number, message: OutgoingMessage): string {
  const hash = createHash('sha256').update(JSON.stringify(message)).digest('base64url').slice(0, 16)
  return `push:${pushId}:${place}:${hash}`
}
