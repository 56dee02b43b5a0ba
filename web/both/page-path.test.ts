import { expect, it } from 'vitest'
import { readPagePath } from './page-path.js'

it('takes a page path apart', () => {
  expect(readPagePath('/pages/order/detail?id=1&name=%E7%8E%8B&x')).toEqual({
    path: 'pages/order/detail',
    query: [
      ['id', '1'],
      ['name', '王'],
      ['x', ''],
    ],
  })
  expect(readPagePath('pages/index')).toEqual({ path: 'pages/index', query: [] })
  expect(readPagePath('')).toEqual({ path: '', query: [] })
})
