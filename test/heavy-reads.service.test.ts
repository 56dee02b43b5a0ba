import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestService, type TestService } from './support/test-service.js'

const key = 'a-key-of-the-heavy-reads-test-0123456789'
let service: TestService
beforeAll(async () => {
  service = await startTestService({ KEFU_API_KEY: key })
  await service.emulator.user('oLin').sends('在吗')
})
afterAll(() => service.close())

it('an export that was looked at by its head, or given up, keeps nobody from the next', async () => {
  const url = `${service.url}/api/v1/conversations.csv`
  const headers = { authorization: `Bearer ${key}` }
  for (let i = 0; i < 3; i++) {
    expect((await fetch(url, { method: 'HEAD', headers })).status).toBe(200)
    const given = await fetch(url, { headers })
    expect(given.status).toBe(200)
    await given.body?.cancel()
    // The service hears of it a moment later.
    await expect.poll(async () => (await fetch(url, { headers })).text()).toContain('oLin')
  }
})
