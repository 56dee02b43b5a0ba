import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileTokenStore } from 'kefu'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { emulated, type Emulated } from '../run/emulated.js'
import { existingApp } from './app.js'

let tokens: string
let wechat: Emulated
beforeAll(async () => {
  tokens = await mkdtemp(join(tmpdir(), 'kefu-tokens-'))
  wechat = await emulated((...shops) => existingApp(shops, fileTokenStore(tokens)), { apps: 2 })
})
afterAll(async () => {
  await wechat.close()
  await rm(tokens, { recursive: true })
})

it('answers the customers of each Mini Program in that Mini Program’s name', async () => {
  for (const appId of wechat.appIds) {
    const customer = wechat.emulator.user('oLin', appId)
    const delivery = await customer.sends('你好')
    expect(delivery).toMatchObject({ appId, answer: 'success' })
    expect(await customer.receives()).toMatchObject({
      appId,
      content: { content: expect.stringContaining(`data-miniprogram-appid="${appId}"`) as string },
    })
  }
})

it('keeps the access token of each Mini Program in the store', async () => {
  for (const appId of wechat.appIds) await wechat.emulator.user('oWang', appId).sends('你好')
  const files = await readdir(tokens)
  for (const appId of wechat.appIds)
    expect(files.filter((file) => file.startsWith(appId) && file.endsWith('.json'))).toHaveLength(1)
})

it('leaves the app’s own routes as they were', async () => {
  const health = await fetch(`${wechat.url}/health`)
  expect(await health.text()).toBe('ok')
  const feedback = await fetch(`${wechat.url}/feedback`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ stars: 5 }),
  })
  expect(await feedback.json()).toEqual({ received: { stars: 5 } })
  expect((await fetch(`${wechat.url}/nothing`)).status).toBe(404)
})
