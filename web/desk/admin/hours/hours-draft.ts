import type { Schedule } from '../../../../src/rules/business-hours.js'

/** What `/business-hours` answers. */
export interface BusinessHours {
  schedules: Schedule[]
  states: { name: string; open: boolean; changesAt: number | null }[]
}

/** A schedule as its form has it: the spans of a day in one line. */
export interface HoursDraft {
  name: string
  zone: string
  week: string[]
  dates: { date: string; hours: string }[]
}

export function hoursDraft(schedule: Schedule | null): HoursDraft {
  const office = '09:00-18:00'
  return {
    name: schedule?.name ?? '',
    zone: schedule?.zone ?? 'Asia/Shanghai',
    week: schedule?.week.map(lineOf) ?? [office, office, office, office, office, '', ''],
    dates: schedule?.dates?.map(({ date, hours }) => ({ date, hours: lineOf(hours) })) ?? [],
  }
}

/** What the form says; the service says what is wrong with it. */
export function scheduleOf({ name, zone, week, dates }: HoursDraft): Schedule {
  const named = dates.filter(({ date }) => date !== '')
  return {
    name: name.trim(),
    zone: zone.trim(),
    week: week.map(spansOf),
    ...(named.length === 0
      ? {}
      : {
          dates: named
            .map(({ date, hours }) => ({ date, hours: spansOf(hours) }))
            .toSorted((one, other) => (one.date < other.date ? -1 : 1)),
        }),
  }
}

function lineOf(spans: readonly string[]): string {
  return spans.join(', ')
}

/** As they are typed, with Chinese signs too: `9:00－12:00，13:00-18:00`. */
function spansOf(line: string): string[] {
  return line
    .split(/[,，、;；]/)
    .map((span) =>
      span
        .replaceAll(/\s/g, '')
        .replaceAll('：', ':')
        .replaceAll(/[－–—~～至]/g, '-')
        .replaceAll(/(^|-)(\d):/g, '$10$2:'),
    )
    .filter((span) => span !== '')
}
