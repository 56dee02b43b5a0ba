import type { Logger } from '../../log.js'
import { isDatabaseFault } from '../../store/index.js'
import type { Answer } from '../../wechat/index.js'
import type { Shards } from '../shards.js'
import type { CodeStage } from './code-stage.js'
import { LostShards, type Job } from './job.js'
import type { PushHandler } from './push-handler.js'
import {
  isLater,
  refusedResult,
  type ResultOf,
  type Step,
  type StepResult,
  type StepResults,
} from './step.js'
import { StepQueue, type Waiting } from './step-queue.js'
import { FIRST_PAUSE_MS, LONGEST_PAUSE_MS, type Worker } from './worker.js'

export interface BatchWorkerOptions {
  readonly handling: Pick<PushHandler, 'handle' | 'fail'>
  /** Runs handlers in code, for what `handling` leaves to them. */
  readonly code?: Pick<CodeStage, 'run' | 'observe'> | undefined
  readonly shards: Pick<Shards, 'has'>
  readonly logger: Logger
  readonly wait: (milliseconds: number) => Promise<unknown>
  /** Called after each commit, which may have queued messages. */
  readonly onHandled: () => void
  /** Whether pushes are being committed now, so that a pause without new ones is none. */
  readonly arriving?: () => boolean
  /** How many steps are done in one transaction at most; 500 when not given: some 50 ms that pushes may wait. */
  readonly batch?: number
}

/** How often a step is tried by itself before it counts as failed. */
const ATTEMPTS = 3
/** Pushes that nobody waits for are handled at once while they are so few, */
const FEW = 8
/** else when so long no other has come, */
const QUIET_MS = 10
/** or when they have waited so long: as long as WeChat itself waits for an answer. */
const LONGEST_WAIT_MS = 5000

/**
 * Has pushes handled in one transaction after the other, all that wait in each. Answers to WeChat come first: while
 * pushes keep coming, those that are answered already wait for a while. While handlers in code have a push, the later
 * ones of its conversation wait for them; those of other conversations go on.
 */
export class BatchWorker implements Worker {
  readonly #options: BatchWorkerOptions
  readonly #batch: number
  readonly #queue: StepQueue
  /** How many runs of handlers in code are under way. */
  #runs = 0
  /** How many pushes were taken over and are not handled. */
  #size = 0
  /** How many steps were ever added. */
  #added = 0
  /** How many those were when a pause was last found: until another comes, it lasts. */
  #pausedAt = -1
  #running: Promise<void> | undefined
  /** No push is begun any more. */
  #isStopped = false
  /** Nothing is done any more. */
  #isEnded = false
  #onIdle = (): void => undefined

  constructor(options: BatchWorkerOptions) {
    this.#options = options
    this.#batch = options.batch ?? 500
    this.#queue = new StepQueue(options.shards)
  }

  get size(): number {
    return this.#size
  }

  add(job: Job): Promise<Answer> {
    this.#size++
    return new Promise((resolve) => {
      const answered = (answer: Answer): void => {
        this.#size--
        resolve(answer)
      }
      this.#put({ kind: 'receive', job }, !job.run.answered, false, (result) => {
        this.#received(job, result as StepResults['receive'], answered)
      })
    })
  }

  #put(step: Step, isUrgent: boolean, isCodes: boolean, resolve: Waiting['resolve']): void {
    this.#queue.add({ step, isUrgent, isCodes, since: performance.now(), resolve })
    this.#added++
    this.#start()
  }

  /** Does a step of handlers in code. */
  readonly #submit = <S extends Step>(step: S): Promise<ResultOf<S>> =>
    new Promise((resolve) => {
      this.#put(step, true, true, resolve as Waiting['resolve'])
    })

  #received(job: Job, received: StepResults['receive'], answered: (answer: Answer) => void): void {
    const { code } = this.#options
    if (received.kind === 'answered') {
      if (received.seen) code?.observe(job, received.seen)
      answered(received.answer)
    } else if (received.kind === 'code' && code) {
      if (received.opened.attempt === 1) code.observe(job, received.opened)
      void this.#runCode(code, job, received.opened, answered)
    }
  }

  async #runCode(
    code: Pick<CodeStage, 'run'>,
    job: Job,
    opened: Parameters<CodeStage['run']>[1],
    answered: (answer: Answer) => void,
  ): Promise<void> {
    this.#queue.hold(job)
    this.#runs++
    const ended = await code.run(job, opened, this.#submit, () => this.#isStopped)
    if (typeof ended === 'object') {
      // Nobody waits for what was decided already.
      const isUrgent = ended.result.answer !== 'success' && !job.run.answered
      const resolve = (result: StepResult): void => {
        answered(result as Answer)
        this.#ended()
      }
      this.#queue.release(job, { step: ended, isUrgent, isCodes: true, since: performance.now(), resolve })
    } else {
      if (ended !== undefined) answered(ended)
      this.#queue.release(job)
      this.#ended()
    }
    this.#start()
  }

  #ended(): void {
    if (--this.#runs === 0) this.#onIdle()
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      // A step may have come between the last look and here.
      if (this.#hasWork()) this.#start()
    })
  }

  #hasWork(): boolean {
    if (this.#isEnded) return false
    return this.#isStopped ? this.#queue.hasCodes : this.#queue.length > 0
  }

  /** Begins no push any more. Handlers in code that run may end. */
  async stop(milliseconds: number): Promise<void> {
    this.#isStopped = true
    const idle = this.#runs === 0 ? undefined : new Promise<void>((resolve) => (this.#onIdle = resolve))
    await Promise.race([Promise.all([idle, this.#running]), this.#options.wait(milliseconds)])
    this.#isEnded = true
  }

  async #run(): Promise<void> {
    let pause = FIRST_PAUSE_MS
    let most = this.#batch
    let failures = 0
    while (this.#hasWork()) {
      await this.#turn()
      const batch = this.#queue.next(most, this.#isStopped)
      if (batch.length === 0) return
      try {
        const results = await this.#options.handling.handle(batch.map(({ step }) => step))
        this.#settle(batch, results)
        pause = FIRST_PAUSE_MS
        failures = 0
        most = Math.min(most * 2, this.#batch)
      } catch (error) {
        if (error instanceof LostShards) {
          this.#tryAgain(batch)
          await this.#options.wait(FIRST_PAUSE_MS)
          continue
        }
        this.#options.logger.error(
          { err: error, pause, pushes: batch.length },
          'pushes could not be handled; they wait and are tried again',
        )
        // Each by itself from here, so that one which can't be handled holds up only itself, and not for ever.
        most = 1
        const [alone] = batch.length === 1 ? batch : []
        failures = alone && !isDatabaseFault(error) ? failures + 1 : 0
        if (alone && failures >= ATTEMPTS && (await this.#giveUp(alone, error))) failures = 0
        else {
          this.#tryAgain(batch)
          await this.#options.wait(pause)
          pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
        }
      }
    }
  }

  #tryAgain(batch: readonly Waiting[]): void {
    this.#queue.putBack(batch.map((each) => ({ ...each, step: { ...each.step, isRetry: true } })))
  }

  /** Waits for the time to handle something: the turn's other pushes share the transaction. */
  async #turn(): Promise<void> {
    await new Promise(setImmediate)
    while (!this.#queue.hasUrgent && this.#queue.length > FEW && !this.#isStopped) {
      const { oldest } = this.#queue
      if (!oldest || performance.now() - oldest.since > LONGEST_WAIT_MS) return
      const before = this.#added
      if (before !== this.#pausedAt) await this.#options.wait(QUIET_MS)
      if (this.#added === before && this.#options.arriving?.() !== true) {
        this.#pausedAt = before
        return
      }
      this.#pausedAt = -1
    }
  }

  #settle(batch: readonly Waiting[], results: readonly StepResult[]): void {
    batch.forEach((each, i) => {
      const result = results[i]
      if (isLater(result)) this.#queue.holdBack(each)
      else each.resolve(result)
    })
    this.#options.onHandled()
  }

  /** Ends a step that can't be done; false when that can't be committed either, so that it is the database that fails. */
  async #giveUp({ step, resolve }: Waiting, error: unknown): Promise<boolean> {
    if (step.kind !== 'reply') {
      try {
        await this.#options.handling.fail(step.job)
      } catch {
        return false
      }
      this.#options.logger.error(
        { pushId: step.job.push.id },
        'a push could not be handled and is marked failed',
      )
    }
    resolve(refusedResult(step, error))
    this.#options.onHandled()
    return true
  }
}
