import { Session } from 'node:inspector'

// V8 counts only what is compiled after this: a test imports this file before what it measures, in a project whose
// files share no modules.
const session = new Session()
session.connect()
session.post('Profiler.enable')
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })

/**
 * How much work an act is, the same on every machine: how often each block of JavaScript ran, as V8 counts it,
 * and how many characters the engine's own searches went over, which V8 does not count.
 */
export function steps(act: () => unknown): number {
  blocks()
  return countSearches(act) + blocks()
}

/** How often blocks ran since the last call. */
function blocks(): number {
  let sum = 0
  // Within one thread the session answers before `post` returns.
  session.post('Profiler.takePreciseCoverage', (error, { result }) => {
    if (error) throw error
    for (const { functions } of result)
      for (const { ranges } of functions) for (const { count } of ranges) sum += count
  })
  return sum
}

/** Whether sixteen times the size is at most four times sixteen times the work, where the square would be 256 times. */
export function isLinear(act: (size: number) => () => unknown, size: number): boolean {
  return steps(act(size * 16)) < 64 * steps(act(size)) + 1000
}

type Search = (this: string, needle: string, from?: number) => number

/** Runs the act and gives how many characters `indexOf`, `includes` and regular expressions went over. */
function countSearches(act: () => unknown): number {
  const strings = Object.getOwnPropertyDescriptors(String.prototype)
  const indexOf = strings.indexOf.value as Search
  const lastIndexOf = strings.lastIndexOf.value as Search
  const exec = Object.getOwnPropertyDescriptor(RegExp.prototype, 'exec')?.value as (
    this: RegExp,
    text: string,
  ) => RegExpExecArray | null
  let scanned = 0
  function counted(this: string, needle: string, from = 0): number {
    const found = indexOf.call(this, needle, from)
    scanned += (found < 0 ? this.length : found) - from
    return found
  }
  String.prototype.indexOf = counted
  String.prototype.includes = function (needle, from) {
    return counted.call(this as string, needle, from) >= 0
  }
  String.prototype.lastIndexOf = function (needle, from = Infinity) {
    const found = lastIndexOf.call(this as string, needle, from)
    scanned += Math.min(from, this.length) - Math.max(found, 0)
    return found
  }
  RegExp.prototype.exec = function (text) {
    const from = this.global || this.sticky ? this.lastIndex : 0
    const match = exec.call(this, text)
    if (match) scanned += match.index + match[0].length - from
    else scanned += this.sticky ? 1 : text.length - from
    return match
  }
  try {
    act()
    return scanned
  } finally {
    Object.defineProperties(String.prototype, strings)
    RegExp.prototype.exec = exec
  }
}
