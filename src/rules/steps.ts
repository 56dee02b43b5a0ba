/**
 * Steps that run on the main thread before it looks at anything else: a millisecond of matching. A step is one look of
 * one instruction of an expression at one character; comparing words counts as what takes as long.
 */
export const SLICE_STEPS = 20_000

/** Steps that rules may take for one message; after that it is given to people. */
export const MESSAGE_STEPS = 5_000_000

/** More steps than were allowed: nothing is known about what was asked. */
export class TooManySteps extends Error {
  constructor() {
    super('It takes more steps than are allowed.')
  }
}

/** Steps since the main thread last looked at anything else, shared by all that run on it. */
export interface Slice {
  used: number
}

/** Counts the steps of one piece of work. */
export class Steps {
  readonly #slice: Slice
  readonly #most: number
  #total = 0

  constructor(most: number, slice: Slice = { used: 0 }) {
    this.#most = most
    this.#slice = slice
  }

  get total(): number {
    return this.#total
  }

  /** How many more there may be in this slice. */
  get room(): number {
    return SLICE_STEPS - this.#slice.used
  }

  /** Throws TooManySteps when they are more than were allowed. */
  use(steps: number): void {
    this.#slice.used += steps
    this.#total += steps
    if (this.#total > this.#most) throw new TooManySteps()
  }

  /** The main thread looked at something else. */
  rested(): void {
    this.#slice.used = 0
  }
}

/** Work that yields wherever it may be interrupted. */
export type Work<T> = Generator<undefined, T, undefined>

/** Does work in slices: between two of them everything else goes first. Throws what the work throws. */
export async function inSlices<T>(work: Work<T>, steps: Steps, pause: () => Promise<unknown>): Promise<T> {
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
    await pause()
    steps.rested()
  }
}

/** Does work to its end. */
export function atOnce<T>(work: Work<T>, steps?: Steps): T {
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
    steps?.rested()
  }
}

/** Lets everything else that waits go first. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
