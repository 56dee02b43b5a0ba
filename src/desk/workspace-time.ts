/** Tells a moment as `2026-07-31 09:00:00` in a zone. */
export function dateAndTimeIn(zone: string): (milliseconds: number) => string {
  const clock = clockIn(zone)
  return (milliseconds) => {
    const { day, time } = clock(milliseconds)
    return `${day} ${time}`
  }
}

/** Tells a moment in ISO 8601 with the offset that a zone has then, as `2026-07-31T09:00:00+08:00`. */
export function isoIn(zone: string): (milliseconds: number) => string {
  const clock = clockIn(zone)
  return (milliseconds) => {
    const { day, time } = clock(milliseconds)
    const whole = Math.floor(milliseconds / 1000) * 1000
    const minutes = Math.round((Date.parse(`${day}T${time}Z`) - whole) / 60_000)
    const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
    const offset = [hours, rest].map((part) => String(part).padStart(2, '0')).join(':')
    return `${day}T${time}${minutes < 0 ? '-' : '+'}${offset}`
  }
}

function clockIn(zone: string): (milliseconds: number) => { day: string; time: string } {
  const format = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  return (milliseconds) => {
    const parts = format.formatToParts(milliseconds)
    const of = (type: Intl.DateTimeFormatPartTypes): string =>
      parts.find((part) => part.type === type)?.value ?? ''
    return {
      day: `${of('year').padStart(4, '0')}-${of('month')}-${of('day')}`,
      time: `${of('hour')}:${of('minute')}:${of('second')}`,
    }
  }
}
