import type { Sender } from '../bot/index.js'
import { refusedBy } from './allowance-error.js'
import type { HandoffReason } from '../protocol/reasons.js'
import type { OutgoingMessage, Push } from '../wechat/index.js'
import { allowanceOf, forBots, type Allowance, type AllowanceRules, type OutgoingCost } from './allowance.js'
import { incomingMessage, onceKey } from './kept-message.js'
import type { ContactAndConversation } from './conversation-rows.js'
import type { ConversationActions } from './conversation-context.js'
import { changeOwnership, type OwnershipChange } from './ownership.js'
import { systemMessage, type SystemLine } from './system-line.js'
import type { ConversationState, NewMessage, UnitOfWork } from './unit-of-work.js'
import type { AssistantAuthor, BotAuthor, RuleAuthor } from '../protocol/author.js'

/**
 * A conversation in a transaction, as a run of handlers changes it: replies are queued, owners change, all of it
 * written by the unit of work.
 */
export class ConversationEdit implements ConversationActions, Sender {
  /** The customer, with what this transaction changed already. */
  #contact: ContactAndConversation['contact']
  readonly #unit: UnitOfWork
  readonly #rules: AllowanceRules
  /** What was sent before, as far as it may still count. */
  readonly costs: readonly OutgoingCost[]
  #state: ConversationState
  readonly #before: ConversationState
  /** What this transaction queued already. */
  readonly #queued: OutgoingCost[] = []
  #author: BotAuthor = 'bot'
  #pushId: number | null = null
  /** What the customer did, as it is written. */
  #received: NewMessage | undefined
  #place = 0
  #answered = false
  #handoffReason: string | undefined
  #assistant: string | undefined
  readonly #newTags: string[] = []
  /** The epoch that replies of this run are bound to: its own handoff carries it on. */
  #epoch: number

  constructor(
    unit: UnitOfWork,
    found: ContactAndConversation,
    rules: AllowanceRules,
    costs: readonly OutgoingCost[],
  ) {
    this.#unit = unit
    this.#rules = rules
    this.costs = costs
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

  /** Why this run gave the conversation to people; undefined where it did not. */
  get handoffReason(): string | undefined {
    return this.#handoffReason
  }

  /** The assistant that this run leaves the answer to. */
  get assistant(): string | undefined {
    return this.#assistant
  }

  /** Whether a rule matched this run's push. */
  get isAnsweredByRule(): boolean {
    return this.#author !== 'bot'
  }

  /** Takes the next push in: its message is written, its trigger counts, a closed conversation opens. */
  receive(push: Push, pushId: number, receivedAt: number): void {
    const { payload } = push
    this.#pushId = pushId
    this.#author = 'bot'
    this.#answered = false
    this.#handoffReason = undefined
    this.#assistant = undefined
    this.#place = 0
    this.#received = undefined
    if (payload.msgType === 'event') {
      if (payload.event !== 'user_enter_tempsession') return
      this.sign(push, receivedAt)
      this.#contact = { ...this.#contact, sessionFrom: payload.sessionFrom }
      this.#unit.entered(this.#contact.id, payload.sessionFrom)
      this.#received = this.#say({ line: 'entered', sessionFrom: payload.sessionFrom })
    } else {
      if (push.unreadable?.isEvent) this.#save()
      else this.sign(push, receivedAt)
      this.#received = this.#unit.add(incomingMessage(push, pushId, this.#state))
      // No rule and no handler can answer it; who wrote it waits for people.
      if (push.unreadable && !push.unreadable.isEvent) this.handoffFor('unreadable')
    }
    this.#epoch = this.#state.epoch
  }

  /** Counts what a push gives, also one whose message can't be written: WeChat allows replies all the same. */
  sign({ payload }: Push, receivedAt: number): void {
    // Where the push doesn't say when, it is when it came.
    const seconds = payload.createTime === 0 ? Math.floor(receivedAt / 1000) : payload.createTime
    if (payload.msgType === 'event') {
      const entered = { enterSeconds: seconds, enterReceivedAt: receivedAt }
      this.#state = { ...this.#state, ...entered, corrected: null }
      this.#save()
      return
    }
    this.#change({ type: 'message' })
    const wrote = { messageSeconds: seconds, messageReceivedAt: receivedAt }
    const waitingSince = this.#state.waitingSince ?? receivedAt
    this.#state = { ...this.#state, ...wrote, waitingSince, corrected: null }
    this.#save()
  }

  /** Queues a reply of the bot. Throws AllowanceError when the bot's share is used up. */
  async send(_openId: string, message: OutgoingMessage): Promise<void> {
    this.#mustAllow()
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
    author: BotAuthor,
    message: OutgoingMessage,
  ): Promise<boolean> {
    const before = await this.#unit.tx
      .selectFrom('message')
      .select('id')
      .where('once_key', '=', onceKey(pushId, place, message))
      .executeTakeFirst()
    if (before) return false
    this.#mustAllow()
    this.#queue(pushId, place, author, message)
    return true
  }

  /** How many replies of the bot are allowed now. */
  get repliesLeft(): number {
    return forBots(this.#allowance(), this.#rules)
  }

  #allowance(): Allowance {
    return allowanceOf(this.#state, [...this.costs, ...this.#queued], this.#rules, this.#unit.now)
  }

  #mustAllow(): void {
    const allowance = this.#allowance()
    if (forBots(allowance, this.#rules) === 0) throw refusedBy(allowance)
  }

  #queue(pushId: number, place: number, author: BotAuthor, message: OutgoingMessage): void {
    this.#answered = true
    this.#add(author, onceKey(pushId, place, message), message, pushId)
  }

  #add(author: BotAuthor, once: string, message: OutgoingMessage, pushId: number | null): NewMessage {
    this.#queued.push({ state: 'queued', sentAt: null })
    const added = this.#unit.add({
      conversationId: this.#state.id,
      direction: 'outgoing',
      author,
      msgType: message.msgType,
      content: message,
      state: 'queued',
      onceKey: once,
      epoch: this.#epoch,
      pushId,
    })
    this.#save()
    return added
  }

  async setTyping(): Promise<void> {
    // Rules answer at once; there is nothing to bridge.
  }

  assist(assistant: string): void {
    // Nobody can answer in a sub-merchant's session: without its number a reply would reach another one.
    if (this.#contact.businessId !== null) {
      this.handoffFor('business')
      return
    }
    this.#answered = true
    this.#assistant = assistant
    // Who answers is written when somebody has.
    if (this.#received) this.#received.answeredBy = null
  }

  /** Queues what an assistant answers, as its turn's. Throws as send. */
  answerTurn(author: AssistantAuthor, once: string, message: OutgoingMessage): NewMessage {
    this.#mustAllow()
    return this.#add(author, once, message, null)
  }

  /** Tells pages that something of the conversation is otherwise. */
  tell(): void {
    this.#save(true)
  }

  /** The same as handoff, for a reason of the service's own. */
  handoffFor(reason: HandoffReason, since?: number): void {
    this.handoff(reason, since)
  }

  handoff(reason: string, since = this.#unit.now): void {
    this.#answered = true
    this.#handoffReason ??= reason
    if (reason === 'unanswered') this.#note('nobody')
    if (!this.#change({ type: 'handoff' })) return
    // "Handing you over" still goes out: this run goes on under the epoch that it made.
    this.#epoch = this.#state.epoch
    this.#state = { ...this.#state, waitingSince: this.#state.waitingSince ?? since }
    this.#say({ line: 'handoff', reason })
    this.#save(true)
  }

  /** The conversation is given to WeChat's own agent tool. */
  transferred(): void {
    this.#answered = true
    this.#say({ line: 'transferred' })
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

  answersAs(author: RuleAuthor): void {
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
      this.#save()
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
    this.#save(true)
    return true
  }

  #say(content: SystemLine): NewMessage {
    return this.#unit.add({ ...systemMessage(this.#state), content, pushId: this.#pushId })
  }

  #save(tell = false): void {
    this.#unit.save(this.#state, tell, this.#before)
  }
}
