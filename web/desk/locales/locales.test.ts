import { describe, expect, it } from 'vitest'
import { adminEn } from '../admin/words/en.js'
import { adminZhCN } from '../admin/words/zh-CN.js'
import { en as deskEn } from './en.js'
import { zhCN as deskZhCN } from './zh-CN.js'

const [zhCN, en] = [
  { ...deskZhCN, ...adminZhCN },
  { ...deskEn, ...adminEn },
]

const placeholders = (text: string): string[] =>
  [...text.matchAll(/\{\w+\}/g)].map((match) => match[0]).sort()

describe('the catalogues of the desk', () => {
  it('say nothing twice: administration has only what is its own', () => {
    expect(Object.keys(adminZhCN).filter((key) => key in deskZhCN)).toEqual([])
  })

  it('have the same texts', () => {
    expect(Object.keys(en)).toEqual(Object.keys(zhCN))
  })

  it.each(Object.entries(zhCN))('say %s with the same placeholders, and say something', (key, text) => {
    const english = new Map(Object.entries(en)).get(key) ?? ''
    expect([...new Set(placeholders(english))]).toEqual([...new Set(placeholders(text))])
    expect(english).not.toBe('')
    expect(text).not.toBe('')
  })

  it('are all that components show: no template holds a text of its own', () => {
    const files = import.meta.glob<string>('../**/*.vue', { query: '?raw', import: 'default', eager: true })
    expect(Object.keys(files).length).toBeGreaterThan(30)
    for (const [file, text] of Object.entries(files)) {
      const template = /<template>[\s\S]*<\/template>/.exec(text)?.[0] ?? ''
      expect(/\p{Script=Han}/u.exec(template)?.[0], file).toBeUndefined()
      const words = template.replace(/<!--[\s\S]*?-->/g, '').replace(/\{\{[\s\S]*?\}\}/g, '')
      const bare = [...words.matchAll(/>([^<>]*[A-Za-z]{2}[^<>]*)</g)].map((match) => match[1]?.trim())
      expect(
        bare.filter((one) => !/=>|===|&&|\|\||\)|"/.test(one ?? '')),
        file,
      ).toEqual([])
    }
  })

  it('holds no text that nobody asks for', () => {
    const files = import.meta.glob<string>('../**/*.{vue,ts}', {
      query: '?raw',
      import: 'default',
      eager: true,
    })
    const source = Object.entries(files)
      .filter(
        ([file]) => !file.includes('locales/') && !file.includes('/words/') && !file.endsWith('.test.ts'),
      )
      .map(([, text]) => text)
      .join('\n')
    /** Keys that are put together: `tab.${one}`. */
    const built = [...source.matchAll(/`((?:\w+\.)+)\$\{/g)].map((match) => match[1] ?? '')
    const unused = Object.keys(zhCN).filter(
      (key) => !source.includes(`'${key}'`) && !built.some((prefix) => key.startsWith(prefix)),
    )
    expect(unused).toEqual([])
  })
})
