import { httpErrorFor, notFound } from '../../http/http-error.js'
import type { Store, Tx } from '../../store/index.js'
import type { Knowledge } from '../knowledge.js'
import { curveOf, proposedMatchAt, tryCase, type CaseResult, type CurvePoint, type ExamCase } from './exam.js'

export interface NewCase {
  readonly appId: string | null
  readonly says: string
  readonly entryId: number | null
  readonly conversationId: number | null
}

export interface KeptCase extends ExamCase {
  readonly appId: string | null
  readonly conversationId: number | null
}

export interface ExamRun {
  readonly at: number
  readonly cases: readonly KeptCase[]
  readonly results: readonly CaseResult[]
  readonly curve: readonly CurvePoint[]
  /** From which sureness on an entry may be sent without a model; null: from none. */
  readonly matchAt: number | null
  /** The cases that passed the last time and fail now. */
  readonly broken: readonly number[]
}

export interface ExamsOptions {
  readonly store: Store
  readonly knowledge: Pick<Knowledge, 'search' | 'entry'>
  readonly now: () => number
  readonly pause: () => Promise<unknown>
}

/** More cases would take retrieval longer than anybody waits for a save. */
export const MAX_CASES = 2000
/** How many candidates of a case are looked at. */
const LOOKED_AT = 20
/** How many cases are tried before all else may go first. */
const SLICE = 10

/** The questions that retrieval is tried with: without a model, and each time the knowledge changes. */
export class Exams {
  readonly #options: ExamsOptions
  #latest: ExamRun | undefined
  #running: Promise<ExamRun> | undefined

  constructor(options: ExamsOptions) {
    this.#options = options
  }

  /** The last run; undefined before the first. */
  get latest(): ExamRun | undefined {
    return this.#latest
  }

  async cases(): Promise<KeptCase[]> {
    const rows = await this.#options.store.db.selectFrom('exam_case').selectAll().orderBy('id').execute()
    return rows.map((row) => ({
      id: row.id,
      appId: row.app_id,
      says: row.says,
      entryId: row.entry_id,
      conversationId: row.conversation_id,
    }))
  }

  /** The keys of the cases that there are. */
  known(): Promise<Set<string>> {
    return knownCases(this.#options.store.db)
  }

  /** Adds cases; what is there already is not added again. Returns how many were new. */
  async add(cases: readonly NewCase[]): Promise<number> {
    const { store, knowledge, now } = this.#options
    for (const { entryId } of cases) if (entryId !== null && !knowledge.entry(entryId)) throw notFound()
    return store.db.transaction().execute(async (tx) => {
      const known = await knownCases(tx)
      let added = 0
      for (const each of cases) {
        const key = caseKey(each)
        if (known.has(key)) continue
        if (known.size >= MAX_CASES)
          throw httpErrorFor('exam_full', 'conflict', `There are ${MAX_CASES} cases, which is the most.`, {
            limit: MAX_CASES,
          })
        known.add(key)
        added++
        await tx
          .insertInto('exam_case')
          .values({
            app_id: each.appId,
            says: each.says,
            entry_id: each.entryId,
            conversation_id: each.conversationId,
            created_at: now(),
          })
          .execute()
      }
      return added
    })
  }

  async remove(id: number): Promise<void> {
    const { numDeletedRows } = await this.#options.store.db
      .deleteFrom('exam_case')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    if (numDeletedRows === 0n) throw notFound()
  }

  /** Tries all cases. Asked again meanwhile it gives the run that is under way, and then one of its own. */
  async run(): Promise<ExamRun> {
    await this.#running?.catch(() => undefined)
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #run(): Promise<ExamRun> {
    const { knowledge, now, pause } = this.#options
    const cases = await this.cases()
    const results: CaseResult[] = []
    for (const [index, each] of cases.entries()) {
      if (index % SLICE === 0) await pause()
      const searched = { appId: each.appId, audience: 'customer', at: now(), most: LOOKED_AT } as const
      results.push(tryCase(each, knowledge.search(each.says, searched)))
    }
    const before = new Map(this.#latest?.results.map(({ caseId, passed }) => [caseId, passed]))
    const curve = curveOf(cases, results)
    this.#latest = {
      at: now(),
      cases,
      results,
      curve,
      matchAt: proposedMatchAt(curve, cases.length),
      broken: results.flatMap(({ caseId, passed }) =>
        !passed && before.get(caseId) === true ? [caseId] : [],
      ),
    }
    return this.#latest
  }
}

async function knownCases(db: Store['db'] | Tx): Promise<Set<string>> {
  const rows = await db.selectFrom('exam_case').select(['app_id', 'says']).execute()
  return new Set(rows.map(({ app_id: appId, says }) => caseKey({ appId, says })))
}

/** Cases with the same key are the same question. */
export function caseKey({ appId, says }: { readonly appId: string | null; readonly says: string }): string {
  return `${appId ?? ''} ${says}`
}
