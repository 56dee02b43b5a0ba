import { zoneOffset } from '../../text/zone-offset.js'

const DAY = 86_400_000

/** A day's bound in a zone, as a moment and back. */
export interface DayBound {
  /** Null for no day. */
  momentOf(name: string, zone: string): number | null
  /** The day as `YYYY-MM-DD`. */
  nameOf(moment: number, zone: string): string
}

/** Where a day begins. */
export const dayStart: DayBound = {
  momentOf: (name, zone) => startOf(name, zone),
  nameOf: (moment, zone) => nameAt(moment, zone),
}

/** Where a day ends, which is where the next begins. */
export const dayEnd: DayBound = {
  momentOf(name, zone) {
    const at = Date.parse(`${name}T00:00:00Z`)
    return Number.isNaN(at) ? null : startOf(new Date(at + DAY).toISOString().slice(0, 10), zone)
  },
  // The last moment that belongs to it.
  nameOf: (moment, zone) => nameAt(moment - 1, zone),
}

function startOf(name: string, zone: string): number | null {
  const there = Date.parse(`${name}T00:00:00Z`)
  if (Number.isNaN(there)) return null
  const offset = zoneOffset(zone)
  // Clocks that change that night are ahead by another hour than at the first guess.
  const guess = there - offset(there)
  return there - offset(guess)
}

function nameAt(moment: number, zone: string): string {
  return new Date(moment + zoneOffset(zone)(moment)).toISOString().slice(0, 10)
}
