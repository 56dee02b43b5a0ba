import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isBareEntry, readSessionFrom } from './session-from.js'

describe('session-from', () => {
  it('is read as JSON', () => {
    const read = readSessionFrom('{"page":"商品详情页","goods":1024,"nested":{"a":1}}')
    expect(read.fields).toEqual([
      ['page', '商品详情页'],
      ['goods', '1024'],
      ['nested', '{"a":1}'],
    ])
    expect(read.short).toBe('商品详情页 · 1024')
  })

  it('is read as a query, also behind a path, also encoded', () => {
    expect(readSessionFrom('page=home&ref=banner').fields).toEqual([
      ['page', 'home'],
      ['ref', 'banner'],
    ])
    expect(readSessionFrom('pages/goods/detail?id=1024').fields).toEqual([
      ['path', 'pages/goods/detail'],
      ['id', '1024'],
    ])
    expect(readSessionFrom('%7B%22page%22%3A%22%E9%A6%96%E9%A1%B5%22%7D').short).toBe('首页')
    expect(readSessionFrom('page%3Dhome').fields).toEqual([['page', 'home']])
  })

  it('is a word otherwise', () => {
    expect(readSessionFrom('goods_1024')).toEqual({ fields: [], raw: 'goods_1024', short: 'goods_1024' })
    expect(readSessionFrom('{"broken').fields).toEqual([])
    expect(readSessionFrom('100%').short).toBe('100%')
    expect(readSessionFrom('[1,2]').fields).toEqual([])
  })

  it('never throws, whatever a Mini Program passes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (raw) => {
        expect(readSessionFrom(raw).raw).toBe(raw)
      }),
    )
  })

  it('says nothing when the customer came another way', () => {
    expect([null, '', 'wxapp', 'weapp', 'goods'].map(isBareEntry)).toEqual([true, true, true, true, false])
  })
})
