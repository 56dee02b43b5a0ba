import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  everyShard,
  feedPurge,
  messagePurge,
  pushPurge,
  readFeed,
  Retention,
  type Kept,
} from '../src/conversation/index.js'
import { purgePictures } from '../src/media/index.js'
import { toJson, openStore } from '../src/store/index.js'
import { restorePush } from '../src/wechat/index.js'
import { mediaStage, type MediaStage } from './support/media-stage.js'
import { png } from './support/pictures.js'
import { startTestService } from './support/test-service.js'
import { storeKinds } from './stores.js'

const kinds = await storeKinds()
const day = 86_400_000
const waiting = { timeout: 20_000, interval: 50 }

// The machine may be busy.
describe.each(kinds)('what is too old, on %s', { timeout: 60_000 }, (kind) => {
  let stage: MediaStage
  beforeEach(async () => {
    stage = await mediaStage(kind)
  })
  afterEach(() => stage.close())

  async function purge(forMs: number, names = ['media', 'messages', 'pushes', 'feed']): Promise<void> {
    const { store, pictures } = stage
    const kept: Kept[] = [
      {
        name: 'media',
        forMs,
        purge: (before, from, most) => purgePictures(store, pictures, before, from, most),
      },
      { name: 'messages', forMs, purge: messagePurge(store, (gone) => pictures.remove(gone)) },
      { name: 'pushes', forMs, purge: pushPurge(store) },
      { name: 'feed', forMs, purge: feedPurge(store) },
    ]
    await new Retention({
      kept: kept.filter(({ name }) => names.includes(name)),
      mine: () => everyShard.has(0),
      logger: stage.logger,
      now: () => stage.now(),
      wait: () => new Promise(setImmediate),
    }).run()
  }
  const count = async (
    table: 'message' | 'push' | 'feed' | 'media' | 'media_bytes' | 'contact',
  ): Promise<number> =>
    Number(
      (
        await stage.store.db
          .selectFrom(table)
          .select((eb) => eb.fn.countAll().as('n'))
          .executeTakeFirstOrThrow()
      ).n,
    )
  async function says(openId: string, text: string): Promise<void> {
    await stage.wechat.emulator.user(openId).sends(text)
    await stage.handlePushes()
  }

  it('goes, in many small steps, and what is younger stays', async () => {
    for (let i = 0; i < 50; i++) await stage.wechat.emulator.user('oOld').sends(`alt ${i}`)
    await stage.handlePushes()
    stage.advance(10 * day)
    await says('oNew', 'neu')
    const [old, all] = [await count('message'), await count('push')]
    expect([old, all]).toEqual([53, 51])
    await purge(9 * day)
    const rows = await stage.store.db.selectFrom('message').select('content').execute()
    expect(rows.map(({ content }) => content).join()).not.toContain('alt')
    expect(rows.map(({ content }) => content).join()).toContain('neu')
    expect(await count('push')).toBe(1)
    // Whom it was from is known still; the rest is for an erasure.
    expect(await count('contact')).toBe(2)
    const { items } = await readFeed(stage.store, 0, 100)
    expect(items.every(({ at }) => at > stage.now() - day)).toBe(true)
  })

  it('goes not while it is not handled or not sent', async () => {
    await says('oLin', '你好')
    const { db } = stage.store
    const [{ id } = { id: 0 }] = await db.selectFrom('conversation').select('id').execute()
    const push = await db
      .selectFrom('push')
      .select(['attempts', 'app_id', 'open_id', 'shard', 'format', 'plaintext', 'received_at'])
      .executeTakeFirstOrThrow()
    const outgoing = {
      conversation_id: id,
      direction: 'outgoing',
      author: 'bot',
      msg_type: 'text',
      epoch: 0,
    } as const
    const written = { content: '{}', attempts: 0, created_at: stage.now() }
    const states = ['queued', 'sending', 'accepted', 'unknown', 'failed', 'cancelled'] as const
    for (const [i, state] of states.entries())
      await db
        .insertInto('message')
        .values({ ...outgoing, ...written, id: 1000 + i, state })
        .execute()
    const waits = { ...push, dedupe_key: 'waits', state: 'new', answer: null } as const
    const { id: pushId } = await db.insertInto('push').values(waits).returning('id').executeTakeFirstOrThrow()
    await db
      .insertInto('message')
      .values({ ...outgoing, ...written, id: 2000, state: 'accepted', push_id: pushId })
      .execute()
    stage.advance(30 * day)
    await purge(day)
    const left = await db.selectFrom('message').select(['id']).orderBy('id').execute()
    expect(left.map((row) => row.id)).toEqual([1000, 1001, 2000])
    expect((await db.selectFrom('push').select('dedupe_key').execute()).map((row) => row.dedupe_key)).toEqual(
      ['waits'],
    )
  })

  it('is known as a repeat for as long as it is kept', async () => {
    await says('oLin', '你好')
    const push = await stage.store.db.selectFrom('push').selectAll().executeTakeFirstOrThrow()
    const row = {
      dedupeKey: restorePush({ appId: push.app_id, plaintext: push.plaintext }).id,
      appId: push.app_id,
      openId: push.open_id,
      format: push.format,
      plaintext: push.plaintext,
      receivedAt: stage.now(),
    }
    stage.advance(day - 60_000)
    await purge(day)
    expect(await stage.store.pushes.append(row)).toEqual({ id: push.id, inserted: false })
  })

  it('takes pictures along that no other message shows', async () => {
    const { emulator } = stage.wechat
    const customer = emulator.user('oLin')
    await customer.sendsImage(png(5, 5))
    const [shown] = customer.messages
    const mediaId = shown?.content.msgType === 'image' ? shown.content.mediaId : ''
    await customer.sendsImage(png(6, 6))
    await stage.handlePushes()
    const fetcher = stage.fetcher()
    fetcher.start()
    await expect
      .poll(async () => (await stage.media()).filter(({ state }) => state === 'stored').length, waiting)
      .toBe(2)
    stage.advance(10 * day)
    await customer.sends({ msgType: 'image', mediaId })
    await stage.handlePushes()
    fetcher.wake()
    await expect
      .poll(
        async () => (await stage.store.db.selectFrom('message_media').selectAll().execute()).length,
        waiting,
      )
      .toBe(3)
    await purge(9 * day, ['messages'])
    const media = await stage.media()
    expect(media.map(({ media_id, state }) => [media_id, state])).toEqual([[mediaId, 'stored']])
    if (kind === 'sqlite') expect(stage.files()).toEqual([media[0]?.file])
    else expect(await count('media_bytes')).toBe(1)
  })

  it('are pictures by themselves, too: their messages say that there was one', async () => {
    await stage.wechat.emulator.user('oLin').sendsImage(png(5, 5))
    await stage.handlePushes()
    stage.fetcher().start()
    await expect.poll(async () => (await stage.media())[0]?.state, waiting).toBe('stored')
    stage.advance(10 * day)
    await purge(9 * day, ['media'])
    expect(await stage.media()).toMatchObject([
      { state: 'expired', problem: 'too_old', file: null, width: 5 },
    ])
    expect(stage.files()).toEqual([])
    expect(await count('media_bytes')).toBe(0)
    expect(await stage.library.read((await stage.media())[0]?.id ?? 0)).toBeUndefined()
  })

  it('lets pages that were away for longer load anew, and webhooks read the feed first', async () => {
    await says('oLin', '一')
    const { db } = stage.store
    const last = (
      await db.selectFrom('feed').select('sequence').orderBy('sequence', 'desc').executeTakeFirstOrThrow()
    ).sequence
    const hook = await db
      .insertInto('webhook')
      .values({
        url: 'https://example.com/',
        description: '',
        events: toJson([]),
        enabled: 1,
        cursor: last - 1,
        created_at: 1,
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    stage.advance(2 * day)
    await purge(day, ['feed'])
    expect((await readFeed(stage.store, 0, 10)).items.map(({ sequence }) => sequence)).toEqual([last])
    await db.updateTable('webhook').set({ cursor: last }).where('id', '=', hook.id).execute()
    await purge(day, ['feed'])
    expect(await readFeed(stage.store, last - 1, 10)).toEqual({ items: [], reset: true })
    expect(await readFeed(stage.store, last, 10)).toEqual({ items: [], reset: false })
  })

  it('and what a crash left of pictures goes at the next start', async () => {
    const left = await stage.pictures.put(png(3, 3))
    const picture = await stage.library.add(stage.wechat.appId, png(4, 4))
    stage.advance(2 * 3_600_000)
    const fetcher = stage.fetcher()
    if (kind === 'sqlite') {
      const unfinished = join(stage.directory, 'media', 'x.part')
      utimesSync(join(stage.directory, 'media', left), 1, 1)
      await import('node:fs/promises').then(({ writeFile }) => writeFile(unfinished, 'half'))
    }
    fetcher.start()
    await expect.poll(() => stage.pictures.get(left), waiting).toBeUndefined()
    if (kind === 'sqlite') await expect.poll(() => stage.files().length, waiting).toBe(1)
    expect(await stage.library.read(picture?.id ?? 0)).toEqual(png(4, 4))
  })
})

describe('the service', () => {
  it('keeps everything, unless the configuration says for how long', async () => {
    const service = await startTestService()
    try {
      await service.emulator.user('oLin').sends('很久以前')
      await service.stop()
      const old = await openStore(service.config.databaseUrl)
      const before = Date.now() - 40 * day
      await old.db.updateTable('message').set({ created_at: before }).execute()
      await old.db.updateTable('push').set({ received_at: before }).execute()
      await old.db.updateTable('feed').set({ at: before }).execute()
      await old.close()
      const left = async (): Promise<number[]> => {
        await service.stop()
        const store = await openStore(service.config.databaseUrl)
        const counts = []
        for (const table of ['message', 'push', 'feed'] as const)
          counts.push((await store.db.selectFrom(table).selectAll().execute()).length)
        await store.close()
        return counts
      }
      await service.restart()
      expect(Math.min(...(await left()))).toBeGreaterThan(0)
      await service.restart({
        KEFU_KEEP_MESSAGES_DAYS: '30',
        KEFU_KEEP_PUSHES_DAYS: '30',
        KEFU_KEEP_MEDIA_DAYS: '30',
        KEFU_KEEP_FEED_DAYS: '30',
      })
      await expect
        .poll(() => service.log, waiting)
        .toMatch(/"kind":"feed".*what was too old has been deleted/)
      expect(await left()).toEqual([0, 0, 0])
    } finally {
      await service.close()
    }
  })
})
