import { describe, expect, it } from 'vitest'
import { errcodes, explainErrcode, type Retry } from './errcode.js'

const codesFor = (retry: Retry): number[] =>
  errcodes.filter((errcode) => errcode.retry === retry).map(({ code }) => code)

describe('the errcode table', () => {
  it('has every code that WeChat’s pages and SDKs name for this product', () => {
    const named = [
      -1, 40001, 40002, 40003, 40004, 40005, 40007, 40013, 40014, 40033, 40097, 40101, 40125, 40164, 40200,
      40243, 41001, 41002, 41004, 41006, 42001, 43002, 43101, 43104, 44002, 44004, 44991, 45001, 45002, 45003,
      45004, 45005, 45008, 45009, 45011, 45015, 45047, 45064, 45070, 45071, 45072, 45077, 45078, 45079, 45080,
      45081, 45091, 45162, 47001, 48001, 48002, 48004, 48006, 48008, 50002, 50004, 50007, 61004, 61010, 61024,
      65400, 65401, 65402, 65403, 65404, 65405, 65406, 65407, 65408, 65409, 65410, 65411, 65412, 65413, 65414,
      70000, 76001, 76002, 76003, 76004, 76021, 76022, 85107, 85112, 85113, 87014, 89503, 89506, 89507,
    ]
    expect(named.filter((code) => explainErrcode(code).name === 'unknown')).toEqual([])
  })

  it('says which switch of cloud hosting stops the token, and that kefu does not need it', () => {
    for (const code of [85107, 85112, 85113]) {
      const { zh, en } = explainErrcode(code)
      expect(zh).toContain('关闭「开放接口服务」')
      expect(zh).toContain('重新发布服务版本')
      expect(en).toContain('开放接口服务')
    }
  })

  it('has no row for 0, which is no error', () => {
    expect(errcodes.map(({ code }) => code)).not.toContain(0)
  })

  it('has each code once and each name once', () => {
    expect(new Set(errcodes.map(({ code }) => code)).size).toBe(errcodes.length)
    expect(new Set(errcodes.map(({ name }) => name)).size).toBe(errcodes.length)
  })

  it.each(errcodes)('$code $name says in both languages what it means', ({ code, name, zh, en }) => {
    expect(Number.isInteger(code)).toBe(true)
    expect(name).toMatch(/^[a-z][a-z0-9_]+$/)
    expect(name).not.toBe('unknown')
    expect(zh).toMatch(/\p{Script=Han}.*。$/u)
    // Full-width marks in Chinese text, none of the half-width ones that stand beside a Chinese character.
    expect(zh).not.toMatch(/\p{Script=Han}[,;:!?()]|[,;:!?()]\p{Script=Han}/u)
    expect(en).toMatch(/^[^\p{Script=Han}].*\.$/u)
    expect(zh + en).not.toMatch(/\s{2}|undefined|\n/)
  })
})

describe('what may be sent again', () => {
  it('after a new access token: what says that the token is the cause', () => {
    expect(codesFor('token')).toEqual([40001, 40014, 42001])
  })

  it('after a moment: busy alone', () => {
    expect(codesFor('busy')).toEqual([-1])
  })

  it('when a limit has passed: the limits by the minute, day and month, and a “typing” that still shows', () => {
    expect(codesFor('later').sort()).toEqual([44991, 45009, 45011, 45081, 48006])
  })

  it('never by itself: what WeChat would refuse again', () => {
    for (const code of [40003, 45002, 45015, 45047, 47001, 48001, 70000])
      expect(['edit', 'fix', 'never'], String(code)).toContain(explainErrcode(code).retry)
  })
})

describe('explainErrcode', () => {
  it('gives a code’s row', () => {
    expect(explainErrcode(45015)).toMatchObject({ code: 45015, name: 'out_of_window', retry: 'never' })
  })

  it('gives a code that is not in the table a row of its own, never to be retried', () => {
    for (const code of [0, 1, 99999, NaN])
      expect(explainErrcode(code)).toMatchObject({ code, name: 'unknown', retry: 'never' })
    expect(explainErrcode(99999).zh).not.toBe('')
  })
})
