const DAY_MS = 86_400_000

/** Tells the day of a moment in a zone, as days since 1 January 1970. */
export function dayIn(zone: string): (milliseconds: number) => number {
  const format = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
    timeZone: zone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
  })
  // Intl takes its time, and messages come by the hour: offsets change on quarters of an hour at the finest.
  const known = new Map<number, number>()
  return (milliseconds) => {
    const quarter = Math.floor(milliseconds / 900_000)
    const before = known.get(quarter)
    if (before !== undefined) return before
    const parts = format.formatToParts(quarter * 900_000)
    const number = (type: Intl.DateTimeFormatPartTypes): number =>
      Number(parts.find((part) => part.type === type)?.value)
    const day = Date.UTC(number('year'), number('month') - 1, number('day')) / DAY_MS
    if (known.size > 10_000) known.clear()
    known.set(quarter, day)
    return day
  }
}

/** A day as `YYYY-MM-DD`. */
export function dayName(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}

/** `YYYY-MM-DD` as a day; NaN when the calendar has none such. */
export function parseDayName(name: string): number {
  const day = Date.parse(`${name}T00:00:00Z`) / DAY_MS
  return Number.isInteger(day) && dayName(day) === name ? day : Number.NaN
}

/** When a day begins in a zone, in milliseconds: the first moment that the zone's calendar counts to it. */
export function dayStart(day: number, dayOf: (milliseconds: number) => number): number {
  // No zone is further from UTC than 14 hours.
  let [early, late] = [day * DAY_MS - 15 * 3_600_000, day * DAY_MS + 15 * 3_600_000]
  while (late - early > 1) {
    const middle = Math.floor((early + late) / 2)
    if (dayOf(middle) < day) early = middle
    else late = middle
  }
  return late
}
