import fc from 'fast-check'
import { expect, it } from 'vitest'
import { sessionFields } from '../src/conversation/queries/session-fields.js'
import { readSessionFrom } from '../web/desk/text/session-from.js'

it('is read by the service’s filters as by the page', () => {
  const texts = [
    '{"page":"商品详情页","goods":1024,"nested":{"a":1}}',
    'page=home&ref=banner',
    'pages/goods/detail?id=1024',
    '%7B%22page%22%3A%22%E9%A6%96%E9%A1%B5%22%7D',
    'page%3Dhome',
    'goods_1024',
    ' ?a=1',
  ]
  for (const text of texts) expect(sessionFields(text)).toEqual(readSessionFrom(text).fields)
  const sign = fc.constantFrom('a', '=', '&', '?', '%', '{', '}', '"', ':', ' ', '页', '%3D', '%26')
  fc.assert(
    fc.property(fc.string({ unit: sign }), (text) => {
      expect(sessionFields(text)).toEqual(readSessionFrom(text).fields)
    }),
  )
})
