import { describe, expect, it } from 'vitest'
import { ApiError, NetworkError } from '../errors.js'
import type { Logger } from '../log.js'
import { createLogger } from './log.js'

function recorded(isTTY = false): { logger: Logger; text: () => string } {
  const written: string[] = []
  const logger = createLogger('debug', { isTTY, write: (text) => written.push(text) })
  return { logger, text: () => written.join('') }
}

describe('the log', () => {
  it('is JSON lines, with the level as a word', () => {
    const { logger, text } = recorded()
    logger.info({ appId: 'wx1' }, 'hello')
    logger.warn({}, 'careful')
    const lines = text()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object)
    expect(lines).toEqual([
      { level: 'info', time: expect.any(Number) as number, appId: 'wx1', msg: 'hello' },
      { level: 'warn', time: expect.any(Number) as number, msg: 'careful' },
    ])
  })

  it('keeps to its level', () => {
    const written: string[] = []
    const logger = createLogger('warn', { write: (text) => written.push(text) })
    logger.info({}, 'no')
    logger.warn({}, 'yes')
    expect(written).toHaveLength(1)
  })

  it.each(['err', 'error'])('tells an error in the field %s by its kind, words, place and cause', (field) => {
    const { logger, text } = recorded()
    const cause = new NetworkError('no answer', { accepted: 'unknown', path: '/cgi-bin/x' })
    logger.error({ [field]: new TypeError('wrong', { cause }) }, 'failed')
    const line = JSON.parse(text()) as Record<string, Record<string, unknown>>
    expect(line[field]).toMatchObject({
      name: 'TypeError',
      message: 'wrong',
      stack: expect.stringMatching(/^\s+at .*log\.test/) as string,
      cause: { name: 'NetworkError', code: 'network', path: '/cgi-bin/x' },
    })
  })

  it('keeps WeChat’s errcode and rid', () => {
    const { logger, text } = recorded()
    const fields = {
      errcode: 45015,
      errmsg: 'x',
      rid: 'r-1',
      path: '/p',
      reason: 'out_of_window',
      explanation: '',
    }
    logger.error({ err: new ApiError(fields) }, 'failed')
    expect(JSON.parse(text())).toMatchObject({
      err: { errcode: 45015, rid: 'r-1', docs: 'docs/errors.md#45015' },
    })
  })

  it('keeps nothing that a driver hangs on an error: rows hold customers’ words', () => {
    const { logger, text } = recorded()
    const driver = Object.assign(new Error('null value in column "x" violates not-null constraint'), {
      severity: 'ERROR',
      code: '23502',
      detail: 'Failing row contains (1, planted text).',
      where: 'JSON data, line 1: planted text',
      query: 'planted text',
      parameters: ['planted text'],
    })
    const quoting = Object.assign(new Error('invalid input syntax for type bigint: "planted text"'), {
      severity: 'ERROR',
    })
    logger.error({ err: driver }, 'a')
    logger.error({ err: quoting }, 'b')
    logger.error({ err: jsonError('planted text') }, 'c')
    logger.error({ err: 'planted text' }, 'd')
    expect(text()).toContain('23502')
    expect(text()).toContain('invalid input syntax for type bigint')
    expect(text()).not.toContain('planted')
  })

  it('is readable on a terminal', () => {
    const { logger, text } = recorded(true)
    logger.warn(
      { appId: 'wx1', count: 2, err: new Error('broken', { cause: new Error('deeper') }) },
      'careful',
    )
    const plain = text().replace(/\u001b\[\d+m/g, '')
    expect(plain).toMatch(/^\d\d:\d\d:\d\d warn {2}careful appId=wx1 count=2\n {8}Error: broken\n/)
    expect(plain).toContain('Error: deeper')
  })

  it('lets nobody write to the terminal', () => {
    const { logger, text } = recorded(true)
    logger.warn({ path: '/\u001b[2J\r\nforged', err: new Error('\u001b]0;title\u0007') }, 'a\nb\u202e')
    const controls = text().replace(/\u001b\[\d+m/g, '')
    expect(controls).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    expect(controls.split('\n').every((line) => !line.startsWith('forged'))).toBe(true)
  })

  it('lets nobody forge a line', () => {
    const { logger, text } = recorded()
    logger.warn({ path: '/\n{"level":"info"}' }, 'x')
    expect(text().trimEnd().split('\n')).toHaveLength(1)
  })
})

function jsonError(text: string): unknown {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return error
  }
}
