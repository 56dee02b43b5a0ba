import { Readable } from 'node:stream'
import type { Selectable } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { customerWrote, queueText } from '../../test/support/conversations.js'
import { png } from '../../test/support/pictures.js'
import { RecordingLogger } from '../../test/support/recording-logger.js'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { ApiError, NetworkError } from '../errors.js'
import type { MediaTable } from '../store/index.js'
import { PictureFetcher, type PictureFetcherOptions, type ShownMessage } from './picture-fetcher.js'

const start = 1_700_000_000_000
const HOUR = 3_600_000
const MAX_BYTES = 10 * 1024 * 1024

const refusal = (errcode: number): ApiError =>
  new ApiError({ errcode, errmsg: 'no', rid: 'r', path: '/media', reason: 'unknown', explanation: '' })
const unreachable = new NetworkError('away', { accepted: 'no', path: '/media' })

describe.each(await storeKinds())('the fetcher of pictures on %s', (kind) => {
  let test: TestStore
  let logger: RecordingLogger
  let at: number
  let told: ShownMessage[][]
  let files: Map<string, Uint8Array>
  /** What WeChat gives for a media id. */
  let wechat: (mediaId: string) => Promise<{ readonly body: Readable } | undefined>
  let asked: string[]
  let removed: string[]
  const running: PictureFetcher[] = []

  beforeEach(async () => {
    test = await makeStore(kind)
    logger = new RecordingLogger()
    at = start
    told = []
    asked = []
    removed = []
    files = new Map()
    wechat = async () => ({ body: Readable.from([png(3, 2)]) })
  })
  afterEach(async () => {
    await Promise.all(running.splice(0).map((fetcher) => fetcher.stop()))
    await test.remove()
  })

  function fetcher(change: Partial<PictureFetcherOptions> = {}): PictureFetcher {
    const made = new PictureFetcher({
      store: test.store,
      pictures: {
        put: async (bytes) => {
          const name = `file${files.size}`
          files.set(name, bytes)
          return name
        },
        get: async () => undefined,
        remove: async (names) => {
          for (const name of names) files.delete(name)
          removed.push(...names)
        },
        sweep: async () => undefined,
      },
      fetch: (_appId, mediaId) => {
        asked.push(mediaId)
        return wechat(mediaId)
      },
      remedyFor: (error) => (error instanceof ApiError && error.errcode !== 45009 ? 'never' : 'later'),
      tell: async (_tx, messages) => void told.push([...messages]),
      onTold: () => undefined,
      logger,
      now: () => at,
      ...change,
    })
    running.push(made)
    return made
  }
  async function want(
    mediaId: string,
    change: Partial<Omit<Selectable<MediaTable>, 'id'>> = {},
  ): Promise<number> {
    const { id } = await test.store.db
      .insertInto('media')
      .values({
        ...{
          app_id: 'wx1',
          media_id: mediaId,
          state: 'wanted' as const,
          attempts: 0,
          next_at: at,
          created_at: at,
        },
        ...change,
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    return id
  }
  const row = (id: number): Promise<Selectable<MediaTable>> =>
    test.store.db.selectFrom('media').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  const until = <T>(look: () => T | Promise<T>) => expect.poll(look, { interval: 2 })
  const state = (id: number) => until(async () => (await row(id)).state)
  const problem = (id: number) => until(async () => (await row(id)).problem)
  const silent = (): Readable => new Readable({ read: () => undefined })

  it('keeps a picture and what it is, and tells the messages that show it', async () => {
    const conversationId = await customerWrote(test.store, 'oLin', at)
    const messageId = await queueText(test.store, conversationId, '图')
    const id = await want('m1')
    await test.store.db.insertInto('message_media').values({ message_id: messageId, media_id: id }).execute()
    fetcher().start()
    await state(id).toBe('stored')
    expect(await row(id)).toMatchObject({
      ...{ file: 'file0', mime: 'image/png', width: 3, height: 2, bytes: png(3, 2).length },
      ...{ attempts: 1, next_at: null, problem: null },
    })
    expect(files.get('file0')).toEqual(png(3, 2))
    expect(told).toEqual([[{ conversationId, messageId }]])
  })

  it('fetches so many at once, the longest wanted first, and goes on when one ends', async () => {
    const bodies = [silent(), silent(), silent()]
    wechat = async (mediaId) => ({ body: bodies[Number(mediaId)] ?? silent() })
    await want('2', { next_at: at })
    await want('1', { next_at: at - 1 })
    await want('0', { next_at: at - 2 })
    await want('later', { next_at: at + 1 })
    fetcher({ concurrency: 2 }).start()
    await until(() => asked.toSorted()).toEqual(['0', '1'])
    bodies[0]?.push(null)
    await until(() => asked.slice(2)).toEqual(['2'])
  })

  it.each([
    [MAX_BYTES, 'unsupported'],
    [MAX_BYTES + 1, 'too_large'],
  ])('reads %i bytes and no more (%s)', async (size, what) => {
    const half = Buffer.alloc(Math.floor(size / 2))
    const body = Readable.from([half, Buffer.alloc(size - half.length), Buffer.alloc(0)])
    wechat = async () => ({ body })
    const id = await want('m1')
    fetcher().start()
    await state(id).toBe('failed')
    expect((await row(id)).problem).toBe(what)
    expect(body.destroyed).toBe(true)
    expect(files.size).toBe(0)
  })

  it('gives a body up that never ends, and asks again later', async () => {
    const body = silent()
    wechat = async () => ({ body })
    const id = await want('m1')
    fetcher({ timeoutMs: 1 }).start()
    await problem(id).toBe('network')
    expect(await row(id)).toMatchObject({ state: 'wanted', next_at: at + 5000 })
    expect(body.destroyed).toBe(true)
  })

  it('gives an answer up that never comes, and reads nothing of one that comes too late', async () => {
    const body = silent()
    let answer: (found: { body: Readable }) => void = () => undefined
    wechat = () => new Promise((resolve) => (answer = resolve))
    const id = await want('m1')
    fetcher({ timeoutMs: 1 }).start()
    await problem(id).toBe('network')
    answer({ body })
    await until(() => body.destroyed).toBe(true)
  })

  it.each([
    [0, 5000],
    [1, 20_000],
    [2, 80_000],
    [4, 1_280_000],
    [5, HOUR],
    [40, HOUR],
  ])('after %i failures asks an unreachable WeChat again in %i ms', async (attempts, pause) => {
    wechat = () => Promise.reject(unreachable)
    const id = await want('m1', { attempts })
    fetcher().start()
    await problem(id).toBe('network')
    expect(await row(id)).toMatchObject({ state: 'wanted', attempts: attempts + 1, next_at: at + pause })
  })

  it('tells pages of trouble the first time only', async () => {
    wechat = () => Promise.reject(unreachable)
    const id = await want('m1', { attempts: 1, problem: 'network' })
    fetcher().start()
    await until(async () => (await row(id)).next_at).toBe(at + 20_000)
    expect(told).toEqual([])
  })

  it.each([
    [1, 'wanted'],
    [2, 'failed'],
  ] as const)(
    'asks three times for a media id that WeChat does not know: after %i it is %s',
    async (attempts, next) => {
      wechat = () => Promise.reject(refusal(40007))
      const id = await want('m1', { attempts })
      fetcher().start()
      await problem(id).toBe('40007')
      expect((await row(id)).state).toBe(next)
    },
  )

  it.each([
    [48001, 'failed', '48001'],
    [NaN, 'failed', 'refused'],
    [45009, 'wanted', '45009'],
  ] as const)('after errcode %d is %s', async (errcode, next, what) => {
    wechat = () => Promise.reject(refusal(errcode))
    const id = await want('m1')
    fetcher().start()
    await problem(id).toBe(what)
    expect((await row(id)).state).toBe(next)
  })

  it('does not ask for what WeChat keeps no longer', async () => {
    const old = await want('old', { created_at: at - 72 * HOUR })
    const kept = await want('kept', { created_at: at - 72 * HOUR + 1 })
    fetcher().start()
    await state(kept).toBe('stored')
    await state(old).toBe('expired')
    expect(asked).toEqual(['kept'])
  })

  it('waits an hour while the Mini Program is not configured', async () => {
    wechat = async () => undefined
    const id = await want('m1')
    fetcher().start()
    await problem(id).toBe('not_configured')
    expect(await row(id)).toMatchObject({ state: 'wanted', next_at: at + HOUR })
  })

  it('gives back what is under way when it stops', async () => {
    const body = silent()
    wechat = async () => ({ body })
    const id = await want('m1')
    const stopping = fetcher()
    stopping.start()
    await until(() => asked).toEqual(['m1'])
    expect((await row(id)).next_at).toBe(at + 120_000)
    await stopping.stop()
    expect(await row(id)).toMatchObject({ state: 'wanted', next_at: at, problem: null })
    expect(body.destroyed).toBe(true)
  })

  it('keeps no bytes of a picture that was erased meanwhile', async () => {
    const body = silent()
    wechat = async () => ({ body })
    await want('m1')
    const other = await want('m2', { next_at: at + 1 })
    fetcher().start()
    await until(() => asked).toEqual(['m1'])
    await test.store.db.deleteFrom('media').where('id', '!=', other).execute()
    body.push(png())
    body.push(null)
    await until(() => removed).toEqual(['file0'])
    expect([files.size, told]).toEqual([0, []])
  })

  it.each([
    ['failed', '48001', true],
    ['wanted', 'network', true],
    ['failed', 'too_large', false],
    ['failed', 'unsupported', false],
    ['wanted', null, false],
    ['expired', 'expired', false],
    ['stored', null, false],
  ] as const)('when somebody wants a picture that is %s (%s) asks again: %s', async (now, why, asks) => {
    const id = await want('m1', { state: now, problem: why, attempts: 7, next_at: at + HOUR })
    const one = fetcher()
    expect(await one.again(id)).toBe(asks)
    if (!asks) return
    await state(id).toBe('stored')
    expect((await row(id)).attempts).toBe(1)
  })
})
