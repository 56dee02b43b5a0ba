import { expect, it } from 'vitest'
import { groupSources } from './source-groups.js'

const none = { source: '', sourceKey: '', sourceValue: null }

it('groups what customers came with by its keys, and keeps them', () => {
  const raws = [
    '{"page":"商品详情页","goods":7}',
    'page=home',
    'weapp',
    'goods_1024',
    ...Array.from({ length: 40 }, (_, index) => `order=${index}&page=home`),
  ]
  expect(groupSources(raws, none)).toEqual({
    fields: [
      { key: 'page', values: ['商品详情页', 'home'], count: 2 },
      { key: 'goods', values: ['7'], count: 1 },
      { key: 'order', values: [], count: 40 },
    ],
    words: [{ raw: 'goods_1024', label: 'goods_1024' }],
  })
})

it('has what is chosen, also when nobody comes from there any more', () => {
  const chosen = { source: 'old', sourceKey: 'order', sourceValue: '7' }
  expect(groupSources([], chosen)).toEqual({
    fields: [{ key: 'order', values: ['7'], count: 0 }],
    words: [{ raw: 'old', label: 'old' }],
  })
})

it('has no more words than one looks through', () => {
  const raws = Array.from({ length: 500 }, (_, index) => `word${index}`)
  expect(groupSources(raws, none).words).toHaveLength(50)
})
