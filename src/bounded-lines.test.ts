import { expect, it } from 'vitest'
import { RecordingLogger } from '../test/support/recording-logger.js'
import { BoundedLines, boundedWarnings, LINES_A_MINUTE } from './bounded-lines.js'

it('says what is refused, sixty times a minute at most, and then how many more there were', () => {
  const logger = new RecordingLogger()
  let time = 1_000_000
  const lines = new BoundedLines({ logger, now: () => time, summary: 'more were refused' })
  for (let i = 0; i < 1000; i++) lines.warn({ i }, 'refused')
  expect(logger.messages('warn')).toEqual(Array.from({ length: LINES_A_MINUTE }, () => 'refused'))
  time += 60_000
  lines.warn({ i: 'later' }, 'refused')
  expect(logger.lines.slice(LINES_A_MINUTE)).toEqual([
    { level: 'warn', fields: { count: 940 }, message: 'more were refused' },
    { level: 'warn', fields: { i: 'later' }, message: 'refused' },
  ])
})

it('begins anew when the clock is put back', () => {
  const logger = new RecordingLogger()
  let time = 1_000_000
  const lines = new BoundedLines({ logger, now: () => time, summary: 'more' })
  for (let i = 0; i < 70; i++) lines.warn({}, 'refused')
  time -= 3_600_000
  lines.warn({}, 'refused')
  expect(logger.lines.at(-1)?.message).toBe('refused')
  expect(logger.messages('warn')).toContain('more')
})

it('leaves other lines alone', () => {
  const logger = new RecordingLogger()
  const bounded = boundedWarnings({ logger, now: () => 1, summary: 'more' })
  for (let i = 0; i < 70; i++) {
    bounded.error({}, 'e')
    bounded.info({}, 'i')
    bounded.debug({}, 'd')
    bounded.warn({}, 'w')
  }
  const counts = (['error', 'info', 'debug', 'warn'] as const).map((level) => logger.messages(level).length)
  expect(counts).toEqual([70, 70, 70, LINES_A_MINUTE])
})
