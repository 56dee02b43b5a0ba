/** A reply's promise that knows whether anybody looks at what becomes of it. */
class Reply extends Promise<undefined> {
  watched = false

  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  override then<A = undefined, B = never>(
    onfulfilled?: ((value: undefined) => A | PromiseLike<A>) | null,
    onrejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.watched = true
    return super.then(onfulfilled, onrejected)
  }
}

/**
 * The replies of one run of handlers. A forgotten `await` before one must neither let the run end before it, nor
 * end the process when it fails.
 */
export class Replies {
  readonly #onLate: (error: unknown) => void
  readonly #underWay = new Set<Promise<void>>()
  #failures: unknown[] = []
  #ended = false

  /** `onLate` is told of a failure that comes after the run has ended, when nobody looks at it. */
  constructor(onLate: (error: unknown) => void) {
    this.#onLate = onLate
  }

  /** Follows a reply; what is returned is for the handler. */
  follow(work: Promise<void>): Promise<void> {
    const reply = new Reply((resolve, reject) => {
      work.then(() => {
        resolve(undefined)
      }, reject)
    })
    const followed = work.then(
      () => undefined,
      async (error: unknown) => {
        // Who awaits it does so a moment after they have it.
        await new Promise(setImmediate)
        if (reply.watched) return
        if (this.#ended) this.#onLate(error)
        else this.#failures.push(error)
      },
    )
    // Node is not to take it for a rejection that nobody handles: it is handled here.
    void Promise.prototype.then.call(reply, undefined, () => undefined)
    this.#underWay.add(followed)
    void followed.finally(() => this.#underWay.delete(followed))
    return reply
  }

  /** Waits for those under way; gives the failures that nobody looked at. */
  async settled(): Promise<readonly unknown[]> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
    return this.#failures.splice(0)
  }

  /** From here on failures are late. */
  end(): void {
    this.#ended = true
  }
}
