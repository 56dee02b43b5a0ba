import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCases, type CaseRow } from './case-table.js'

const entries = [
  { id: 7, title: '怎么退货', appId: null },
  { id: 8, title: '包邮吗', appId: null },
  { id: 9, title: '包邮吗', appId: null },
  { id: 10, title: '12', appId: null },
  { id: 11, title: '只在二店', appId: 'wx2' },
]
const read = (text: string, known: string[] = [], appId: string | null = null): CaseRow[] =>
  readCases(text, { entries, appId, known: new Set(known) })

describe('a table of cases', () => {
  it('names the entry by its question or its id, or leaves the case to people', () => {
    for (const text of [
      '问题,应找到\n不想要了,怎么退货\n退掉,#7\n能退不,7\n天气如何,转人工\n',
      '\ufeff应找到\t问题\r\n怎么退货\t不想要了\r\n７\t退掉\r\n#7\t能退不\r\nunknown\t天气如何\r\n',
    ])
      expect(read(text).map(({ says, entry, problem }) => [says, entry?.id ?? null, problem])).toEqual([
        ['不想要了', 7, null],
        ['退掉', 7, null],
        ['能退不', 7, null],
        ['天气如何', null, null],
      ])
  })

  it('takes the first two columns where there is no heading', () => {
    expect(read('不想要了,怎么退货\n')).toEqual([
      { line: 1, says: '不想要了', entry: { id: 7, title: '怎么退货' }, problem: null },
    ])
  })

  it('says of each row that it can’t take which it is and why', () => {
    const rows = read(
      `问题,应找到\n,怎么退货\n没有写,\n${'长'.repeat(501)},怎么退货\n什么,没有这条\n邮费,包邮吗\n十二,12\n二店,只在二店\n见过,怎么退货\n同样,转人工\n同样,转人工\n,\n`,
      [' 见过'],
    )
    expect(rows.map(({ line, problem }) => [line, problem])).toEqual([
      [2, 'no_question'],
      [3, 'no_expected'],
      [4, 'too_long'],
      [5, 'no_entry'],
      [6, 'several'],
      [7, null],
      [8, 'no_entry'],
      [9, 'known'],
      [10, null],
      [11, 'known'],
    ])
    // A question that looks like an id is a question first.
    expect(rows[5]?.entry).toEqual({ id: 10, title: '12' })
    expect(read('二店,只在二店', [], 'wx2')[0]?.entry?.id).toBe(11)
  })

  it('takes a text without columns for no table', () => {
    expect(read('怎么退货\n包邮吗')).toEqual([])
    expect(read('')).toEqual([])
  })

  it('has a row for each line, whatever stands in it', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.string()), { minLength: 1, maxLength: 8 }), (pairs) => {
        const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`
        const table = ['问题,应找到', ...pairs.map((pair) => pair.map(quoted).join(','))].join('\n')
        const filled = pairs.filter((pair) => pair.some((cell) => cell.trim() !== ''))
        expect(read(table)).toHaveLength(filled.length)
      }),
    )
  })
})
