import type { Store } from '../../src/store/index.js'

/** What becomes of a transaction: it is refused before it begins, or made while the word of it is lost. */
export type CommitFault = 'refused' | 'lost' | 'none'

export interface FailingStore {
  readonly store: Store
  /** What becomes of the next transactions, in their order; those behind them are made. */
  readonly faults: CommitFault[]
  /** How many transactions were asked for. */
  readonly asked: number
}

/** The same database, whose transactions fail as a test says. */
export function failingCommits(real: Store): FailingStore {
  const faults: CommitFault[] = []
  let asked = 0
  const execute = async (work: Parameters<ReturnType<Store['db']['transaction']>['execute']>[0]) => {
    asked++
    const fault = faults.shift()
    if (fault === 'refused') throw new Error('the database is away')
    const result = await real.db.transaction().execute(work)
    if (fault === 'lost') throw new Error('the word of the commit was lost')
    return result
  }
  const db = new Proxy(real.db, {
    get(target, name) {
      if (name === 'transaction') return () => ({ execute })
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  const store = new Proxy(real, {
    get: (target, name) => (name === 'db' ? db : (Reflect.get(target, name, target) as unknown)),
  })
  return {
    store,
    faults,
    get asked() {
      return asked
    },
  }
}
