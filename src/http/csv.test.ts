import { describe, expect, it } from 'vitest'
import { csvLine } from './csv.js'

describe('a line of CSV', () => {
  it('quotes what has to be, and keeps every character', () => {
    expect(csvLine(['a,b', 'say "hi"', 'two\nlines', 12, null, '退款'])).toBe(
      '"a,b","say ""hi""","two\nlines",12,,"退款"\r\n',
    )
  })

  it.each([
    '=HYPERLINK("https://evil.example","点我")',
    '+1+cmd|calc',
    '-2+3',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '\n=1',
    '  =1',
    '＝1+1',
    '＋1',
    '－1',
    '＠A',
    '\u200b=1',
    '\ufeff=1',
    '|calc',
    '%0A=1',
  ])('makes text of %j', (text) => {
    expect(csvLine([text])).toMatch(/^"'/)
  })

  it.each(['张三', '1=1', '退款-已处理', 'a@b', '(=)'])('leaves %s as it is', (text) => {
    expect(csvLine([text])).toBe(`"${text}"\r\n`)
  })
})
