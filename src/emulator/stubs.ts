import { parseInput } from './control-input.js'
import { ConfigError } from '../errors.js'
import { isPlayed } from './api-endpoints.js'
import { jsonType, type Reply } from './api-reply.js'
import type { Stub, StubInput } from './protocol-setup.js'
import { stubInput } from './setup-input.js'

export interface StubsOptions {
  /** Called after each change, with all of them. */
  readonly onChange?: (stubs: Stub[]) => void
}

/** Answers for paths that the emulator does not play. */
export class Stubs {
  readonly #options: StubsOptions
  #items: Stub[] = []
  #sequence = 0

  constructor(options: StubsOptions = {}) {
    this.#options = options
  }

  /**
   * Adds one. Without `times` it takes the place of the one without `times` that had the same path and method.
   * Throws ConfigError when it makes no sense, or the emulator answers that path itself.
   */
  add(input: StubInput): Stub {
    const valid = checkStub(input)
    const stub: Stub = {
      ...valid,
      needsToken: valid.needsToken ?? true,
      id: `stub-${++this.#sequence}`,
      used: 0,
      remaining: valid.times ?? null,
    }
    if (stub.remaining === null)
      this.#items = this.#items.filter(
        (item) => item.remaining !== null || item.path !== stub.path || item.method !== stub.method,
      )
    this.#items.push(stub)
    this.#changed()
    return { ...stub }
  }

  get items(): readonly Stub[] {
    return this.#items.map((stub) => ({ ...stub }))
  }

  /** False when there is none. */
  remove(id: string): boolean {
    const left = this.#items.filter((stub) => stub.id !== id)
    if (left.length === this.#items.length) return false
    this.#items = left
    this.#changed()
    return true
  }

  clear(): void {
    if (this.#items.length === 0) return
    this.#items = []
    this.#changed()
  }

  /** The one that answers next: those with `times` first, in the order in which they were added. */
  find(method: string, path: string): Stub | undefined {
    const fitting = this.#at(path).filter((stub) => stub.method === undefined || stub.method === method)
    return (
      fitting.find(({ remaining }) => remaining !== null) ??
      fitting.find((stub) => stub.method !== undefined) ??
      fitting[0]
    )
  }

  /** The method that a path wants when it is stubbed for other methods alone; undefined where it is not stubbed. */
  wanted(path: string): string | undefined {
    return this.#at(path)[0]?.method
  }

  /** Uses one up by one, and gives its answer. */
  use({ id }: Stub): Reply {
    const stub = this.#items.find((item) => item.id === id)
    if (!stub) throw new Error('A stub that is not there was used.')
    stub.used += 1
    if (stub.remaining !== null) {
      stub.remaining -= 1
      if (stub.remaining === 0) this.#items = this.#items.filter((item) => item !== stub)
    }
    this.#changed()
    return replyOf(stub)
  }

  #at(path: string): Stub[] {
    return this.#items.filter((stub) => stub.path === path)
  }

  #changed(): void {
    this.#options.onChange?.([...this.items])
  }
}

/** A stub that can be added. Throws ConfigError. */
export function checkStub(input: StubInput): StubInput {
  const valid = parseInput(stubInput, input)
  if (!isPlayed(valid.path)) return valid
  throw new ConfigError(
    `path: ${valid.path} is one that the emulator answers itself; a fault changes its answer: POST /_emulator/faults`,
  )
}

function replyOf({ answer, status = 200, headers = {} }: Stub): Reply {
  const own = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  if (typeof answer === 'string')
    return {
      status,
      headers: { 'content-type': 'text/plain; charset=utf-8', ...own },
      body: answer,
      errcode: 0,
    }
  const hasErrcode = typeof answer === 'object' && answer !== null && 'errcode' in answer
  const errcode = hasErrcode && typeof answer.errcode === 'number' ? answer.errcode : 0
  return { status, headers: { 'content-type': jsonType, ...own }, body: JSON.stringify(answer), errcode }
}
