interface Waiting<Item, Result> {
  readonly item: Item
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

/** One batch's outcome for an item. */
export type Outcome<Result> = { readonly result: Result } | { readonly error: unknown }

/**
 * Gathers what is asked for in one turn of the event loop, and while a batch is under way, into one batch.
 * Waiting on a timer instead would cost each a delay; under load the batches grow by themselves.
 */
export class Batcher<Item, Result> {
  readonly #run: (items: readonly Item[]) => Promise<readonly Outcome<Result>[]>
  readonly #most: number
  #waiting: Waiting<Item, Result>[] = []
  #busy = false

  /** `run` gives an outcome for each item, in order; when it rejects, every item of the batch fails with that. */
  constructor(run: (items: readonly Item[]) => Promise<readonly Outcome<Result>[]>, most = 500) {
    this.#run = run
    this.#most = most
  }

  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject })
      if (this.#busy) return
      this.#busy = true
      setImmediate(() => void this.#drain())
    })
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#most)
      let outcomes: readonly Outcome<Result>[]
      try {
        outcomes = await this.#run(batch.map((each) => each.item))
      } catch (error) {
        outcomes = batch.map(() => ({ error }))
      }
      batch.forEach((each, i) => {
        const outcome = outcomes[i]
        if (outcome && 'result' in outcome) each.resolve(outcome.result)
        else each.reject(outcome?.error ?? new Error('The batch gave no outcome for this item.'))
      })
      // Let the turn's other events in before the next batch, so that it gathers what they bring.
      await new Promise(setImmediate)
    }
    this.#busy = false
  }
}
