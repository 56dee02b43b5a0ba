import { afterAll, beforeAll, expect, it } from 'vitest'
import { emulated, type Emulated } from '../run/emulated.js'
import { echo } from './app.js'

let wechat: Emulated
beforeAll(async () => {
  wechat = await emulated(echo)
})
afterAll(() => wechat.close())

it('says back what the customer says, whatever characters it holds', async () => {
  const customer = wechat.emulator.user('oLin')
  await customer.sends('<你好> & ]]> 👋🏽')
  expect(await customer.receives()).toMatchObject({
    from: 'service',
    content: { msgType: 'text', content: '您说：<你好> & ]]> 👋🏽' },
  })
})

it('asks for text when the customer sends a card', async () => {
  const customer = wechat.emulator.user('oWang')
  await customer.sends({
    msgType: 'miniprogrampage',
    title: '云朵马克杯',
    pagePath: 'pages/goods/detail?id=1',
  })
  expect(await customer.receives()).toMatchObject({ content: { content: '请发文字给我。' } })
})
