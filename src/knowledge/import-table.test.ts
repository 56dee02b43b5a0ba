import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readTable, type ImportedRow } from './import-table.js'

const titles = (rows: readonly ImportedRow[]): string[] =>
  rows.map((row) => ('entry' in row ? row.entry.title : row.problem))

it('reads the columns by their headings, whatever their order and separator', () => {
  const expected = [{ title: '怎么退货', text: '7 天内可退。', wordings: ['能退吗', '退掉'] }]
  for (const text of [
    '问题,答案,相似问法\n怎么退货,7 天内可退。,能退吗|退掉\n',
    '\ufeff相似问法\t问题\t答案\r\n能退吗；退掉\t怎么退货\t7 天内可退。\r\n',
    'answer;question;wordings\n"7 天内可退。";怎么退货;"能退吗\n退掉"\n',
  ]) {
    const rows = readTable(text, null)
    expect(rows.map((row) => 'entry' in row && row.entry)).toMatchObject(expected)
  }
})

it('takes question and answer from the first two columns where there is no heading', () => {
  expect(readTable('怎么退货,7 天内可退。\n包邮吗,满 99 元包邮。', 'wx1')).toMatchObject([
    { line: 1, entry: { title: '怎么退货', appId: 'wx1', state: 'live' } },
    { line: 2, entry: { title: '包邮吗' } },
  ])
})

it('says of each row that it can’t take which it is and why', () => {
  const long = '长'.repeat(700)
  const rows = readTable(`问题,答案\n,没有问题\n没有答案,\n太长,${long}\n好,好的\n,\n`, null)
  expect(titles(rows)).toEqual(['no_question', 'no_answer', 'too_long', '好'])
  expect(rows.map(({ line }) => line)).toEqual([2, 3, 4, 5])
})

it('takes a text without columns for no table', () => {
  expect(readTable('怎么退货\n包邮吗', null)).toEqual([])
  expect(readTable('', null)).toEqual([])
})

it('gives back what a table was written from', () => {
  const cell = fc.string({
    unit: fc.constantFrom('货', '"', ',', '\n', 'a', '？'),
    minLength: 1,
    maxLength: 12,
  })
  const clean = cell.filter((text) => text.trim() === text && text !== '' && !/[\n"]$/.test(text))
  const quoted = (text: string): string => `"${text.replace(/"/g, '""')}"`
  fc.assert(
    fc.property(fc.array(fc.tuple(clean, clean), { minLength: 1, maxLength: 8 }), (pairs) => {
      const table = ['问题,答案', ...pairs.map((pair) => pair.map(quoted).join(','))].join('\r\n')
      const rows = readTable(table, null)
      expect(rows.map((row) => 'entry' in row && [row.entry.title, row.entry.text])).toEqual(pairs)
    }),
  )
})
