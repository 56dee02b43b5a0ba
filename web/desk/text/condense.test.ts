import { expect, it } from 'vitest'
import { condense } from './condense.js'

it('leaves out blank lines, runs of spaces and repeated marks, and nothing that says something', () => {
  expect(condense('  您好！！！\r\n\r\n\n  已为您\t 查询～～\u3000  \n单号 1024。 \n')).toBe(
    '您好！\n已为您 查询～\n单号 1024。',
  )
  expect(condense('稍等…… 3.50 元 -- 见 https://example.com/a?b=1&&c')).toBe(
    '稍等…… 3.50 元 -- 见 https://example.com/a?b=1&&c',
  )
})
