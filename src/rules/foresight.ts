import { wordOf } from '../bot/index.js'
import type { IncomingMessage, Push } from '../wechat/index.js'
import type { CompiledRules, Foreseen } from './compile.js'
import type { MessageFacts } from './facts.js'
import { inSlices, MESSAGE_STEPS, nextTurn, SLICE_STEPS, Steps, TooManySteps } from './steps.js'

/** The rules' judgement of pushes, found before these are handled. */
export type ForeseenOf = (
  push: Push,
) => { readonly rules: CompiledRules; readonly seen: Foreseen } | 'too_many' | undefined

/**
 * Looks at messages before they are handled, in slices: what takes longer must not be looked for in the transaction
 * that many pushes share.
 */
export class Foresight {
  readonly #getRules: () => CompiledRules
  readonly #pause: () => Promise<unknown>
  readonly #slice = { used: 0 }
  readonly #seen = new WeakMap<Push, ReturnType<ForeseenOf>>()

  constructor(getRules: () => CompiledRules, pause: () => Promise<unknown> = nextTurn) {
    this.#getRules = getRules
    this.#pause = pause
  }

  readonly of: ForeseenOf = (push) => this.#seen.get(push)

  /** Looks at those that may take more than a slice. */
  async look(pushes: Iterable<Push>): Promise<void> {
    const compiled = this.#getRules()
    for (const push of pushes) {
      const { payload } = push
      if (payload.msgType !== 'text' || compiled.mostSteps(payload.content.length) <= SLICE_STEPS) continue
      const known = this.#seen.get(push)
      if (known === 'too_many' || known?.rules === compiled) continue
      const steps = new Steps(MESSAGE_STEPS, this.#slice)
      try {
        const work = compiled.foreseeing(messageFactsOf(payload), steps)
        this.#seen.set(push, { rules: compiled, seen: await inSlices(work, steps, this.#pause) })
      } catch (error) {
        if (!(error instanceof TooManySteps)) throw error
        this.#seen.set(push, 'too_many')
      }
    }
  }
}

/** Returns the facts that a message alone tells the rules. */
export function messageFactsOf(message: IncomingMessage): MessageFacts {
  return {
    word: wordOf(message),
    text: message.msgType === 'text' ? message.content.trim() : undefined,
  }
}
