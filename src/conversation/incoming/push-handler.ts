import type { Bot } from '../../bot/index.js'
import type { Logger } from '../../log.js'
import type { Store, Tx } from '../../store/index.js'
import type { Answer } from '../../wechat/index.js'
import type { AllowanceRules } from '../allowance.js'
import type { ConversationActions } from '../conversation-context.js'
import { ConversationEdit } from '../conversation-edit.js'
import { contactKey, openConversations } from '../conversation-rows.js'
import type { Customer } from '../customer-key.js'
import type { Shards } from '../shards.js'
import { openTurns } from '../turns/open-turns.js'
import { UnitOfWork } from '../unit-of-work.js'
import { concernsCustomer, customerOf } from './customer.js'
import { LostShards, shardOfJob, type Job } from './job.js'
import { HandledBefore, PushMarks, pushStates } from './push-marks.js'
import { PushTransaction, type CodeFilter } from './push-transaction.js'
import type { Step, StepResult, StepResults } from './step.js'
import { noteWithdrawals } from './withdrawals.js'

export interface PushHandlerOptions {
  readonly store: Store
  /** Answers by itself, without anything to wait for: rules. */
  readonly bot: Bot<ConversationActions>
  /** Which pushes go to handlers in code; none when not given. */
  readonly code?: CodeFilter | undefined
  readonly allowance: AllowanceRules
  readonly shards: Pick<Shards, 'hold'>
  readonly logger: Logger
  readonly now: () => number
  /** Called after each commit that left something to an assistant. */
  readonly onTurns?: (() => void) | undefined
}

/**
 * Handles pushes, many in one transaction: the message is written, the rules answer, replies are queued, the
 * push is marked. All of it or nothing, so each push is handled exactly once. What handlers in code are to take is
 * written and left to them; their replies and their end come as steps of later transactions.
 */
export class PushHandler {
  readonly #options: PushHandlerOptions

  constructor(options: PushHandlerOptions) {
    this.#options = options
  }

  /** Does the steps in their order and gives their results, after the commit. */
  async handle(steps: readonly Step[]): Promise<StepResult[]> {
    try {
      return await this.#handle(steps)
    } catch (error) {
      // One alone is known to be done; of several the others are to be handled, one by one.
      if (error instanceof HandledBefore && steps.length === 1)
        return [{ kind: 'answered', answer: error.answer, seen: undefined }]
      throw error
    }
  }

  async #handle(steps: readonly Step[]): Promise<StepResult[]> {
    const { store, now, shards, bot, code, allowance, logger } = this.#options
    const { dialect } = store
    const { results, isLeft } = await store.db.transaction().execute(async (tx) => {
      const jobs = steps.map(({ job }) => job)
      if (!(await shards.hold(tx, jobs.map(shardOfJob)))) throw new LostShards()
      const unit = new UnitOfWork(tx, dialect, now())
      const conversations = await openConversations(tx, dialect, customersOf(jobs), unit.now)
      const states = await pushStates(tx, dialect, mayBeBegun(steps))
      const marks = new PushMarks()
      const transaction = await PushTransaction.open(
        { bot, code, allowance, logger },
        { tx, dialect, unit, conversations, marks, states },
        steps,
      )
      const results: StepResult[] = []
      for (const step of steps) results.push(await doStep(transaction, step))
      await unit.flush()
      await noteWithdrawals(tx, marks.done)
      await writeTags(tx, transaction.edits)
      await openTurns(tx, transaction.wishes, unit.now)
      await marks.write(tx, dialect)
      return { results, isLeft: transaction.wishes.length > 0 }
    })
    if (isLeft) this.#options.onTurns?.()
    return results
  }

  /** Marks a push that can't be handled, and gives its customer to people where they are known. */
  async fail(job: Job): Promise<void> {
    const { store, shards, now, allowance } = this.#options
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
      const conversations = await openConversations(tx, store.dialect, customersOf([job]), unit.now)
      for (const found of conversations.values()) {
        const edit = new ConversationEdit(unit, found, allowance, [])
        edit.sign(job.push, job.receivedAt)
        edit.handoffFor('handler_failed')
      }
      await unit.flush()
    })
  }
}

/** Handles pushes for which no handler in code is asked, and gives their answers. */
export async function answersOf(
  handler: Pick<PushHandler, 'handle'>,
  jobs: readonly Job[],
): Promise<Answer[]> {
  const results = await handler.handle(jobs.map((job) => ({ kind: 'receive', job })))
  return (results as StepResults['receive'][]).map((result) =>
    result.kind === 'answered' ? result.answer : 'success',
  )
}

/** The pushes that an earlier transaction may have had. */
function mayBeBegun(steps: readonly Step[]): number[] {
  return steps
    .filter(({ kind, job, isRetry = false }) => isRetry || (kind === 'receive' && (job.attempts ?? 0) > 0))
    .map(({ job }) => job.pushId)
}

async function doStep(transaction: PushTransaction, step: Step): Promise<StepResult> {
  switch (step.kind) {
    case 'receive':
      return transaction.receive(step.job)
    case 'reply':
      return transaction.reply(step)
    case 'finish':
      return transaction.finish(step)
  }
}

async function writeTags(tx: Tx, edits: Iterable<ConversationEdit>): Promise<void> {
  const rows = [...edits].flatMap((edit) => edit.newTags.map((tag) => ({ contact_id: edit.contact.id, tag })))
  if (rows.length === 0) return
  await tx
    .insertInto('contact_tag')
    .values(rows)
    .onConflict((oc) => oc.doNothing())
    .execute()
}

/** Each customer once. */
function customersOf(jobs: readonly Job[]): Customer[] {
  const byContact = new Map<string, Customer>()
  for (const { push } of jobs)
    if (concernsCustomer(push)) byContact.set(contactKey(customerOf(push)), customerOf(push))
  return [...byContact.values()]
}
