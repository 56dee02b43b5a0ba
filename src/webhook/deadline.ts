export const late = Symbol('late')

/** One timer for all that must be done before a push is answered, one thing after the other. */
export class Deadline {
  readonly #timer: NodeJS.Timeout
  #passed = false
  /** Ends the wait that is on. */
  #pass: ((value: typeof late) => void) | undefined

  constructor(milliseconds: number) {
    this.#timer = setTimeout(() => {
      this.#passed = true
      this.#pass?.(late)
    }, milliseconds)
  }

  race<T>(work: Promise<T>): Promise<T | typeof late> {
    return new Promise((resolve, reject) => {
      this.#pass = resolve
      work.then(resolve, reject)
      if (this.#passed) resolve(late)
    })
  }

  clear(): void {
    clearTimeout(this.#timer)
  }
}
