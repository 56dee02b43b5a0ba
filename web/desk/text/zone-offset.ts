const day = 86_400_000
const second = 1000

/** A day of UTC in a zone: how far its clocks are ahead, and the moment at which that changes. */
interface OffsetDay {
  before: number
  changesAt: number
  after: number
}

/** The browser's own zone. */
export function browserZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** The name that stands for all names of a zone; for one that the browser does not know, that of its own. */
export function canonicalZone(zone: string): string {
  return formatIn(zone).resolvedOptions().timeZone
}

/** How far a zone's clocks are ahead of UTC at a moment, in milliseconds; of one that the browser does not know, its own. */
export function zoneOffset(zone: string): (at: number) => number {
  const format = formatIn(zone)
  // Intl takes its time: it is asked once for a day, and about a day of which the clocks change some times more.
  const days = new Map<number, OffsetDay>()

  function measured(at: number): number {
    const parts = format.formatToParts(at)
    const number = (type: Intl.DateTimeFormatPartTypes): number =>
      Number(parts.find((part) => part.type === type)?.value)
    const local = Date.UTC(
      number('year'),
      number('month') - 1,
      number('day'),
      number('hour'),
      number('minute'),
      number('second'),
    )
    return local - Math.floor(at / second) * second
  }

  function readDay(index: number): OffsetDay {
    const [before, after] = [measured(index * day), measured((index + 1) * day)]
    if (before === after) return { before, changesAt: Infinity, after }
    let [early, late] = [index * day, (index + 1) * day]
    while (late - early > second) {
      const middle = early + Math.floor((late - early) / 2 / second) * second
      if (measured(middle) === before) early = middle
      else late = middle
    }
    return { before, changesAt: late, after }
  }

  return (at) => {
    const index = Math.floor(at / day)
    let found = days.get(index)
    if (found === undefined) {
      found = readDay(index)
      days.set(index, found)
    }
    return at < found.changesAt ? found.before : found.after
  }
}

function formatIn(zone: string): Intl.DateTimeFormat {
  const options: Intl.DateTimeFormatOptions = {
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    hourCycle: 'h23',
  }
  const locale = 'en-US-u-ca-gregory-nu-latn'
  try {
    return new Intl.DateTimeFormat(locale, { ...options, timeZone: zone })
  } catch {
    return new Intl.DateTimeFormat(locale, options)
  }
}
