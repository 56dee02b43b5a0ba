import { createHash } from 'node:crypto'
import type { Context } from 'koa'

const PROVEN_MS = 10 * 60_000
const MAX_PROVEN = 20_000

/** The keys and sessions that held of late, for requests that ask nobody: the page's own files. Kept as hashes. */
export class ProvenHeaders {
  readonly #now: () => number
  /** Until when each counts, in the order in which they were last seen to hold. */
  readonly #until = new Map<string, number>()

  constructor(now: () => number) {
    this.#now = now
  }

  has(ctx: Context): boolean {
    return (this.#until.get(keyOf(ctx)) ?? 0) > this.#now()
  }

  add(ctx: Context): void {
    const key = keyOf(ctx)
    this.#until.delete(key)
    this.#until.set(key, this.#now() + PROVEN_MS)
    if (this.#until.size <= MAX_PROVEN) return
    for (const [oldest] of this.#until) {
      this.#until.delete(oldest)
      return
    }
  }

  remove(ctx: Context): void {
    this.#until.delete(keyOf(ctx))
  }
}

function keyOf(ctx: Context): string {
  const shown = JSON.stringify([ctx.get('authorization'), ctx.get('cookie')])
  return createHash('sha256').update(shown).digest('base64url')
}
