import { fileURLToPath } from 'node:url'
import { Api, ApiError } from 'kefu'
import { createEmulator, type Emulator } from 'kefu/emulator'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { picture } from './picture.js'

const HOUR = 60 * 60 * 1000
const file = fileURLToPath(new URL('cover.jpg', import.meta.url))

let emulator: Emulator
let api: Api
let now = 0
beforeAll(async () => {
  const secrets = { appId: 'wx0123456789abcdef', appSecret: 'secret' }
  emulator = await createEmulator({
    receiveTimeoutMs: 20_000,
    apps: [{ ...secrets, token: 'token', mode: 'plain', pushUrl: 'http://127.0.0.1:9/' }],
  })
  api = new Api({ ...secrets, url: emulator.url })
})
beforeEach(() => emulator.reset())
afterAll(async () => {
  await api.close()
  await emulator.close()
})

const uploads = (): number => emulator.calls.filter(({ request }) => request.path.endsWith('/upload')).length

it('uploads once for all who ask at the same time, and again after two days', async () => {
  const cover = picture(api, file, () => now)
  const ids = new Set(await Promise.all([cover(), cover(), cover()]))
  now += 47 * HOUR
  ids.add(await cover())
  expect([ids.size, uploads()]).toEqual([1, 1])

  now += 2 * HOUR
  ids.add(await cover())
  expect([ids.size, uploads()]).toEqual([2, 2])
})

it('tries again after an upload that failed', async () => {
  const cover = picture(api, file, () => now)
  emulator.faults.add({ path: '/cgi-bin/media/upload', errcode: 45001 })
  await expect(cover()).rejects.toThrow(ApiError)
  expect(await cover()).not.toBe('')
})
