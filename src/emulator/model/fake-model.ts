import { parseInput } from '../control-input.js'
import type { EventBus } from '../event-bus.js'
import { chooseEntry, lastText, type FakeChatRequest } from './fake-choice.js'
import {
  modelFaultInput,
  profileInput,
  scriptInput,
  type ModelCall,
  type ModelFaultInput,
  type ModelProfile,
  type ModelView,
  type ScriptLine,
} from './model-input.js'

const KEPT = 1000

/** A model without a network: what it says follows from the request, or from a script. */
export class FakeModel {
  readonly #bus: EventBus
  #profile: ModelProfile = 'openai'
  #script: { line: ScriptLine; left: number }[] = []
  #faults: { fault: ModelFaultInput; left: number }[] = []
  #calls: ModelCall[] = []
  #sequence = 0

  constructor(bus: EventBus) {
    this.#bus = bus
  }

  get profile(): ModelProfile {
    return this.#profile
  }

  /** The last 1000 calls, oldest first. */
  get calls(): readonly ModelCall[] {
    return this.#calls
  }

  /** What still goes wrong. */
  get faults(): readonly ModelFaultInput[] {
    return this.#faults.map(({ fault }) => fault)
  }

  get view(): ModelView {
    return { profile: this.#profile, faults: [...this.faults] }
  }

  /** Plays another provider. Throws ConfigError. */
  play(profile: ModelProfile): void {
    this.#profile = parseInput(profileInput, { profile }).profile
    this.#changed()
  }

  /** Says what these lines say, the first that fits; takes the place of the script so far. Throws ConfigError. */
  script(lines: readonly ScriptLine[]): void {
    const { lines: checked } = parseInput(scriptInput, { lines })
    this.#script = checked.map((line) => ({ line, left: line.times ?? Infinity }))
  }

  /** Makes something go wrong. Throws ConfigError. */
  fail(fault: ModelFaultInput): void {
    const checked = parseInput(modelFaultInput, fault)
    this.#faults.push({ fault: checked, left: checked.times ?? Infinity })
    this.#changed()
  }

  /** Takes all faults away. */
  heal(): void {
    this.#faults = []
    this.#changed()
  }

  reset(): void {
    const isChanged = this.#profile !== 'openai' || this.#faults.length > 0
    this.#profile = 'openai'
    this.#script = []
    this.#faults = []
    this.#calls = []
    if (isChanged) this.#changed()
  }

  /** Uses the next fault up by one. */
  takeFault(): ModelFaultInput | undefined {
    const [next] = this.#faults
    if (!next) return undefined
    next.left--
    if (next.left <= 0) {
      this.#faults.shift()
      this.#changed()
    }
    return next.fault
  }

  answerFor(request: FakeChatRequest): string {
    const asked = lastText(request)
    const scripted = this.#script.find(({ line, left }) => left > 0 && asked.includes(line.when ?? ''))
    if (scripted) scripted.left--
    const answer = scripted?.line.answer ?? chooseEntry(request)
    return typeof answer === 'string' ? answer : JSON.stringify(answer)
  }

  record(call: Omit<ModelCall, 'sequence'>): void {
    const recorded = { ...call, sequence: ++this.#sequence }
    this.#calls = [...this.#calls.slice(1 - KEPT), recorded]
    this.#bus.emit({ type: 'model_call', call: recorded })
  }

  #changed(): void {
    this.#bus.emit({ type: 'model', model: this.view })
  }
}
