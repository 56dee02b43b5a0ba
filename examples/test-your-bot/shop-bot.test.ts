import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import { Api, webhook } from 'kefu'
import { createEmulator, makeSecrets } from 'kefu/emulator'
import { afterAll, afterEach, expect, it } from 'vitest'
import { shopBot } from './shop-bot.js'

const secrets = makeSecrets() // the emulator is WeChat here, so any will do
const stock = new Map([['马克杯', 3]])

// The CI machine may be slow; without it a reply that has not come within 2 s fails the test.
const emulator = await createEmulator({ receiveTimeoutMs: 10_000 })
const bot = shopBot(new Api({ ...secrets, url: emulator.url }), async (goods) => stock.get(goods) ?? 0)
const server = new Koa().use(webhook(bot, secrets)).listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
emulator.addApp({ ...secrets, pushUrl: `http://127.0.0.1:${port}` })

const customer = emulator.user('oLin')
afterEach(() => emulator.reset())
afterAll(async () => {
  server.close()
  await emulator.close()
})

it('greets a customer who taps the contact button', async () => {
  await customer.enters({ sessionFrom: 'goods:1' })
  expect(await customer.receivesText()).toBe('您好！发送“库存 马克杯”可查库存。')
})

it('knows what is in stock', async () => {
  await customer.sends('库存 马克杯')
  expect(await customer.receivesText()).toBe('马克杯还有 3 件。')
})

it('says what is sold out', async () => {
  await customer.sends('库存 雨伞')
  expect(await customer.receivesText()).toBe('雨伞卖完了，明天补货。')
})

it('gives the customer to an agent when asked', async () => {
  expect(await customer.sends('人工')).toMatchObject({ answer: 'transfer' })
  expect(customer.withOfficial).toBe(true)
})

it('answers once when WeChat pushes a message twice', async () => {
  emulator.faults.add({ push: 'duplicate' })
  await customer.sends('库存 马克杯')
  expect(customer.messages.map(({ from }) => from)).toEqual(['user', 'service'])
})

it('answers also when WeChat is busy for a moment', async () => {
  emulator.faults.add({ path: '/cgi-bin/message/custom/send', errcode: -1 })
  await customer.sends('库存 马克杯')
  expect(await customer.receivesText()).toBe('马克杯还有 3 件。')
})
