import { describe, expect, it } from 'vitest'
import { maxPhones, newPhone, openPhones } from './phones.js'

const defaults = { sessionFrom: 'goods_1024', cardTitle: '茶', cardPath: 'pages/goods/detail?id=1024' }
const query = (text: string): URLSearchParams => new URLSearchParams(text)

describe('openPhones', () => {
  it('opens one phone with what the defaults say when nothing is remembered', () => {
    const [phone, ...more] = openPhones(null, query(''), defaults)
    expect(more).toEqual([])
    expect(phone).toMatchObject({ appId: '', sessionFrom: 'goods_1024', card: { title: '茶', show: true } })
  })

  it('opens those remembered again', () => {
    const phones = [newPhone(defaults, 'wx1'), newPhone(defaults, 'wx2')]
    expect(openPhones(JSON.stringify(phones), query(''), defaults)).toEqual(phones)
  })

  it('opens as many as asked for, the remembered ones first', () => {
    const remembered = JSON.stringify([newPhone(defaults)])
    const phones = openPhones(remembered, query('phones=3'), defaults)
    expect(phones).toHaveLength(3)
    expect(JSON.stringify(phones.slice(0, 1))).toBe(remembered)
    expect(new Set(phones.map((phone) => phone.openId)).size).toBe(3)
    expect(openPhones(JSON.stringify(phones), query('phones=1'), defaults)).toHaveLength(1)
    expect(openPhones(null, query('phones=9999'), defaults)).toHaveLength(maxPhones)
  })

  it.each(['', '{', '{}', '[1,null]', '[{"openId":"<script>","appId":"","sessionFrom":"","card":{}}]'])(
    'starts afresh from a memory of %j',
    (remembered) => {
      expect(openPhones(remembered, query('phones=x'), defaults)).toHaveLength(1)
    },
  )
})
