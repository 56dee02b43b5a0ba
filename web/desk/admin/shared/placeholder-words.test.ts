import { ref } from 'vue'
import { expect, it } from 'vitest'
import { createTexts } from '../../../both/i18n.js'
import { adminEn } from '../words/en.js'
import { adminZhCN } from '../words/zh-CN.js'
import type { AdminTexts } from '../admin-texts.js'
import { hasPlaceholders, namedText, placeholderName } from './placeholder-words.js'

const words = (language: 'zh-CN' | 'en'): AdminTexts['t']['value'] =>
  createTexts(ref(language), { 'zh-CN': adminZhCN, en: adminEn }).t.value as AdminTexts['t']['value']

it('a reply’s placeholders have names, in both languages', () => {
  const text =
    '您好，{{contact.name}}，您从 {{ sessionFrom }} 来，订单 {{match.1}}：{{agent.name}}（{{app.name}}）'
  expect(namedText(text, words('zh-CN'))).toBe(
    '您好，〔客户称呼〕，您从 〔客户来源〕 来，订单 〔表达式第 1 组〕：〔客服名字〕（〔小程序名称〕）',
  )
  expect(namedText('{{contact.name}} {{match.order}}', words('en'))).toBe(
    '〔Customer’s name〕 〔Group order〕',
  )
  expect(hasPlaceholders(text)).toBe(true)
})

it('what is no placeholder stays as it is written', () => {
  for (const text of ['{{toString}}', '{{contact.phone}}', '{{', '{{}}', '{a}', '}}{{'])
    expect(namedText(text, words('zh-CN'))).toBe(text)
  expect(placeholderName('match.0', words('zh-CN'))).toBe('表达式匹配的全文')
  expect(placeholderName('constructor', words('zh-CN'))).toBeNull()
  expect(hasPlaceholders('{{')).toBe(false)
})
