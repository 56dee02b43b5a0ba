import { expect, it } from 'vitest'
import { cannedQuery, fillCanned, searchCanned } from './canned-search.js'

const replies = [
  {
    id: 1,
    appId: null,
    title: '退货流程',
    content: '请在订单页申请售后。',
    shortcut: 'th',
    pinyin: ['tuihuoliucheng', 'thlc'],
  },
  {
    id: 2,
    appId: null,
    title: '发货时间',
    content: '48 小时内发出，不退货也一样。',
    shortcut: null,
    pinyin: ['fahuoshijian', 'fhsj'],
  },
]
const found = (query: string): number[] => searchCanned(replies, query).map(({ id }) => id)

it('「/」 opens the canned replies at the beginning of a line, and nowhere else', () => {
  expect(cannedQuery('/', 1)).toEqual({ query: '', start: 0 })
  expect(cannedQuery('您好\n/th', 6)).toEqual({ query: 'th', start: 3 })
  expect(cannedQuery('您好 /th', 6)).toBeNull()
  expect(cannedQuery('/th 后面', 6)).toBeNull()
  expect(cannedQuery('https://example.com', 8)).toBeNull()
  expect(cannedQuery('//', 2)).toBeNull()
})

it('finds by shortcut, title, pinyin and content, the closest first', () => {
  expect(found('')).toEqual([1, 2])
  expect(found('th')).toEqual([1])
  expect(found('fhsj')).toEqual([2])
  expect(found('退货')).toEqual([1, 2])
  expect(found('没有')).toEqual([])
})

it('fills in what is known and leaves the rest to be seen', () => {
  expect(
    fillCanned('您好 {{contact.name}}，{{ agent.name }}，{{other}}', {
      'contact.name': '张三',
      'agent.name': '小满',
    }),
  ).toBe('您好 张三，小满，{{other}}')
})
