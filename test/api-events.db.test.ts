import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore } from '../src/store/index.js'
import { ApiClient } from './support/api-client.js'
import { EventReader } from './support/event-reader.js'
import { startTestService, type TestService } from './support/test-service.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'

const key = 'a-key-of-the-events-test-0123456789'

describe.each(await storeKinds())('events on %s', (kind) => {
  let database: TestStore
  let service: TestService
  const readers: EventReader[] = []
  async function follow(from: { after?: string; lastEventId?: string } = {}): Promise<EventReader> {
    const reader = await EventReader.open(service.url, { key, ...from })
    readers.push(reader)
    return reader
  }
  /** What a reader has been told of messages: their texts and system lines. */
  const lines = (reader: EventReader): unknown[] =>
    reader.events.flatMap(({ event, data }) => {
      const { message } = data as { message?: { content?: string; line?: string } }
      return event === 'message' ? [message?.content ?? message?.line] : []
    })

  beforeEach(async () => {
    database = await makeStore(kind)
    await database.store.close()
    service = await startTestService({ KEFU_API_KEY: key, DATABASE_URL: database.url })
  })
  afterEach(async () => {
    for (const reader of readers.splice(0)) await reader.close()
    await service.close()
    await openStore(database.url).then((store) => store.close())
    await database.remove()
  })

  it('tell of messages and conversations as they come, each page of all of them', async () => {
    const pages = [await follow(), await follow()]
    await service.emulator.user('oLin').sends('在吗')
    for (const page of pages) {
      await expect.poll(() => lines(page), { timeout: 10_000 }).toEqual(['在吗', 'handoff'])
      const ids = page.events.map(({ id }) => Number(id))
      expect(ids).toEqual([...ids].sort((a, b) => a - b))
      expect(page.events.at(-1)).toMatchObject({
        data: { conversation: { openId: 'oLin', status: 'waiting' } },
      })
    }
  })

  it('tell a page that comes again what it missed, and nothing twice', async () => {
    const page = await follow()
    await service.emulator.user('oLin').sends('一')
    await expect.poll(() => lines(page), { timeout: 10_000 }).toEqual(['一', 'handoff'])
    const { lastId } = page
    await page.close()
    await service.emulator.user('oLin').sends('二')
    await service.emulator.user('oLin').sends('三')
    const again = await follow({ lastEventId: lastId })
    await expect.poll(() => lines(again), { timeout: 10_000 }).toEqual(['二', '三'])
    const other = await follow({ after: lastId })
    await expect.poll(() => lines(other), { timeout: 10_000 }).toEqual(['二', '三'])
    await service.emulator.user('oLin').sends('四')
    for (const each of [again, other])
      await expect.poll(() => lines(each), { timeout: 10_000 }).toEqual(['二', '三', '四'])
  })

  it('tell a page to load anew when what it missed is pruned, or never was', async () => {
    const ahead = await follow({ after: '999999999' })
    await expect.poll(() => ahead.events).toMatchObject([{ event: 'reset', data: {} }])
    await service.emulator.user('oLin').sends('一')
    await expect.poll(() => lines(ahead), { timeout: 10_000 }).toEqual(['一', 'handoff'])
    await service.stop()
    const store = await openStore(database.url)
    await store.db.insertInto('setting').values({ key: 'feed_pruned_to', value: '2' }).execute()
    await store.close()
    await service.restart()
    const behind = await follow({ after: '1' })
    await expect.poll(() => behind.events).toMatchObject([{ event: 'reset' }])
    await service.emulator.user('oLin').sends('二')
    await expect.poll(() => lines(behind), { timeout: 10_000 }).toEqual(['二'])
  })

  it('end when the service does', async () => {
    const page = await follow()
    const order: string[] = []
    await Promise.all([
      page.ended.then(() => order.push('page')),
      service.stop().then(() => order.push('service')),
    ])
    expect(order).toEqual(['page', 'service'])
    await service.restart()
  })

  it('are for who shows a key, and say what is wrong with a place', async () => {
    expect((await service.get('/api/v1/events')).status).toBe(401)
    const api = new ApiClient(service.url, key)
    expect(await api.call('GET /events', { query: { after: 'x' } })).toMatchObject({ status: 400 })
    expect(await api.call('GET /events', { headers: { 'last-event-id': 'x' } })).toMatchObject({
      status: 400,
    })
  })
})
