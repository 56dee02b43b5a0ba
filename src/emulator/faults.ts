import type { Fault, FaultInput } from './protocol.js'
import { parseInput, faultInput } from './control-input.js'

export interface FaultsOptions {
  /** After each change, with what is left. */
  onChange?: (faults: Fault[]) => void
  /** When all are taken away: pushes that one keeps back are let go. */
  onClear?: () => void
}

/** The faults to come, in the order of their requests; each ends by itself. */
export class Faults {
  readonly #options: FaultsOptions
  #items: Fault[] = []
  #sequence = 0

  constructor(options: FaultsOptions = {}) {
    this.#options = options
  }

  /** Throws ConfigError when the fault makes no sense. */
  add(input: FaultInput): Fault {
    const valid = parseInput(faultInput, input)
    const fault: Fault = { ...valid, id: `fault-${++this.#sequence}`, remaining: valid.times ?? 1 }
    this.#items.push(fault)
    this.#changed()
    return { ...fault }
  }

  get items(): readonly Fault[] {
    return this.#items.map((fault) => ({ ...fault }))
  }

  clear(): void {
    this.#items = []
    this.#options.onClear?.()
    this.#changed()
  }

  /** Takes those away that name this app. */
  forget(appId: string): void {
    const left = this.#items.filter((fault) => fault.appId !== appId)
    if (left.length === this.#items.length) return
    this.#items = left
    this.#changed()
  }

  /** The fault that this API call meets, if any; it is used up by one. */
  takeForCall(path: string, openId: string | null, appId: string | null = null): Fault | undefined {
    return this.#take(
      (fault) =>
        fault.push === undefined &&
        path.startsWith(fault.path ?? '') &&
        (fault.openId === undefined || fault.openId === openId) &&
        (fault.appId === undefined || fault.appId === appId),
    )
  }

  /** The fault that this push meets, if any. `canHold` is false while another push is kept back already. */
  takeForPush(openId: string, canHold: boolean, appId?: string): 'duplicate' | 'reorder' | undefined {
    return this.#take(
      (fault) =>
        fault.push !== undefined &&
        (canHold || fault.push !== 'reorder') &&
        (fault.openId === undefined || fault.openId === openId) &&
        (fault.appId === undefined || fault.appId === appId),
    )?.push
  }

  #take(matches: (fault: Fault) => boolean): Fault | undefined {
    const fault = this.#items.find(matches)
    if (!fault) return undefined
    fault.remaining -= 1
    if (fault.remaining === 0) this.#items = this.#items.filter((item) => item !== fault)
    this.#changed()
    return { ...fault }
  }

  #changed(): void {
    this.#options.onChange?.([...this.items])
  }
}
