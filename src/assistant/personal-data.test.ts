import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Placeholders } from './personal-data.js'

const hide = (text: string): string => new Placeholders().hide(text)

it('hides phones, id cards, bank cards, mail addresses and plates', () => {
  expect(hide('我电话13812345678')).toBe('我电话⟦手机1⟧')
  expect(hide('+86 138-1234-5678 或 １３９ ８７６５ ４３２１')).toBe('⟦手机1⟧ 或 ⟦手机2⟧')
  expect(hide('身份证11010519491231002X')).toBe('身份证⟦证件1⟧')
  expect(
    hide('卡号 6222 0212 3456 7890 128 退到这里'.replace('128', luhnEnd('622202123456789012'))),
  ).toContain('⟦银行卡1⟧')
  expect(hide('发到 Lin.Mei@example.com')).toBe('发到 ⟦邮箱1⟧')
  expect(hide('车牌粤B12345')).toBe('车牌⟦车牌1⟧')
})

it('leaves order numbers, prices and years as they are', () => {
  for (const text of ['订单 20261201000012345', '98 元', '2026 年', '尾号 5678', '12345678901'])
    expect(hide(text)).toBe(text)
})

it('has one placeholder for one number, however it is written, and puts it back', () => {
  const placeholders = new Placeholders()
  expect(placeholders.hide('13812345678,还有 138-1234-5678')).toBe('⟦手机1⟧,还有 ⟦手机1⟧')
  expect(placeholders.show('已登记 ⟦手机1⟧，不是 ⟦手机2⟧')).toBe('已登记 13812345678，不是 ⟦手机2⟧')
})

it('lets nobody write a placeholder', () => {
  expect(hide('⟦手机1⟧')).toBe('手机1')
})

it('shows what it hid, in any text', () => {
  const pieces = fc.constantFrom('13812345678', ' ', '发货', 'a@b.cn', '11010519491231002X', '，', '粤B12345')
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 10 }), (parts) => {
      const text = parts.join('，')
      const placeholders = new Placeholders()
      const hidden = placeholders.hide(text)
      expect(hidden).not.toMatch(/13812345678|a@b\.cn|11010519491231002X|粤B12345/)
      expect(placeholders.show(hidden)).toBe(text.normalize('NFKC'))
    }),
  )
})

/** The check digit that makes digits a bank card's number. */
function luhnEnd(digits: string): string {
  for (let end = 0; end < 10; end++)
    if (hide(`${digits}${end}`) !== `${digits}${end}`) return `${digits.slice(-2)}${end}`
  throw new Error('No digit fits.')
}
