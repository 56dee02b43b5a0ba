import fc from 'fast-check'
import { expect, it } from 'vitest'
import { utf8Bytes } from '../../wechat/index.js'
import { entryInput } from '../schemas/knowledge-entry.js'
import { piecesOf } from './pieces.js'

it('cuts at headings, and names a piece by its heading or its first sentence', () => {
  expect(
    piecesOf('本店只卖杯子。欢迎！\n\n# 退货\n七天内可退。\n\n## 运费 ##\r\n\r\n满 99 元包邮。'),
  ).toEqual([
    { title: '本店只卖杯子。', text: '本店只卖杯子。欢迎！', line: 1 },
    { title: '退货', text: '七天内可退。', line: 4 },
    { title: '运费', text: '满 99 元包邮。', line: 8 },
  ])
})

it('makes a PDF’s characters ordinary ones, and leaves punctuation as wide as it is', () => {
  expect(piecesOf('使⽤⼆维码，①扫\u200b码！')).toMatchObject([{ text: '使用二维码，①扫码！' }])
})

it('makes entries of any text that WeChat takes in one message, and loses none of it', () => {
  const part = fc.constantFrom(
    '退货',
    '。',
    '\n',
    '\n\n',
    '😀'.repeat(400),
    '长'.repeat(650),
    'a'.repeat(700),
    '# ',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'grapheme' }),
        fc.array(part).map((parts) => parts.join('')),
      ),
      (text) => {
        const pieces = piecesOf(text)
        for (const { title, text: piece } of pieces) {
          expect(piece.length).toBeLessThanOrEqual(600)
          expect(utf8Bytes(piece)).toBeLessThanOrEqual(2048)
          expect(entryInput.safeParse({ title, text: piece }).error).toBeUndefined()
        }
        const long = text.match(/长/g)?.length ?? 0
        if (!text.includes('#'))
          expect(
            pieces
              .map((each) => each.text)
              .join('')
              .match(/长/g)?.length ?? 0,
          ).toBe(long)
      },
    ),
  )
})
