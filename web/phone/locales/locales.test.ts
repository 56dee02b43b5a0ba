import { ref } from 'vue'
import { describe, expect, it } from 'vitest'
import type { Language } from '../text/time.js'
import { en } from './en.js'
import { createI18n, openLanguage } from './i18n.js'
import { zhCN } from './zh-CN.js'

const placeholders = (text: string): string[] =>
  [...text.matchAll(/\{\w+\}/g)].map((match) => match[0]).sort()

describe('the catalogues', () => {
  it('have the same texts', () => {
    expect(Object.keys(en)).toEqual(Object.keys(zhCN))
  })

  it.each(Object.entries(zhCN))('say %s with the same placeholders, and say something', (key, text) => {
    const english = new Map(Object.entries(en)).get(key) ?? ''
    expect(placeholders(english)).toEqual(placeholders(text))
    expect(english).not.toBe('')
    expect(text).not.toBe('')
  })

  it('are all that components show: no template holds a Chinese text of its own', () => {
    const files = import.meta.glob<string>('../**/*.vue', { query: '?raw', import: 'default', eager: true })
    expect(Object.keys(files).length).toBeGreaterThan(20)
    for (const [file, text] of Object.entries(files)) {
      const template = /<template>[\s\S]*<\/template>/.exec(text)?.[0] ?? ''
      expect(/\p{Script=Han}/u.exec(template)?.[0], file).toBeUndefined()
    }
  })
})

it('texts follow the language and fill in what they are given', () => {
  const language = ref<Language>('zh-CN')
  const { t } = createI18n(language)
  expect(t.value('phone.customer', { number: 2 })).toBe('客户 2')
  language.value = 'en'
  expect(t.value('phone.customer', { number: 2 })).toBe('Customer 2')
  expect(t.value('phone.customer')).toBe('Customer {number}')
})

it('the language is what the address asks for, then what was chosen, then the browser’s, then Chinese', () => {
  const query = (text: string): URLSearchParams => new URLSearchParams(text)
  expect(openLanguage(query('lang=en'), 'zh-CN')).toBe('en')
  expect(openLanguage(query('lang=zh'), 'en')).toBe('zh-CN')
  expect(openLanguage(query(''), 'en')).toBe('en')
  expect(openLanguage(query('lang=fr'), null)).toBe('zh-CN')
  expect(openLanguage(query(''), null, ['fr', 'en-US', 'zh-CN'])).toBe('en')
  expect(openLanguage(query(''), null, ['zh-TW', 'en'])).toBe('zh-CN')
  expect(openLanguage(query(''), null, ['fr-FR'])).toBe('zh-CN')
  expect(openLanguage(query(''), 'zh-CN', ['en'])).toBe('zh-CN')
})
