/** A problem somewhere within an input. */
export interface InputProblem {
  /** Where, such as `message.content`; empty for the whole. */
  readonly field: string
  readonly message: string
}

/** The largest number that an input may have, either way: fifteen digits, as ids and times in milliseconds fit into. */
export const LARGEST = 999_999_999_999_999
/** The last millisecond of the year 9999: beyond it no calendar goes. */
export const LATEST_TIME = 253_402_300_799_999
/** How many values an input may have, where its route says nothing else: a schema is asked about each. */
const MAX_PARTS = 20_000
/** Nothing that is taken is nested half as deep. */
const DEEPEST = 40

/** Whether every database keeps a text as it is: without NUL, and without halves of characters (UTF-16's surrogates). */
export function isPlainText(text: string): boolean {
  return !/[\0\p{Cs}]/u.test(text)
}

interface Place {
  readonly value: unknown
  readonly key: string
  readonly within: Place | undefined
  readonly depth: number
}

/**
 * The first thing in an input that no field takes, whatever its schema says: a text that not every database keeps, a
 * number beyond what dates and ids can be, a nesting that nobody writes, more values than `mostParts`, of which no
 * more are looked at. Undefined when there is none.
 */
export function inputProblem(
  input: unknown,
  mostParts = MAX_PARTS,
  isText = isPlainText,
): InputProblem | undefined {
  let parts = 1
  const places: Place[] = [{ value: input, key: '', within: undefined, depth: 0 }]
  for (let place = places.pop(); place; place = places.pop()) {
    const message = problemOf(place, isText)
    if (message !== undefined) return { field: fieldOf(place), message }
    const { value, depth } = place
    if (typeof value !== 'object' || value === null) continue
    parts += Array.isArray(value) ? value.length : Object.keys(value).length
    if (parts > mostParts) return { field: fieldOf(place), message: 'has too many parts' }
    for (const [key, inner] of Object.entries(value).reverse())
      places.push({ value: inner, key, within: place, depth: depth + 1 })
  }
  return undefined
}

function problemOf({ value, key, depth }: Place, isText: typeof isPlainText): string | undefined {
  if (!isPlainText(key)) return 'has a name that is no text: it holds NUL or half a character'
  if (typeof value === 'string' && !isText(value))
    return 'must be text without NUL and without half a character'
  if (typeof value === 'number' && Math.abs(value) > LARGEST) return `must be at most ${LARGEST}`
  if (depth > DEEPEST) return 'is nested too deep'
  return undefined
}

function fieldOf(place: Place): string {
  const keys: string[] = []
  for (let each: Place | undefined = place; each.within; each = each.within)
    keys.unshift(isPlainText(each.key) ? each.key.slice(0, 50) : '?')
  return keys.slice(0, 8).join('.')
}
