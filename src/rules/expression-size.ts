/** The cost of compiling an expression, by its text alone: at most so much, and hardly less. */
export interface CompileCost {
  /** Instructions of its program. */
  readonly size: number
  /** Time for it, in steps of matching: classes of characters take most of it. */
  readonly work: number
}

/** An instruction is made in so many steps. */
const PER_INSTRUCTION = 50
/** A named class, such as \p{L}, and one of its characters' other cases. */
const PER_NAMED_CLASS = 20_000
const PER_FOLDED = 4
/** Where characters with other cases are: re2js goes through each of a range there. */
const FOLDED = { first: 0x41, last: 0x1e943 }

interface Frame {
  /** Of the alternatives so far, and of what was read of this one. */
  size: number
  /** Of the last part, which a repeat would repeat. */
  last: number
}

/**
 * Reads RE2's syntax as re2js does, without building anything: a pattern of a thousand characters may be a program
 * of a million instructions, and is to be refused before it takes the time and the memory for them.
 */
export function compileCost(pattern: string, fold: boolean): CompileCost {
  return new Reader(pattern, fold || /\(\?[A-Za-z]*i/.test(pattern)).read()
}

class Reader {
  readonly #pattern: string
  readonly #fold: boolean
  readonly #frames: Frame[] = []
  #frame: Frame = { size: 0, last: 0 }
  #at = 0
  #work = 0

  constructor(pattern: string, fold: boolean) {
    this.#pattern = pattern
    this.#fold = fold
  }

  read(): CompileCost {
    while (this.#at < this.#pattern.length) this.#readPart()
    while (this.#frames.length > 0) this.#close()
    const size = this.#frame.size + this.#frame.last + 4
    return { size, work: Math.ceil(this.#work + size * PER_INSTRUCTION) }
  }

  #readPart(): void {
    const rest = this.#pattern[this.#at] ?? ''
    switch (rest) {
      case '(': {
        this.#open()
        return
      }
      case ')':
        this.#at++
        {
          this.#close()
          return
        }
      case '|':
        this.#at++
        {
          this.#part(1)
          return
        }
      case '[': {
        this.#class()
        return
      }
      case '*':
      case '+':
      case '?':
        this.#at++
        this.#frame.last += 2
        return
      case '{': {
        this.#repeat()
        return
      }
      case '\\': {
        this.#escape()
        return
      }
      default:
        this.#at += width(this.#pattern, this.#at)
        {
          this.#part(1)
          return
        }
    }
  }

  #part(size: number): void {
    this.#frame.size += this.#frame.last
    this.#frame.last = size
  }

  #open(): void {
    // Flags alone are no group; where the form is wrong, re2js says so.
    const special = /^\(\?(?:P?<[^>]*>|[A-Za-z-]*(:|\)))/.exec(this.#pattern.slice(this.#at, this.#at + 1100))
    this.#at += special ? special[0].length : 1
    if (special?.[1] === ')') return
    this.#frames.push(this.#frame)
    this.#frame = { size: 0, last: 0 }
  }

  #close(): void {
    const outer = this.#frames.pop()
    if (!outer) return
    const inner = this.#frame.size + this.#frame.last
    this.#frame = outer
    this.#part(inner + 2)
  }

  #repeat(): void {
    const found = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.#pattern.slice(this.#at, this.#at + 24))
    if (!found) {
      this.#at++
      this.#part(1)
      return
    }
    this.#at += found[0].length
    const times = Math.max(Number(found[1]), Number(found[3] ?? 0), 1)
    this.#frame.last = (this.#frame.last + 1) * times + 2
  }

  #escape(): void {
    const next = this.#pattern[this.#at + 1] ?? ''
    if (next === 'Q') {
      const end = this.#pattern.indexOf('\\E', this.#at + 2)
      const literal = this.#pattern.slice(this.#at + 2, end === -1 ? undefined : end)
      this.#at += literal.length + (end === -1 ? 2 : 4)
      for (let left = literal.length; left > 0; left--) this.#part(1)
      return
    }
    if (!this.#namedClass()) this.#character()
    this.#part(1)
  }

  /** Reads \p{Name}, \pN; false where none stands here. */
  #namedClass(): boolean {
    const found = /^\\[pP](?:\{[^}]*\}|[^{])/u.exec(this.#pattern.slice(this.#at, this.#at + 1100))
    if (!found) return false
    this.#at += found[0].length
    this.#work += PER_NAMED_CLASS
    return true
  }

  #class(): void {
    this.#at++
    if (this.#pattern[this.#at] === '^') this.#at++
    let first = true
    while (this.#at < this.#pattern.length && (first || this.#pattern[this.#at] !== ']')) {
      first = false
      this.#member()
    }
    this.#at++
    this.#part(1)
  }

  #member(): void {
    if (this.#pattern.startsWith('[:', this.#at)) {
      const end = this.#pattern.indexOf(':]', this.#at)
      if (end !== -1) {
        this.#at = end + 2
        return
      }
    }
    if (this.#namedClass()) return
    const perl = /^\\[dDsSwW]/.test(this.#pattern.slice(this.#at, this.#at + 2))
    const low = this.#character()
    if (perl || this.#pattern[this.#at] !== '-' || this.#pattern[this.#at + 1] === ']') return
    this.#at++
    const high = this.#character()
    if (!this.#fold) return
    const folded = Math.min(high, FOLDED.last) - Math.max(low, FOLDED.first)
    this.#work += Math.max(folded, 0) * PER_FOLDED
  }

  /** Reads one character, escaped or not, and gives it; of an escape that is not known, the last that it may be. */
  #character(): number {
    const found = /^\\(?:x\{([\dA-Fa-f]+)\}|x([\dA-Fa-f]{2})|[^]|$)/u.exec(
      this.#pattern.slice(this.#at, this.#at + 1100),
    )
    if (!found) {
      const rune = this.#pattern.codePointAt(this.#at) ?? 0
      this.#at += width(this.#pattern, this.#at)
      return rune
    }
    this.#at += found[0].length
    const hex = found[1] ?? found[2]
    return hex === undefined ? 0xff : Number.parseInt(hex, 16)
  }
}

function width(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
}
