export interface BackgroundLoopOptions {
  /**
   * Does what there is to do. Returns `'again'` when more may be there, or the milliseconds after which there will be.
   * It is never run twice at once.
   */
  readonly pass: () => Promise<'again' | number | undefined>
  /** Called when a pass fails; another one follows. */
  readonly onError: (error: unknown) => void
  /** A pass is run at least this often, in milliseconds; only when woken when not given. */
  readonly everyMs?: number
  /** The pause after a pass that failed, in milliseconds; `everyMs` when not given. */
  readonly retryMs?: number
}

/** Work in the background: passes one after the other, each time it is woken or its time has come. */
export class BackgroundLoop {
  readonly #options: BackgroundLoopOptions
  #isWanted = false
  #isStopped = false
  #running: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #timerAt = Infinity

  constructor(options: BackgroundLoopOptions) {
    this.#options = options
  }

  get isStopped(): boolean {
    return this.#isStopped
  }

  /** Runs the first pass when `everyMs` is over; `wake` runs it at once. */
  start(): void {
    this.wakeIn(this.#options.everyMs ?? Infinity)
  }

  /** Runs a pass now, or once more after the one that runs. */
  wake(): void {
    if (this.#isStopped) return
    this.#isWanted = true
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      // Somebody may have called after the last look.
      if (this.#isWanted) this.wake()
    })
  }

  /** Runs a pass after so many milliseconds, unless one is due earlier. */
  wakeIn(milliseconds: number): void {
    const at = performance.now() + milliseconds
    if (this.#isStopped || at >= this.#timerAt) return
    clearTimeout(this.#timer)
    this.#timerAt = at
    this.#timer = setTimeout(() => {
      this.#timerAt = Infinity
      this.wake()
    }, milliseconds).unref()
  }

  /** Runs no more passes; resolves when the one that runs has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#isWanted = false
    clearTimeout(this.#timer)
    await this.#running
  }

  async #run(): Promise<void> {
    const { pass, onError, everyMs = Infinity, retryMs = everyMs } = this.#options
    while (this.#isWanted && !this.#isStopped) {
      this.#isWanted = false
      try {
        const next = await pass()
        if (next === 'again') this.#isWanted = true
        else this.wakeIn(Math.min(next ?? Infinity, everyMs))
      } catch (error) {
        onError(error)
        this.wakeIn(retryMs)
      }
    }
  }
}
