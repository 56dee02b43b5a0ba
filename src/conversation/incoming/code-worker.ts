import type { Bot, Handled, Sender } from '../../bot/index.js'
import { HandlerError } from '../../errors.js'
import type { Logger } from '../../log.js'
import { isDatabaseFault, type Store, type Tx } from '../../store/index.js'
import type { Answer, OutgoingMessage } from '../../wechat/index.js'
import type { AllowanceRules } from '../allowance.js'
import {
  contactKey,
  openConversations,
  spendingsOf,
  type ContactAndConversation,
} from '../conversation-rows.js'
import { conversingOf, type Conversing } from '../conversing.js'
import { AllowanceError, Draft } from '../draft.js'
import { concernsCustomer, failPush, LostShards, shardOfJob, type Job } from './handling.js'
import type { Shards } from '../shards.js'
import { botAnswers } from '../ownership.js'
import { UnitOfWork } from '../unit-of-work.js'
import { FIRST_PAUSE_MS, LONGEST_PAUSE_MS, type Worker } from './worker.js'

export interface CodeWorkerOptions {
  readonly store: Store
  readonly bot: Bot<Conversing>
  /** Shows "typing"; messages go through the outbox. */
  readonly senderOf: (appId: string) => Sender | undefined
  readonly allowance: AllowanceRules
  readonly shards: Pick<Shards, 'has' | 'hold'>
  readonly logger: Logger
  readonly now: () => number
  readonly wait: (milliseconds: number) => Promise<unknown>
  /** Told after each commit that queued a message. */
  readonly onHandled: () => void
}

/** How often handlers in code are run for one push, or its rows are refused, before it counts as failed. */
const ATTEMPTS = 3
/** A push's own line is found among so many: its handlers have a minute. */
const LAST_LINES = 100

/**
 * For bots with handlers in code, which may take long: each conversation's pushes one after the other, different
 * conversations at once. A run that a crash cuts off is made again (`ctx.attempt`), and what it had queued is not
 * queued twice.
 */
export class CodeWorker implements Worker {
  readonly #options: CodeWorkerOptions
  readonly #tails = new Map<string, Promise<unknown>>()
  #size = 0
  #stopped = false
  #idle: (() => void)[] = []

  constructor(options: CodeWorkerOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#size
  }

  add(job: Job): Promise<Answer> {
    this.#size++
    const key = contactKey(job.push.appId, job.push.openId)
    const work = (this.#tails.get(key) ?? Promise.resolve()).then(() => this.#until(job))
    this.#tails.set(key, work)
    return work.finally(() => {
      this.#size--
      if (this.#tails.get(key) === work) this.#tails.delete(key)
      if (this.#size === 0) for (const resolve of this.#idle.splice(0)) resolve()
    })
  }

  async stop(milliseconds: number): Promise<void> {
    this.#stopped = true
    const idle = this.#size === 0 ? undefined : new Promise<void>((resolve) => this.#idle.push(resolve))
    await Promise.race([idle, this.#options.wait(milliseconds)])
  }

  /** Handles one push, however often that needs to be tried; never ends when the process stops before it starts. */
  async #until(job: Job): Promise<Answer> {
    let refusals = 0
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      if (this.#stopped) return new Promise<never>(() => undefined)
      // Another process has it now.
      if (!this.#options.shards.has(shardOfJob(job))) return 'success'
      try {
        const answer = await this.#attempt(job)
        if (answer !== undefined) return answer
      } catch (error) {
        if (error instanceof LostShards) return 'success'
        this.#options.logger.error(
          { err: error, pause, pushId: job.push.id },
          'a push could not be handled; it is tried again',
        )
        if (!isDatabaseFault(error) && ++refusals >= ATTEMPTS && (await this.#giveUp(job))) return 'success'
      }
      await this.#options.wait(pause)
    }
  }

  /** Marks a push as failed; false when that can't be committed either. */
  async #giveUp(job: Job): Promise<boolean> {
    try {
      await failPush(job, this.#options)
    } catch {
      return false
    }
    this.#options.logger.error({ pushId: job.push.id }, 'a push could not be handled and is marked failed')
    return true
  }

  /** One run of the handlers; undefined when there is to be another. */
  async #attempt(job: Job): Promise<Answer | undefined> {
    const opened = await this.#open(job)
    if (opened && 'done' in opened) return opened.done
    // Each run so far was cut off, perhaps by what the handler does to the process.
    if (opened && opened.attempt > ATTEMPTS) {
      this.#options.logger.error(
        { pushId: job.push.id, attempt: opened.attempt },
        'every run of a push’s handlers was cut off; it is marked failed',
      )
      await failPush(job, this.#options)
      return 'success'
    }
    if (!opened || !botAnswers(opened.found.conversation.status)) return this.#finish(job, opened, undefined)
    const { push, run } = job
    const session = new Session(this.#options, job, opened.found)
    const handled = await this.#options.bot.handle(push, {
      sender: session,
      run,
      attempt: opened.attempt,
      extension: conversingOf(session),
    })
    if (handled.error && !isFinal(handled.error) && opened.attempt < ATTEMPTS) {
      this.#options.logger.warn(
        { pushId: push.id, attempt: opened.attempt, code: handled.error.code },
        handled.error.message,
      )
      return undefined
    }
    return this.#finish(job, opened, { handled, session })
  }

  /** Notes the attempt, and, with the first one, the message; `done` with its answer when it was handled before. */
  async #open(
    job: Job,
  ): Promise<{ found: ContactAndConversation; attempt: number } | { done: Answer } | undefined> {
    const { store, now, allowance } = this.#options
    if (!concernsCustomer(job.push)) return undefined
    return store.db.transaction().execute(async (tx) => {
      await this.#hold(tx, job)
      const { attempts, state, answer } = await tx
        .updateTable('push')
        .set((eb) => ({ attempts: eb('attempts', '+', 1) }))
        .where('id', '=', job.pushId)
        .returning(['attempts', 'state', 'answer'])
        .executeTakeFirstOrThrow()
      // An earlier run's end was committed, and the word of it was lost.
      if (state !== 'new') return { done: answer ?? 'success' }
      const unit = new UnitOfWork(tx, store.dialect, now())
      const { appId, openId } = job.push
      const conversations = await openConversations(tx, store.dialect, [{ appId, openId }], unit.now)
      let found = conversations.get(contactKey(appId, openId))
      if (!found) throw new Error('The conversation was neither made nor found.')
      if (attempts === 1) {
        const draft = new Draft(unit, found, allowance, async () => [])
        draft.receive(job.push, job.pushId, job.receivedAt)
        await unit.flush()
        found = { ...found, contact: draft.contact, conversation: draft.state }
      }
      return { found, attempt: attempts }
    })
  }

  async #hold(tx: Tx, job: Job): Promise<void> {
    if (!(await this.#options.shards.hold(tx, [shardOfJob(job)]))) throw new LostShards()
  }

  /** Marks the push, with what the run decided beside its replies. */
  async #finish(
    job: Job,
    opened: { found: ContactAndConversation } | undefined,
    outcome: { handled: Handled; session: Session } | undefined,
  ): Promise<Answer> {
    const { store, now, allowance } = this.#options
    const answer = outcome?.handled.answer ?? 'success'
    const { error } = outcome?.handled ?? {}
    // With the bot's share used up the rest is for people, as after rules.
    const failed = error !== undefined && !(error.cause instanceof AllowanceError)
    await store.db.transaction().execute(async (tx) => {
      await this.#hold(tx, job)
      const unit = new UnitOfWork(tx, store.dialect, now())
      if (opened && outcome) {
        const { appId, openId } = opened.found.contact
        const current = await openConversations(tx, store.dialect, [{ appId, openId }], unit.now)
        const found = current.get(contactKey(appId, openId))
        // Another has it now: what this run decided about it is void.
        if (found?.conversation.epoch === opened.found.conversation.epoch) {
          const draft = new Draft(unit, found, allowance, () => spendingsOf(tx, found.conversation.id))
          outcome.session.decide(draft, job, outcome.handled)
          await unit.flush()
          const rows = draft.newTags.map((tag) => ({ contact_id: found.contact.id, tag }))
          if (rows.length > 0)
            await tx
              .insertInto('contact_tag')
              .values(rows)
              .onConflict((oc) => oc.doNothing())
              .execute()
        }
      }
      if (opened && outcome) await noteAnswer(tx, opened.found.conversation.id, job, outcome)
      await tx
        .updateTable('push')
        .set({ state: failed ? 'failed' : 'handled', answer })
        .where('id', '=', job.pushId)
        .execute()
    })
    this.#options.onHandled()
    return answer
  }
}

/** Keeps who answered beside what was asked, which is among the conversation's last lines. */
async function noteAnswer(
  tx: Tx,
  conversationId: number,
  { pushId }: Job,
  { handled, session }: { handled: Handled; session: Session },
): Promise<void> {
  const answeredBy = session.answeredBy(handled)
  const asked = await tx
    .selectFrom('message')
    .select(['id', 'push_id', 'direction'])
    .where('conversation_id', '=', conversationId)
    .orderBy('id', 'desc')
    .limit(LAST_LINES)
    .execute()
  const found = asked.findLast((line) => line.push_id === pushId && line.direction !== 'outgoing')
  if (found)
    await tx.updateTable('message').set({ answered_by: answeredBy }).where('id', '=', found.id).execute()
}

/** Whether another run could not end otherwise: WeChat's allowance is used up, or the answer came too late. */
function isFinal(error: HandlerError): boolean {
  return error.cause instanceof AllowanceError || error.code === 'late' || error.code === 'misuse'
}

/** Why people get a conversation whose handlers failed. */
export function reasonOf(error: HandlerError): string {
  if (error.cause instanceof AllowanceError) return 'allowance'
  return error.code === 'late' ? 'transfer_late' : 'handler_failed'
}

/** What a run of handlers in code holds: replies are queued at once, the rest is decided when it ends. */
class Session implements Sender, Conversing {
  readonly contact: Conversing['contact']
  readonly #options: CodeWorkerOptions
  readonly #job: Job
  readonly #found: ContactAndConversation
  #place = 0
  #tail: Promise<void> = Promise.resolve()
  #author: `rule:${string}` | 'bot' = 'bot'
  #handoff: string | undefined
  #answered = false
  readonly #tags: string[] = []

  constructor(options: CodeWorkerOptions, job: Job, found: ContactAndConversation) {
    this.#options = options
    this.#job = job
    this.#found = found
    this.contact = found.contact
  }

  get conversation(): Conversing['conversation'] {
    return this.#found.conversation
  }

  /** Queues replies in the order in which they were asked for, also where a handler awaits none of them. */
  async send(_openId: string, message: OutgoingMessage): Promise<void> {
    const place = this.#place++
    const work = this.#tail.then(() => this.#queue(place, message))
    this.#tail = work.catch(() => undefined)
    return work
  }

  async #queue(place: number, message: OutgoingMessage): Promise<void> {
    const { store, now, allowance, shards } = this.#options
    const { appId, openId } = this.#found.contact
    await store.db.transaction().execute(async (tx) => {
      if (!(await shards.hold(tx, [shardOfJob(this.#job)]))) throw new LostShards()
      const unit = new UnitOfWork(tx, store.dialect, now())
      const current = await openConversations(tx, store.dialect, [{ appId, openId }], unit.now)
      const found = current.get(contactKey(appId, openId))
      if (found?.conversation.epoch !== this.#found.conversation.epoch)
        throw new HandlerError('late', 'The reply was dropped: a person has the conversation now.')
      const draft = new Draft(unit, found, allowance, () => spendingsOf(tx, found.conversation.id))
      if (!(await draft.replyTo(this.#job.pushId, place, this.#author, message))) return
      await unit.flush()
    })
    this.#answered = true
    this.#options.onHandled()
  }

  async setTyping(openId: string, on: boolean): Promise<void> {
    await this.#options.senderOf(this.#found.contact.appId)?.setTyping(openId, on)
  }

  handoff(reason: string): void {
    this.#handoff = reason
  }

  tag(name: string): void {
    this.#tags.push(name)
  }

  stayedSilent(): void {
    this.#answered = true
  }

  answersAs(author: `rule:${string}`): void {
    this.#author = author
  }

  /** Who answered, as it is kept beside what was asked. */
  answeredBy({ answer, error }: Handled): string {
    if (this.#author !== 'bot') return this.#author
    const decided = this.#answered || this.#handoff !== undefined || answer === 'transfer' || error
    return decided ? 'bot' : 'nobody'
  }

  /** Carries over what the run decided, and what follows where it decided nothing. */
  decide(draft: Draft, job: Job, { answer, error }: Handled): void {
    for (const tag of this.#tags) draft.tag(tag)
    if (answer === 'transfer') draft.transferred(job.run.answered)
    else if (this.#handoff !== undefined) draft.handoff(this.#handoff)
    else if (error) draft.handoff(error.cause instanceof AllowanceError ? 'allowance' : 'handler_failed')
    else if (!this.#answered && job.push.payload.msgType !== 'event') draft.handoff('unanswered')
    draft.settle()
  }
}
