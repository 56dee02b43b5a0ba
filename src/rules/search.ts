import type { RE2JS } from 're2js'
import { BEGIN_TEXT, edgesAt, runeAt } from './search-text.js'

// re2js compiles; its own engines can neither be counted nor interrupted, so its programs run here. The machine is
// RE2's: all ways through the program at once, one character after the other.

/** An instruction as re2js keeps it; the numbers are those of its Inst. */
interface Instruction {
  readonly op: number
  readonly out: number
  readonly arg: number
  readonly runes: Int32Array
  matchRune(rune: number): boolean
}

const ALT = 1
const ALT_MATCH = 2
const CAPTURE = 3
const EMPTY_WIDTH = 4
const FAIL = 5
const MATCH = 6
const NOP = 7
const RUNE1 = 9
const RUNE_ANY = 10
const RUNE_ANY_NOT_NL = 11

/** Characters that native code looks at in the time of a step. */
export const LOOKED_AT = 64

/** Places of groups that are copied in the time of a step. */
const COPIED_AT_ONCE = 16

/** An expression's program. */
export interface Program {
  readonly instructions: readonly Instruction[]
  readonly start: number
  /** Whether it can begin at the beginning of a text only, or not at all. */
  readonly begins: 'anywhere' | 'first' | 'never'
  /** The text that each match begins with. */
  readonly prefix: string
  /** Threads of searches that have ended, to be used again. */
  readonly spare: Threads[]
}

/** Takes the program out of a compiled expression. Throws where re2js is not the one that this was written for. */
export function programOf(compiled: RE2JS): Program {
  const { prog, cond, prefix } = compiled.re2() as unknown as {
    readonly prog: { readonly inst: readonly Instruction[]; readonly start: number; readonly numLb: number }
    readonly cond: number
    readonly prefix: string
  }
  const known = prog.inst.every(({ op }) => op >= ALT && op <= RUNE_ANY_NOT_NL)
  if (!known || prog.numLb !== 0) throw new TypeError('re2js has instructions that are not known here.')
  return {
    instructions: prog.inst,
    start: prog.start,
    begins: cond === -1 ? 'never' : (cond & BEGIN_TEXT) !== 0 ? 'first' : 'anywhere',
    prefix: shortened(prefix),
    spare: [],
  }
}

/** So short that looking for it takes a time that grows with the text alone. */
function shortened(prefix: string): string {
  return prefix.slice(0, 7).replace(/[\uD800-\uDBFF]$/, '')
}

/** The ways that are still open, each once, the one that a backtracking search would try first before the others. */
class Threads {
  readonly dense: Int32Array
  readonly #sparse: Int32Array
  slots: Int32Array
  size = 0

  constructor(program: number) {
    this.dense = new Int32Array(program)
    this.#sparse = new Int32Array(program)
    this.slots = new Int32Array(0)
  }

  has(pc: number): boolean {
    const at = this.#sparse[pc] ?? 0
    return at < this.size && this.dense[at] === pc
  }

  add(pc: number): number {
    const at = this.size++
    this.#sparse[pc] = at
    this.dense[at] = pc
    return at
  }
}

/** A search for an expression in a text, to be run in pieces. */
export class Search {
  readonly #program: Program
  readonly #text: string
  /** How many places of groups are asked for: 0 for whether it is found at all. */
  readonly #count: number
  /** Where groups start and end, of the best match so far; -1 for one that took no part. */
  readonly #best: Int32Array
  #here: Threads
  #next: Threads
  readonly #stack: number[] = []
  /** Steps in whose time the places of a way's groups are copied. */
  readonly #copied: number
  #at = 0
  #steps = 0
  #found = false
  #done: boolean

  constructor(program: Program, text: string, groups = 0) {
    this.#program = program
    this.#text = text
    this.#count = groups * 2
    this.#copied = Math.ceil(this.#count / COPIED_AT_ONCE)
    this.#best = new Int32Array(Math.max(this.#count, 2)).fill(-1)
    this.#here = this.#threads()
    this.#next = this.#threads()
    this.#done = program.begins === 'never'
  }

  get done(): boolean {
    return this.#done
  }

  /** Whether it was found, once it is done. */
  get found(): boolean {
    return this.#found
  }

  /** Returns a group's text; undefined when it took no part. */
  group(number: number): string | undefined {
    const [start = -1, end = -1] = this.#best.subarray(2 * number, 2 * number + 2)
    return start < 0 || end < 0 ? undefined : this.#text.slice(start, end)
  }

  /** Goes on for so many steps at most, which must be enough for one character; gives how many it took. */
  run(most: number): number {
    const aCharacter =
      (2 + this.#copied) * this.#program.instructions.length + this.#text.length / LOOKED_AT + 2
    this.#steps = 0
    while (!this.#done && this.#steps + aCharacter <= most) this.#advance()
    if (this.#done) this.#program.spare.push(this.#here, this.#next)
    return this.#steps
  }

  #threads(): Threads {
    const threads = this.#program.spare.pop() ?? new Threads(this.#program.instructions.length)
    threads.size = 0
    const slots = this.#program.instructions.length * this.#count
    if (threads.slots.length < slots) threads.slots = new Int32Array(slots)
    return threads
  }

  #advance(): void {
    const { begins, prefix, start } = this.#program
    const text = this.#text
    this.#steps++
    if (this.#here.size === 0) {
      if (this.#found || (begins === 'first' && this.#at > 0)) {
        this.#end()
        return
      }
      if (prefix !== '') {
        const from = text.indexOf(prefix, this.#at)
        this.#steps += Math.ceil(((from === -1 ? text.length : from) - this.#at) / LOOKED_AT)
        if (from === -1) {
          this.#end()
          return
        }
        this.#at = from
      }
    }
    if (!this.#found && (this.#at === 0 || begins === 'anywhere')) {
      this.#best[0] = this.#at
      this.#add(this.#here, start, this.#at, this.#best, 0)
    }
    const rune = runeAt(text, this.#at)
    const after = this.#at + (rune > 0xffff ? 2 : 1)
    this.#step(rune, after)
    if (rune === -1 || (this.#count === 0 && this.#found)) {
      this.#end()
      return
    }
    this.#at = after
    const done = this.#here
    this.#here = this.#next
    this.#next = done
    done.size = 0
  }

  #end(): void {
    this.#done = true
  }

  #step(rune: number, after: number): void {
    const { instructions } = this.#program
    const here = this.#here
    for (let i = 0; i < here.size; i++) {
      const instruction = instructions[here.dense[i] ?? 0]
      if (!instruction) continue
      const slot = i * this.#count
      switch (instruction.op) {
        case MATCH:
          this.#steps++
          if (this.#count > 0) {
            here.slots[slot + 1] = this.#at
            this.#best.set(here.slots.subarray(slot, slot + this.#count))
          }
          this.#found = true
          // All after it in the order are worse matches.
          return
        case ALT:
        case ALT_MATCH:
        case CAPTURE:
        case EMPTY_WIDTH:
        case NOP:
        case FAIL:
          continue
      }
      this.#steps++
      if (takes(instruction, rune)) this.#add(this.#next, instruction.out, after, here.slots, slot)
    }
  }

  /** Adds a way and all that it leads to without another character. */
  #add(threads: Threads, first: number, at: number, slots: Int32Array, offset: number): void {
    const { instructions } = this.#program
    const stack = this.#stack
    const count = this.#count
    let edges = -1
    let pc = first
    for (;;) {
      while (pc !== 0 && !threads.has(pc)) {
        const place = threads.add(pc)
        this.#steps++
        const instruction = instructions[pc]
        if (!instruction) break
        const { op, out, arg } = instruction
        if (op === ALT || op === ALT_MATCH) {
          stack.push(arg, 0)
          pc = out
        } else if (op === NOP) pc = out
        else if (op === EMPTY_WIDTH) {
          if (edges === -1) edges = edgesAt(this.#text, at)
          pc = (arg & ~edges) === 0 ? out : 0
        } else if (op === CAPTURE) {
          if (arg < count) {
            stack.push(-arg - 1, slots[offset + arg] ?? -1)
            slots[offset + arg] = at
          }
          pc = out
        } else {
          this.#steps += this.#copied
          if (op !== FAIL)
            for (let i = 0; i < count; i++) threads.slots[place * count + i] = slots[offset + i] ?? -1
          pc = 0
        }
      }
      const before = stack.pop()
      const entry = stack.pop()
      if (before === undefined || entry === undefined) return
      if (entry < 0) {
        slots[offset - entry - 1] = before
        pc = 0
      } else pc = entry
    }
  }
}

function takes(instruction: Instruction, rune: number): boolean {
  if (rune === -1) return false
  if (instruction.op === RUNE_ANY) return true
  if (instruction.op === RUNE_ANY_NOT_NL) return rune !== 10
  return instruction.op === RUNE1 ? rune === instruction.runes[0] : instruction.matchRune(rune)
}
