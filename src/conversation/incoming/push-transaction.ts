import type { Bot } from '../../bot/index.js'
import { HandlerError } from '../../errors.js'
import type { Logger } from '../../log.js'
import type { Dialect, Tx } from '../../store/index.js'
import type { Answer, Incoming, Push } from '../../wechat/index.js'
import { cameLate, lastSignAt, signedAt, type AllowanceRules, type OutgoingCost } from '../allowance.js'
import { contactKey, spendingsOfEach, type ContactAndConversation } from '../conversation-rows.js'
import { actionsOf, lookOnly, type ConversationActions } from '../conversation-context.js'
import { AllowanceError } from '../allowance-error.js'
import { ConversationEdit } from '../conversation-edit.js'
import { botAnswers } from '../ownership.js'
import type { TurnWish } from '../turns/open-turns.js'
import type { NewMessage, UnitOfWork } from '../unit-of-work.js'
import { concernsCustomer, customerOf } from './customer.js'
import type { Job } from './job.js'
import { decideOutcome, isFailure, refusedReply, type BotResult } from './outcome.js'
import type { PushMarks, PushState } from './push-marks.js'
import type { FinishStep, Reply, ReplyStep, Step, StepResults } from './step.js'

/** Handlers in code, as far as it must be known which pushes they may take. */
export interface CodeFilter {
  /** Returns false where a payload alone says that no handler takes it. */
  mayTake(payload: Incoming): boolean
  /** Whether a handler that stands before the rules may take the push. */
  takesFirst(push: Push, actions: ConversationActions): boolean
  /** The same of those behind the rules, for a push that no rule matched. */
  takesRest(push: Push, actions: ConversationActions): boolean
}

export interface PushTransactionOptions {
  /** Answers by itself, without anything to wait for: rules. */
  readonly bot: Bot<ConversationActions>
  readonly code: CodeFilter | undefined
  readonly allowance: AllowanceRules
  readonly logger: Logger
}

export interface OpenedTransaction {
  readonly tx: Tx
  readonly dialect: Dialect
  readonly unit: UnitOfWork
  /** The customers of all steps, by contactKey. */
  readonly conversations: ReadonlyMap<string, ContactAndConversation>
  readonly marks: PushMarks
  /** How the pushes stand that handlers in code may take, or had. */
  readonly states: ReadonlyMap<number, PushState>
}

/** How often handlers in code are begun for one push. */
export const MAX_ATTEMPTS = 3

/** Steps of many conversations in one transaction, each conversation's in their order. */
export class PushTransaction {
  readonly #options: PushTransactionOptions
  readonly #opened: OpenedTransaction
  readonly #edits = new Map<string, ConversationEdit>()
  readonly #costs: ReadonlyMap<number, readonly OutgoingCost[]>
  readonly #wishes: TurnWish[] = []
  /** The conversations whose push was given to handlers in code: what follows waits. */
  readonly #withCode = new Set<string>()

  private constructor(
    options: PushTransactionOptions,
    opened: OpenedTransaction,
    costs: ReadonlyMap<number, readonly OutgoingCost[]>,
  ) {
    this.#options = options
    this.#opened = opened
    this.#costs = costs
  }

  /** Reads what else the steps need: what was sent before in the conversations in which it may still count. */
  static async open(
    options: PushTransactionOptions,
    opened: OpenedTransaction,
    steps: readonly Step[],
  ): Promise<PushTransaction> {
    const ids = new Set<number>()
    for (const step of steps) {
      const found = opened.conversations.get(contactKey(customerOf(step.job.push)))
      if (found && needsCosts(step, found)) ids.add(found.conversation.id)
    }
    return new PushTransaction(options, opened, await spendingsOfEach(opened.tx, opened.dialect, [...ids]))
  }

  get edits(): Iterable<ConversationEdit> {
    return this.#edits.values()
  }

  /** What was left to assistants. */
  get wishes(): readonly TurnWish[] {
    return this.#wishes
  }

  async receive(job: Job): Promise<StepResults['receive']> {
    const { push } = job
    const { states } = this.#opened
    const key = contactKey(customerOf(push))
    const state = states.get(job.pushId)
    // An earlier run's end was committed, and the reply that said so was lost.
    if (state && state.state !== 'new')
      return { kind: 'answered', answer: state.answer ?? 'success', seen: undefined }
    const edit = concernsCustomer(push) ? this.#edit(key) : undefined
    if (!edit) return this.#answered(job, 'success')
    if (this.#withCode.has(key)) return { kind: 'later' }
    const attempts = state?.attempts ?? 0
    if (attempts === 0) edit.receive(push, job.pushId, signedAt(job.receivedAt, edit.state, edit.costs))
    // Each run so far was cut off, perhaps by what the handler does to the process.
    else if (attempts >= MAX_ATTEMPTS) return this.#cutOff(job, edit, attempts)
    if (push.unreadable || !botAnswers(edit.conversation.status)) return this.#answered(job, 'success')
    if (attempts > 0 || this.#options.code?.takesFirst(push, lookOnly(edit)))
      return this.#giveToCode(job, edit, attempts)
    return this.#askRules(job, edit)
  }

  async #askRules(job: Job, edit: ConversationEdit): Promise<StepResults['receive']> {
    const { push, run } = job
    const { bot, code, logger } = this.#options
    const { answer, error } = await bot.handle(push, { sender: edit, run, extension: actionsOf(edit) })
    if (error) logger.warn({ pushId: push.id, code: error.code }, error.message)
    const isLeft = !edit.isAnsweredByRule && !edit.answered && !error && answer === 'success'
    if (isLeft && code?.takesRest(push, lookOnly(edit))) return this.#giveToCode(job, edit, 0)
    this.#apply(job, edit, edit.received, {
      answer,
      error,
      isLate: isTooLate(job),
      handoff: edit.handoffReason,
      assistant: edit.assistant,
      hasAnswered: edit.answered,
      isEvent: push.payload.msgType === 'event',
    })
    return this.#answered(job, answer, { edit, isFailed: isFailure(error) })
  }

  async reply({ job, opened, reply }: ReplyStep): Promise<StepResults['reply']> {
    const edit = this.#edit(contactKey(customerOf(job.push)))
    if (edit?.state.epoch !== opened.conversation.epoch)
      return new HandlerError('late', 'The reply was dropped: a person has the conversation now.')
    return refusalOf(edit, job, reply)
  }

  /** Marks the push, with what the run decided beside its replies. */
  async finish({ job, opened, result, held, refused, tags, answeredBy }: FinishStep): Promise<Answer> {
    const { marks, states } = this.#opened
    const state = states.get(job.pushId)
    // This end was committed before, and the reply that said so was lost.
    if (state && state.state !== 'new') return state.answer ?? 'success'
    const edit = this.#edit(contactKey(customerOf(job.push)))
    let cause = refused
    // Where another has it now, what this run decided about it is void.
    const isOurs = edit?.state.epoch === opened.conversation.epoch
    if (edit && isOurs) {
      for (const reply of held) {
        const why = await refusalOf(edit, job, reply)
        cause ??= why
      }
      for (const tag of tags) edit.tag(tag)
    }
    if (cause !== undefined)
      this.#options.logger.warn({ err: cause, pushId: job.push.id }, 'a reply of a rule was refused')
    const error = result.error ?? (cause === undefined ? undefined : refusedReply(cause))
    if (edit && isOurs) this.#apply(job, edit, opened.received, { ...result, error, isLate: isTooLate(job) })
    // Who answers is written when an assistant has.
    if (result.assistant === undefined) marks.answeredBy(opened, job.pushId, answeredBy)
    marks.finished(job.pushId, result.answer, isFailure(error) ? 'failed' : 'handled')
    return result.answer
  }

  #apply(job: Job, edit: ConversationEdit, received: NewMessage | undefined, result: BotResult): void {
    const outcome = decideOutcome(result)
    if (outcome.kind === 'transferred') edit.transferred()
    if (outcome.kind === 'handoff') edit.handoff(outcome.reason)
    if (outcome.kind === 'assisted') {
      this.#wish(job, edit, received, outcome.assistant)
      // Whoever is given to people later has waited since they wrote.
      return
    }
    edit.settle()
  }

  #wish(job: Job, edit: ConversationEdit, received: NewMessage | undefined, assistant: string): void {
    const { payload } = job.push
    const { id: conversationId, epoch } = edit.state
    const { appId, openId } = edit.contact
    this.#wishes.push({
      assistant,
      conversationId,
      appId,
      openId,
      epoch,
      pushId: job.pushId,
      said: {
        msgType: payload.msgType,
        text: payload.msgType === 'text' ? payload.content : undefined,
      },
      received,
    })
    edit.tell()
  }

  #answered(
    job: Job,
    answer: Answer,
    { edit, isFailed = false }: { edit?: ConversationEdit; isFailed?: boolean } = {},
  ): StepResults['receive'] {
    this.#opened.marks.received(job, answer, isFailed ? 'failed' : 'handled')
    const seen = edit && { contact: edit.contact, conversation: edit.conversation }
    return { kind: 'answered', answer, seen }
  }

  #cutOff(job: Job, edit: ConversationEdit, attempts: number): StepResults['receive'] {
    this.#options.logger.error(
      { pushId: job.push.id, attempts },
      'every run of a push’s handlers was cut off; it is marked failed',
    )
    edit.handoffFor('handler_failed')
    return this.#answered(job, 'success', { isFailed: true })
  }

  #giveToCode(job: Job, edit: ConversationEdit, attempts: number): StepResults['receive'] {
    this.#withCode.add(contactKey(customerOf(job.push)))
    this.#opened.marks.begun(job)
    const opened = {
      contact: edit.contact,
      conversation: edit.state,
      attempt: attempts + 1,
      repliesLeft: edit.repliesLeft,
      received: edit.received,
    }
    return { kind: 'code', opened }
  }

  #edit(key: string): ConversationEdit | undefined {
    const before = this.#edits.get(key)
    const found = this.#opened.conversations.get(key)
    if (before || !found) return before
    const costs = this.#costs.get(found.conversation.id) ?? pending(found)
    const edit = new ConversationEdit(this.#opened.unit, found, this.#options.allowance, costs)
    this.#edits.set(key, edit)
    return edit
  }
}

/**
 * After a new message that comes at once only what is on its way counts. An entry leaves older ones counting, a message
 * that comes late those that left meanwhile, and a reply of handlers in code is checked against all.
 */
function needsCosts(step: Step, { conversation }: ContactAndConversation): boolean {
  if (step.kind === 'reply') return true
  if (step.kind === 'finish') return step.held.length > 0
  const { receivedAt, push } = step.job
  const { payload } = push
  const wasPutBack = receivedAt < lastSignAt(conversation)
  return payload.msgType === 'event' || cameLate(payload.createTime, receivedAt) || wasPutBack
}

/** Queues a reply of handlers in code; returns why it is not allowed. */
async function refusalOf(
  edit: ConversationEdit,
  job: Job,
  { place, author, message }: Reply,
): Promise<AllowanceError | undefined> {
  try {
    await edit.replyTo(job.pushId, place, author, message)
    return undefined
  } catch (error) {
    if (error instanceof AllowanceError) return error
    throw error
  }
}

/** Whether WeChat has been answered at another process, before it could be told of a transfer. */
function isTooLate({ isWaitedElsewhere = false, run }: Job): boolean {
  return isWaitedElsewhere && run.answered
}

/** After a customer's new message only what is still on its way counts. */
function pending(found: ContactAndConversation): OutgoingCost[] {
  return Array.from({ length: found.pending }, () => ({ state: 'queued', sentAt: null }))
}
