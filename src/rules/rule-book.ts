import { inputProblem, type InputProblem } from '../http/schemas/plain-input.js'
import { ConfigError, KefuError } from '../errors.js'
import { ruleIssue } from '../protocol/rule-problems.js'
import type { Logger } from '../log.js'
import { compileRules, compilingRules, type CompiledRules } from './compile.js'
import { explaining, type Explanation } from './explain.js'
import { MAX_PROGRAM_SUM } from './expression-check.js'
import type { Facts } from './facts.js'
import { checkingRules, type Checked } from './rule-check.js'
import { problemAt, problemsText, rulesRefusal, type Problem } from './rule-problem.js'
import type { RuleSet } from './rule-set.js'
import type { RepliesAllowed } from './rule-warning.js'
import { inSlices, MESSAGE_STEPS, nextTurn, Steps, type Slice } from './steps.js'
import { BackgroundLoop, type Store, type Tx } from '../store/index.js'
import { hold, readSchedules, readText, versionOf, writeRules, writeSchedules } from './rule-rows.js'

export interface RuleBookOptions {
  readonly store: Store
  readonly allowed: RepliesAllowed
  readonly logger: Logger
  /** Lets everything else go first, between two slices of work. */
  readonly pause?: () => Promise<unknown>
}

/** More is asked at once than is looked at. */
export class BusyError extends KefuError {
  readonly code = 'unavailable'
}

/** The rules are others than those that were to be replaced; nothing was changed. */
export class RulesChangedError extends KefuError {
  readonly code = 'conflict'
}

/** How often the rules are read again, should a word of their change have been missed. */
const REREAD_MS = 30_000
/** Trials of rules that wait or run; more are sent away. */
const EXPLAINED_AT_ONCE = 20

/** The rules of the database, compiled, and replaced while the service runs. */
export class RuleBook {
  readonly #options: RuleBookOptions
  #set: RuleSet = { rules: [] }
  #compiled: CompiledRules = compileRules({ rules: [] })
  #text = ''
  #schedules = '[]'
  #programSum = 0
  #isBroken = false
  #reading: Promise<void> = Promise.resolve()
  #explained: Promise<unknown> = Promise.resolve()
  #explaining = 0
  readonly #slice: Slice = { used: 0 }
  readonly #pause: () => Promise<unknown>
  readonly #loop: BackgroundLoop
  #end = (): void => undefined

  constructor(options: RuleBookOptions) {
    this.#options = options
    this.#pause = options.pause ?? nextTurn
    this.#loop = new BackgroundLoop({
      pass: () => this.#reread().then(() => undefined),
      everyMs: REREAD_MS,
      onError: (err) => {
        options.logger.warn({ err }, 'the rules could not be read again; they stay as they were')
      },
    })
  }

  /** The rules that the middleware asks for each push. */
  get compiled(): CompiledRules {
    return this.#compiled
  }

  get set(): RuleSet {
    return this.#set
  }

  /** How many instructions all expressions have together; of rules that were saved before there was a bound, more than it. */
  get programSum(): number {
    return this.#programSum
  }

  /** Whether those in the database can't work, so that these are older ones, or none. */
  get isBroken(): boolean {
    return this.#isBroken
  }

  /** The version: equal rules have equal ones. */
  get version(): string {
    return versionOf(this.#text)
  }

  /** The same of the business hours alone. */
  get schedulesVersion(): string {
    return versionOf(this.#schedules)
  }

  /** Reads the rules and follows their changes, also those that other processes make. */
  async start(): Promise<void> {
    await this.#reread()
    this.#loop.start()
    this.#end = this.#options.store.signals.on('rules', () => {
      this.#loop.wake()
    })
  }

  async stop(): Promise<void> {
    this.#end()
    await this.#loop.stop()
    await this.#reading.catch(() => undefined)
  }

  /**
   * Puts these rules, parsed JSON, in the place of all others; gives what is doubtful about them. Throws ConfigError,
   * and RulesChangedError when those in the database are not of the version that was to be replaced.
   */
  async replace(value: unknown, expected?: string): Promise<readonly Problem[]> {
    const { db } = this.#options.store
    // Without business hours of their own they go with those that there are.
    const kept = isObject(value) && !('schedules' in value)
    const warnings = await this.#checkedThenWritten(
      async () => {
        const schedules = await readSchedules(db)
        return {
          read: schedules,
          value: kept ? { ...value, schedules: JSON.parse(schedules) as unknown } : value,
        }
      },
      async (tx, { rules, warnings }, read) => {
        if (expected !== undefined && versionOf(await readText(tx)) !== expected)
          throw new RulesChangedError('Somebody else has changed the rules since they were read.')
        if (kept && (await readSchedules(tx)) !== read) return undefined
        await writeRules(tx, rules)
        if (!kept) await writeSchedules(tx, rules.schedules ?? [])
        return warnings
      },
    )
    await this.#tell()
    return warnings
  }

  /** Returns the warnings about rules that are not saved, and go with the business hours that are. Throws as replace. */
  async check(rules: readonly unknown[]): Promise<readonly Problem[]> {
    const { warnings } = await this.#checked({ schedules: this.set.schedules ?? [], rules })
    return warnings
  }

  /** Puts these business hours in the place of all others. Throws as replace. */
  async replaceSchedules(schedules: readonly unknown[], expected?: string): Promise<void> {
    const { db } = this.#options.store
    await this.#checkedThenWritten(
      async () => {
        const read = await readText(db)
        return { read, value: { rules: JSON.parse(read) as unknown, schedules }, saved: true }
      },
      async (tx, { rules }, read) => {
        if (expected !== undefined && versionOf(await readSchedules(tx)) !== expected)
          throw new RulesChangedError('Somebody else has changed the business hours since they were read.')
        if ((await readText(tx)) !== read) return undefined
        await writeSchedules(tx, rules.schedules ?? [])
        return true
      },
    )
    await this.#tell()
  }

  /** Returns the rules' judgement of a message, found in slices; one after the other, since each may take long. */
  async explain(facts: Facts, value?: unknown): Promise<Explanation> {
    if (this.#explaining >= EXPLAINED_AT_ONCE)
      throw new BusyError('Too many rules are being tried at once. Try again in a moment.')
    this.#explaining++
    const explained = this.#explained
      .catch(() => undefined)
      .then(async () => {
        const compiled = value === undefined ? this.#compiled : await this.#madeOf(await this.#checked(value))
        const steps = new Steps(MESSAGE_STEPS, this.#slice)
        return inSlices(explaining(compiled, facts, steps), steps, this.#pause)
      })
      .finally(() => {
        this.#explaining--
      })
    this.#explained = explained
    return explained
  }

  /** Checks in slices, outside any transaction, and writes what was checked, if what it goes with is still the same. */
  async #checkedThenWritten<T>(
    read: () => Promise<{ read: string; value: unknown; saved?: boolean }>,
    write: (tx: Tx, checked: Fit, read: string) => Promise<T | undefined>,
  ): Promise<T> {
    for (;;) {
      const { read: before, value, saved } = await read()
      const checked = await this.#checked(value, saved)
      const done = await this.#options.store.db.transaction().execute(async (tx) => {
        await hold(tx)
        return write(tx, checked, before)
      })
      if (done !== undefined) return done
    }
  }

  async #checked(value: unknown, saved?: boolean): Promise<Fit> {
    const problem = inputProblem(value, Infinity)
    if (problem)
      throw new ConfigError(`The rules can’t work:\n${problem.field}: ${problem.message}`, {
        refusal: rulesRefusal([notStorable(problem)]),
      })
    const checked = await this.#check(value, saved)
    if (!checked.ok)
      throw new ConfigError(`The rules can’t work:\n${problemsText(checked.problems)}`, {
        refusal: rulesRefusal(checked.problems),
      })
    return checked
  }

  #check(value: unknown, saved = false): Promise<Checked> {
    const steps = new Steps(Infinity, this.#slice)
    const { allowed } = this.#options
    return inSlices(checkingRules(value, steps, { allowed, saved }), steps, this.#pause)
  }

  #madeOf({ rules, expressions }: Fit): Promise<CompiledRules> {
    const steps = new Steps(Infinity, this.#slice)
    return inSlices(compilingRules(rules, steps, expressions), steps, this.#pause)
  }

  async #tell(): Promise<void> {
    await this.#reread()
    await this.#options.store.signals.send('rules', '')
  }

  /** One reading after the other, so that an older one never replaces a newer. */
  #reread(): Promise<void> {
    this.#reading = this.#reading.catch(() => undefined).then(() => this.#read())
    return this.#reading
  }

  async #read(): Promise<void> {
    const { store, logger } = this.#options
    const [text, schedules] = [await readText(store.db), await readSchedules(store.db)]
    if (text === this.#text && schedules === this.#schedules) return
    const read = { rules: JSON.parse(text) as unknown, schedules: JSON.parse(schedules) as unknown }
    const checked = await this.#check(read, true)
    this.#isBroken = !checked.ok
    if (checked.ok) {
      this.#compiled = await this.#madeOf(checked)
      this.#set = checked.rules
      this.#programSum = checked.programSum
      logger.info({ rules: checked.rules.rules.length }, 'rules read')
      if (checked.programSum > MAX_PROGRAM_SUM)
        logger.warn(
          { steps: checked.programSum, most: MAX_PROGRAM_SUM },
          'the rules’ expressions are more than may be saved now; they go on as they are. Repeat fewer times, or list words under "contains"',
        )
    } else
      logger.error(
        { problems: checked.problems.slice(0, 5) },
        'the rules in the database can’t work; those from before stay. Import them again: kefu rules import FILE',
      )
    this.#text = text
    this.#schedules = schedules
  }
}

type Fit = Extract<Checked, { ok: true }>

function notStorable({ field, message }: InputProblem): Problem {
  const path = field === '' ? [] : field.split('.').map((key) => (/^\d+$/.test(key) ? Number(key) : key))
  return problemAt([], null, { path, message, issue: ruleIssue('not_storable') })
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
