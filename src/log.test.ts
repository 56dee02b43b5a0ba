import { afterEach, expect, it, vi } from 'vitest'
import { consoleLogger } from './log.js'

afterEach(() => {
  vi.restoreAllMocks()
})

function printed(fields: object): string {
  const print = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  consoleLogger.error(fields, 'a handler failed')
  return print.mock.calls.map(([text]) => String(text)).join('\n')
}

it('prints an error with its stack and its causes, each on lines of their own', () => {
  const cause = new RangeError('out of stock')
  const lines = printed({ appId: 'wx1', err: new TypeError('no reply', { cause }) }).split('\n')
  expect(lines[0]).toBe('kefu: a handler failed {"appId":"wx1"}')
  expect(lines[1]).toBe('  TypeError: no reply')
  expect(lines[2]).toMatch(/^ {6}at .*log\.test/)
  const because = lines.indexOf('  because of')
  expect(lines[because + 1]).toBe('    RangeError: out of stock')
  expect(lines[because + 2]).toMatch(/^ {8}at .*log\.test/)
})

it('says where an error is explained, once', () => {
  const docs = 'docs/errors.md#signature-mismatch'
  expect(
    printed({ err: Object.assign(new Error('not WeChat’s'), { docs }) })
      .split('\n')
      .slice(1, 3),
  ).toEqual(['  Error: not WeChat’s', `    see ${docs}`])
  vi.restoreAllMocks()
  expect(printed({ err: Object.assign(new Error(`no ${docs}`), { docs }) }).match(/docs\//g)).toHaveLength(1)
})

it('ends with errors that are each other’s cause', () => {
  const one = new Error('one')
  one.cause = new Error('other', { cause: one })
  expect(printed({ err: one }).split('\n').length).toBeLessThan(200)
})

it('lets nothing that was thrown write to the terminal by control characters', () => {
  const text = printed({
    err: new Error('\u001b[2J\u202egone\nkefu: all is well', { cause: '\u0007' }),
    from: '\u009b1m',
  })
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  expect(text).not.toMatch(/^kefu: all is well/m)
})

it('prints what is no error, and what refers to itself', () => {
  const self: Record<string, unknown> = { count: 1n }
  expect(printed(self)).toBe('kefu: a handler failed {"count":"1"}')
  self['self'] = self
  expect(printed(self)).toContain('[Circular')
  expect(printed({})).toContain('kefu: a handler failed')
})
