import { Readable } from 'node:stream'
import { principalWord, type Principal } from './principal.js'
import { HttpError } from './http-error.js'
import { refusal } from '../protocol/refusals.js'

export interface HeavyReadsOptions {
  /** How many may be at the database together. */
  readonly atOnce: number
  /** How many of one principal's may wait, and how many of everybody's. */
  readonly waitingEach?: number
  readonly waiting?: number
  /** How many exports may be under way. */
  readonly exports?: number
}

interface Waiting {
  /** It was begun already, so it can't be refused or left out any more. */
  readonly isPiece: boolean
  readonly start: () => Promise<void>
}

/** One per principal, the others of theirs wait. */
const SOON = { 'Retry-After': '2' }
const LATER = { 'Retry-After': '30' }

/**
 * Searches, reports and exports: what may read much. One at a time for each principal, few at a time for everybody, in
 * turns between those who wait: so what is short, and above all a push's commit, stands behind few of them at most,
 * whatever one person asks for.
 */
export class HeavyReads {
  readonly #options: Required<HeavyReadsOptions>
  /** Who waits with what; who is next stands first. */
  readonly #lines = new Map<string, Waiting[]>()
  readonly #busy = new Set<string>()
  readonly #exporting = new Set<string>()
  #waiting = 0

  constructor({ atOnce, waitingEach = 20, waiting = 200, exports = 8 }: HeavyReadsOptions) {
    this.#options = { atOnce, waitingEach, waiting, exports }
  }

  /**
   * Reads when it is the principal's turn; gives undefined where `gone` says by then that nobody waits for it any more.
   * Throws HttpError (429) when too many wait.
   */
  async run<T>(who: Principal, work: () => Promise<T>): Promise<T>
  async run<T>(who: Principal, work: () => Promise<T>, gone: () => boolean): Promise<T | undefined>
  async run<T>(who: Principal, work: () => Promise<T>, gone?: () => boolean): Promise<T | undefined> {
    const word = principalWord(who)
    const { waiting, waitingEach } = this.#options
    if (this.#waiting >= waiting || (this.#lines.get(word)?.length ?? 0) >= waitingEach)
      throw new HttpError(
        'too_many',
        'Too many searches and reports wait already. Try again in a moment.',
        SOON,
        refusal('reads_busy'),
      )
    return this.#inTurn(word, async () => (gone?.() === true ? undefined : work()), false)
  }

  /**
   * A long text that is read piece by piece, each in its turn, as fast as it is taken: one for each principal. Throws
   * HttpError (429) while another of theirs, or too many of everybody's, are under way; otherwise does `first`, such as
   * to write it down, before anything is read.
   */
  async export(
    who: Principal,
    pieces: AsyncGenerator<string>,
    first: () => Promise<void> = async () => undefined,
  ): Promise<Readable> {
    const word = principalWord(who)
    if (this.#exporting.has(word))
      throw new HttpError(
        'too_many',
        'Another export of yours is under way. Wait until it is through.',
        LATER,
        refusal('export_running'),
      )
    if (this.#exporting.size >= this.#options.exports)
      throw new HttpError(
        'too_many',
        'Too many exports are under way. Try again in a while.',
        LATER,
        refusal('exports_busy'),
      )
    this.#exporting.add(word)
    try {
      await first()
    } catch (error) {
      this.#exporting.delete(word)
      throw error
    }
    // Also when nobody ever reads of it.
    return Readable.from(this.#pieces(word, pieces)).once('close', () => this.#exporting.delete(word))
  }

  async *#pieces(word: string, pieces: AsyncGenerator<string>): AsyncGenerator<string> {
    try {
      for (;;) {
        const piece: IteratorResult<string, unknown> = await this.#inTurn(word, () => pieces.next(), true)
        if (piece.done === true) return
        yield piece.value
      }
    } finally {
      await pieces.return(undefined)
    }
  }

  #inTurn<T>(word: string, work: () => Promise<T>, isPiece: boolean): Promise<T> {
    return new Promise((resolve, reject) => {
      const start = (): Promise<void> => work().then(resolve, reject)
      const line = this.#lines.get(word) ?? []
      line.push({ isPiece, start })
      this.#lines.set(word, line)
      if (!isPiece) this.#waiting++
      this.#next()
    })
  }

  /** Begins what may begin. */
  #next(): void {
    for (const [word, line] of [...this.#lines]) {
      if (this.#busy.size >= this.#options.atOnce) return
      if (this.#busy.has(word)) continue
      const first = line.shift()
      this.#lines.delete(word)
      if (!first) continue
      // Behind all others who wait.
      if (line.length > 0) this.#lines.set(word, line)
      if (!first.isPiece) this.#waiting--
      this.#busy.add(word)
      void first.start().finally(() => {
        this.#busy.delete(word)
        this.#next()
      })
    }
  }
}
