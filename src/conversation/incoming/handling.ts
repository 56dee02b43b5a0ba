import type { Bot, Run } from '../../bot/index.js'
import { HandlerError } from '../../errors.js'
import type { Logger } from '../../log.js'
import { bulkStatement, shardOf, type Store, type Tx } from '../../store/index.js'
import type { Answer, Push } from '../../wechat/index.js'
import { cameLate, type AllowanceRules, type Spending } from '../allowance.js'
import {
  contactKey,
  openConversations,
  spendingsOfEach,
  type ContactAndConversation,
  type Sighting,
} from '../conversation-rows.js'
import { conversingOf, type Conversing } from '../conversing.js'
import { AllowanceError, Draft } from '../draft.js'
import { botAnswers } from '../ownership.js'
import type { Shards } from '../shards.js'
import { UnitOfWork } from '../unit-of-work.js'

/** A push to be handled. */
export interface Job {
  readonly pushId: number
  readonly push: Push
  /** When it reached us, in milliseconds. */
  readonly receivedAt: number
  /** Shared with whoever answers WeChat; `answered` from the start when nobody waits any more. */
  readonly run: Run
}

export interface HandlingOptions {
  readonly store: Store
  /** Answers by itself, without anything to wait for: rules. */
  readonly bot: Bot<Conversing>
  readonly allowance: AllowanceRules
  readonly shards: Pick<Shards, 'hold'>
  readonly logger: Logger
  readonly now: () => number
}

/**
 * Handles pushes, many in one transaction: the message is written, the rules answer, replies are queued, the
 * push is marked. All of it or nothing, so each push is handled exactly once.
 */
export class Handling {
  readonly #options: HandlingOptions

  constructor(options: HandlingOptions) {
    this.#options = options
  }

  /** Handles the jobs in their order and gives their answers, after the commit. */
  async run(jobs: readonly Job[]): Promise<Answer[]> {
    try {
      return await this.#handle(jobs)
    } catch (error) {
      // One alone is known to be done; of several the others are to be handled, one by one.
      if (error instanceof HandledBefore && jobs.length === 1) return [error.answer]
      throw error
    }
  }

  async #handle(jobs: readonly Job[]): Promise<Answer[]> {
    const { store, now } = this.#options
    return store.db.transaction().execute(async (tx) => {
      if (!(await this.#options.shards.hold(tx, jobs.map(shardOfJob)))) throw new LostShards()
      const unit = new UnitOfWork(tx, store.dialect, now())
      const conversations = await openConversations(tx, store.dialect, sightings(jobs), unit.now)
      const spent = await this.#spent(tx, jobs, conversations)
      const drafts = new Map<string, Draft>()
      const answers: Answer[] = []
      for (const job of jobs) {
        const key = contactKey(job.push.appId, job.push.openId)
        const found = conversations.get(key)
        if (!found || !concernsCustomer(job.push)) {
          answers.push('success')
          continue
        }
        let draft = drafts.get(key)
        if (!draft) {
          const spendings = spent.get(found.conversation.id) ?? pending(found)
          draft = new Draft(unit, found, this.#options.allowance, async () => spendings)
          drafts.set(key, draft)
        }
        draft.receive(job.push, job.pushId, job.receivedAt)
        answers.push(await this.#answer(job, draft))
      }
      await unit.flush()
      await this.#tag(tx, drafts.values())
      await this.#mark(tx, jobs, answers)
      return answers
    })
  }

  /**
   * What was sent before in the conversations in which it may still count: after a new message that comes at once
   * only what is on its way does, but an entry leaves older ones counting, and a message that comes late those that
   * left meanwhile.
   */
  async #spent(
    tx: Tx,
    jobs: readonly Job[],
    conversations: ReadonlyMap<string, ContactAndConversation>,
  ): Promise<Map<number, Spending[]>> {
    const ids = new Set<number>()
    for (const { push, receivedAt } of jobs) {
      const { payload } = push
      const found = conversations.get(contactKey(push.appId, push.openId))
      if (found && (payload.msgType === 'event' || cameLate(payload.createTime, receivedAt)))
        ids.add(found.conversation.id)
    }
    return spendingsOfEach(tx, this.#options.store.dialect, [...ids])
  }

  /** Marks a push that can't be handled, and gives its customer to people where they are known. */
  fail(job: Job): Promise<void> {
    return failPush(job, this.#options)
  }

  async #answer(job: Job, draft: Draft): Promise<Answer> {
    if (!botAnswers(draft.conversation.status)) return 'success'
    const { push, run } = job
    const extension = conversingOf(draft)
    const { answer, error } = await this.#options.bot.handle(push, { sender: draft, run, extension })
    const { cause } = error ?? {}
    if (error) this.#options.logger.warn({ pushId: push.id, code: error.code }, error.message)
    if (cause instanceof AllowanceError) draft.handoff('allowance')
    else if (error instanceof HandlerError)
      draft.handoff(error.code === 'late' ? 'transfer_late' : 'handler_failed')
    else if (answer === 'transfer') draft.transferred(run.answered)
    else if (!draft.answered && push.payload.msgType !== 'event') draft.handoff('unanswered')
    draft.settle()
    return answer
  }

  async #tag(tx: Tx, drafts: Iterable<Draft>): Promise<void> {
    const rows = [...drafts].flatMap((draft) =>
      draft.newTags.map((tag) => ({ contact_id: draft.contact.id, tag })),
    )
    if (rows.length === 0) return
    await tx
      .insertInto('contact_tag')
      .values(rows)
      .onConflict((oc) => oc.doNothing())
      .execute()
  }

  async #mark(tx: Tx, jobs: readonly Job[], answers: readonly Answer[]): Promise<void> {
    const { dialect } = this.#options.store
    let marked = 0
    for (const answer of new Set(answers)) {
      const rows = jobs.filter((_, i) => answers[i] === answer).map(({ pushId }) => ({ id: pushId }))
      marked += (await markHandled(tx, dialect, rows, answer)).affected
    }
    if (marked === jobs.length) return
    const ids = jobs.map((job) => job.pushId)
    const before = await tx
      .selectFrom('push')
      .select('answer')
      .where('id', 'in', ids)
      .where('state', '!=', 'new')
      .executeTakeFirst()
    throw new HandledBefore(before?.answer ?? 'success')
  }
}

const markHandled = bulkStatement(
  { id: 'bigint' },
  ({
    rows,
    value,
  }) => `update push set state = 'handled', answer = ${value(1, 'text')}, attempts = attempts + 1
    where id in (select id from ${rows}) and state = 'new'`,
)

/** An earlier run was committed, and the word of it was lost: this one is rolled back. */
class HandledBefore extends Error {
  readonly answer: Answer

  constructor(answer: Answer) {
    super('The push was handled before.')
    this.answer = answer
  }
}

/** Marks a push that can't be handled, and gives its customer to people where they are known. */
export async function failPush(
  job: Job,
  { store, shards, now, allowance }: Pick<HandlingOptions, 'store' | 'shards' | 'now' | 'allowance'>,
): Promise<void> {
  await store.db.transaction().execute(async (tx) => {
    if (!(await shards.hold(tx, [shardOfJob(job)]))) throw new LostShards()
    const { numUpdatedRows } = await tx
      .updateTable('push')
      .set((eb) => ({ state: 'failed', answer: 'success', attempts: eb('attempts', '+', 1) }))
      .where('id', '=', job.pushId)
      .where('state', '=', 'new')
      .executeTakeFirst()
    if (numUpdatedRows === 0n || !concernsCustomer(job.push)) return
    const unit = new UnitOfWork(tx, store.dialect, now())
    const conversations = await openConversations(tx, store.dialect, sightings([job]), unit.now)
    for (const found of conversations.values()) {
      const draft = new Draft(unit, found, allowance, async () => [])
      draft.sign(job.push, job.receivedAt)
      draft.handoff('handler_failed')
    }
    await unit.flush()
  })
}

/** Another process has this work now: nothing was committed, and nothing is to be tried again here. */
export class LostShards extends Error {}

export function shardOfJob(job: Job): number {
  return shardOf(job.push.appId, job.push.openId)
}

/** Events of other services come to the same URL; they are kept and make no conversation. */
export function concernsCustomer(push: Push): boolean {
  const { payload } = push
  return push.openId !== '' && (payload.msgType !== 'event' || payload.event === 'user_enter_tempsession')
}

/** After a customer's new message only what is still on its way counts. */
function pending(found: ContactAndConversation): Spending[] {
  return Array.from({ length: found.pending }, () => ({ state: 'queued', sentAt: null }))
}

/** One sighting per customer. */
function sightings(jobs: readonly Job[]): Sighting[] {
  const byContact = new Map<string, Sighting>()
  for (const { push } of jobs)
    if (concernsCustomer(push))
      byContact.set(contactKey(push.appId, push.openId), { appId: push.appId, openId: push.openId })
  return [...byContact.values()]
}
