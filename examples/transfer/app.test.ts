import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { readFile } from 'node:fs/promises'
import { emulated, type Emulated } from '../run/emulated.js'
import { transfer } from './app.js'
import { isOfficeHour } from './office-hours.js'

const mondayMorning = Date.parse('2026-08-03T10:00:00+08:00')
const saturday = Date.parse('2026-08-08T10:00:00+08:00')

let now = mondayMorning
let wechat: Emulated
beforeAll(async () => {
  wechat = await emulated((settings) => transfer(settings, () => now))
})
afterEach(() => wechat.emulator.reset())
afterAll(() => wechat.close())

it.each(['人工', '转人工', '客服', '我要投诉！'])(
  'gives a customer who writes %s to an agent',
  async (text) => {
    now = mondayMorning
    const customer = wechat.emulator.user('oLin')
    expect(await customer.sends(text)).toMatchObject({ answer: 'transfer' })
    expect(customer.withOfficial).toBe(true)
    expect(await customer.receives()).toMatchObject({ from: 'system', content: { kind: 'transferred' } })
  },
)

it('gives a customer who sends a picture to an agent', async () => {
  now = mondayMorning
  const customer = wechat.emulator.user('oLin')
  const picture = await readFile(new URL('../order-lookup/cover.jpg', import.meta.url))
  expect(await customer.sendsImage(picture)).toMatchObject({ answer: 'transfer' })
})

it('says at the weekend when people are there, and keeps the conversation', async () => {
  now = saturday
  const customer = wechat.emulator.user('oLin')
  expect(await customer.sends('人工')).toMatchObject({ answer: 'success' })
  expect(await customer.receives()).toMatchObject({
    content: { content: expect.stringContaining('9:00–18:00') as string },
  })
})

it('welcomes the customer with the order that they were looking at', async () => {
  const customer = wechat.emulator.user('oLin')
  await customer.enters({ sessionFrom: 'order:1024' })
  expect(await customer.receives()).toMatchObject({
    content: { content: '您好！想咨询订单 1024 吗？回复“人工”转接客服。' },
  })
})

it('welcomes a customer who comes another way', async () => {
  const customer = wechat.emulator.user('oLin')
  await customer.enters()
  expect(await customer.receives()).toMatchObject({
    content: { content: '您好！请问有什么可以帮您？回复“人工”转接客服。' },
  })
})

it('answers what it knows, and names the way out where it does not', async () => {
  const customer = wechat.emulator.user('oLin')
  await customer.sends('什么时候发货？')
  expect(await customer.receives()).toMatchObject({
    content: { content: expect.stringContaining('48 小时') as string },
  })
  await customer.sends('天气怎么样')
  expect(await customer.receives()).toMatchObject({
    content: { content: expect.stringContaining('回复“人工”') as string },
  })
})

it.each([
  ['2026-08-03T08:59:59+08:00', false],
  ['2026-08-03T09:00:00+08:00', true],
  ['2026-08-07T17:59:59+08:00', true],
  ['2026-08-07T18:00:00+08:00', false],
  ['2026-08-09T12:00:00+08:00', false],
  ['2026-08-02T20:00:00-05:00', true], // Monday morning in China
])('knows that %s is an office hour: %s', (time, open) => {
  expect(isOfficeHour(Date.parse(time))).toBe(open)
})
