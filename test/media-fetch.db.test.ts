import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readFeed } from '../src/conversation/index.js'
import { gif, jpeg, png, webp } from './support/pictures.js'
import { answerWith, rawServer, type RawRequest, type RawServer } from './support/raw-server.js'
import { mediaStage, type MediaStage } from './support/media-stage.js'
import { storeKinds } from './stores.js'

const kinds = await storeKinds()
const days = 86_400_000
const waiting = { timeout: 20_000, interval: 20 }

// The machine may be busy.
describe.each(kinds)('pictures that customers send, on %s', { timeout: 60_000 }, (kind) => {
  let stage: MediaStage
  const servers: RawServer[] = []
  beforeEach(async () => {
    stage = await mediaStage(kind)
  })
  afterEach(async () => {
    await stage.close()
    for (const server of servers.splice(0)) await server.close()
  })

  const states = async (): Promise<string[]> =>
    (await stage.media()).map(({ state, problem }) => (problem === null ? state : `${state} ${problem}`))
  const settled = async (...expected: string[]): Promise<void> => {
    await expect.poll(states, waiting).toEqual(expected)
  }
  /** A WeChat that gives media in its own way. */
  async function oddWechat(answer: (request: RawRequest) => void): Promise<RawServer> {
    const server = await rawServer((request) => {
      if (request.target === '/cgi-bin/stable_token')
        answerWith(request.socket, '{"access_token":"T","expires_in":7200}')
      else answer(request)
    })
    servers.push(server)
    stage.useApi({ url: server.url })
    return server
  }
  const customer = (openId = 'oLin') => stage.wechat.emulator.user(openId)

  it('are fetched by media id, kept byte for byte, and told to pages', async () => {
    const bytes = png(30, 20)
    await customer().sendsImage(bytes)
    await stage.handlePushes()
    stage.fetcher().start()
    await settled('stored')
    const [media] = await stage.media()
    expect(media).toMatchObject({ mime: 'image/png', width: 30, height: 20, bytes: bytes.length })
    expect(await stage.library.read(media?.id ?? 0)).toEqual(bytes)
    expect(stage.wechat.calls('/cgi-bin/media/get')).toHaveLength(1)

    const messages = await stage.store.db.selectFrom('message').select(['id', 'msg_type']).execute()
    const image = messages.find(({ msg_type }) => msg_type === 'image')
    const { items } = await readFeed(stage.store, 0, 100)
    expect(items.at(-1)).toMatchObject({ kind: 'message', messageId: image?.id })
    expect(stage.told).toBe(1)
  })

  it('and the thumbnails of their cards, once for each media id', async () => {
    await customer().sendsImage(jpeg(9, 8, Buffer.from('rest')))
    const [shown] = customer().messages
    const mediaId = shown?.content.msgType === 'image' ? shown.content.mediaId : ''
    const card = { msgType: 'miniprogrampage' as const, title: '茶', pagePath: 'p?id=1' }
    await customer().sends({ ...card, thumbMediaId: mediaId })
    await customer().sends(card)
    await customer('oWei').sends('你好')
    await stage.handlePushes()
    stage.fetcher().start()
    await settled('stored')
    const links = await stage.store.db.selectFrom('message_media').selectAll().execute()
    expect(links).toHaveLength(2)
  })

  it('lose nothing to a crash: a new process goes on where the old one was', async () => {
    await customer().sendsImage(png())
    await stage.handlePushes()
    const old = stage.fetcher({ fetch: () => new Promise(() => undefined) })
    old.start()
    await expect.poll(async () => (await stage.media())[0]?.attempts, waiting).toBe(1)
    // As after a kill: nothing is given back, and the claim holds until its time is over.
    const next = stage.fetcher()
    next.start()
    await customer().sendsImage(png(5, 5))
    await stage.handlePushes()
    next.wake()
    await settled('wanted', 'stored')
    stage.advance(121_000)
    next.wake()
    await settled('stored', 'stored')
  })

  it('are given back by a process that stops', async () => {
    await customer().sendsImage(png())
    await stage.handlePushes()
    const old = stage.fetcher({ fetch: () => new Promise(() => undefined) })
    old.start()
    await expect.poll(async () => (await stage.media())[0]?.attempts, waiting).toBe(1)
    await old.stop()
    stage.fetcher().start()
    await settled('stored')
  })

  it('are each fetched by one of several processes', async () => {
    const fetchers = [stage.fetcher(), stage.fetcher(), stage.fetcher()]
    for (let i = 1; i <= 12; i++) await customer(`o${i}`).sendsImage(png(i, i))
    await stage.handlePushes()
    for (const fetcher of fetchers) fetcher.start()
    await settled(...Array<string>(12).fill('stored'))
    expect(stage.wechat.calls('/cgi-bin/media/get')).toHaveLength(12)
    const links = await stage.store.db.selectFrom('message_media').selectAll().execute()
    expect(links).toHaveLength(12)
  })

  it('are never more than four at once', async () => {
    let most = 0
    let under = 0
    for (let i = 1; i <= 10; i++) await customer(`o${i}`).sendsImage(png(i, i))
    await stage.handlePushes()
    const api = stage.wechat.api()
    const fetch = async (_appId: string, mediaId: string) => {
      most = Math.max(most, ++under)
      try {
        return await api.getTempMedia(mediaId)
      } finally {
        under--
      }
    }
    stage.fetcher({ fetch }).start()
    await settled(...Array<string>(10).fill('stored'))
    expect(most).toBe(4)
  })

  it.each([
    [{ errcode: -1 }],
    [{ errcode: 45009 }],
    [{ errcode: 40001, times: 2 }],
    [{ status: 502 }],
    [{ reset: 'before' }],
    [{ reset: 'after' }],
  ] as const)('are asked for again after %j', async (fault) => {
    const path = '/cgi-bin/media/get'
    stage.wechat.emulator.faults.add({
      times: 'errcode' in fault && fault.errcode === -1 ? 4 : 1,
      ...fault,
      path,
    })
    await customer().sendsImage(png())
    await stage.handlePushes()
    const fetcher = stage.fetcher()
    fetcher.start()
    await expect
      .poll(() => stage.logger.messages('warn'), waiting)
      .toContain('a picture could not be fetched')
    await settled(`wanted ${'errcode' in fault ? fault.errcode : 'network'}`)
    stage.advance(5000)
    fetcher.wake()
    await settled('stored')
  })

  it('are given up when WeChat does not know them at the third time either', async () => {
    stage.wechat.emulator.faults.add({ path: '/cgi-bin/media/get', errcode: 40007, times: 3 })
    await customer().sendsImage(png())
    await stage.handlePushes()
    const fetcher = stage.fetcher()
    fetcher.start()
    for (const attempts of [1, 2, 3]) {
      await expect.poll(async () => (await stage.media())[0]?.attempts, waiting).toBe(attempts)
      await expect.poll(() => stage.logger.messages('warn').length, waiting).toBe(attempts)
      stage.advance(30_000)
      fetcher.wake()
    }
    await settled('failed 40007')
    // Of the first trouble, and of the end.
    expect(stage.told).toBe(2)
  })

  it('are asked for once more when somebody wants them', async () => {
    stage.wechat.emulator.faults.add({ path: '/cgi-bin/media/get', errcode: 48001 })
    await customer().sendsImage(png())
    await stage.handlePushes()
    const fetcher = stage.fetcher()
    fetcher.start()
    await settled('failed 48001')
    const id = (await stage.media())[0]?.id ?? 0
    // Failed, or put off by trouble that passes.
    stage.wechat.emulator.faults.add({ path: '/cgi-bin/media/get', status: 502 })
    expect(await fetcher.again(id)).toBe(true)
    await settled('wanted network')
    expect(await fetcher.again(id)).toBe(true)
    await settled('stored')
    expect(await fetcher.again(id)).toBe(false)
  })

  it('are not asked for once more when that can’t help', async () => {
    await customer().sendsImage(Buffer.from('\x89PNG\r\n\x1a\nno picture', 'latin1'))
    await stage.handlePushes()
    const fetcher = stage.fetcher()
    fetcher.start()
    await settled('failed unsupported')
    const [media] = await stage.media()
    expect(await fetcher.again(media?.id ?? 0)).toBe(false)
    expect(await fetcher.again((media?.id ?? 0) + 1)).toBe(false)
    // What WeChat has forgotten by then is not asked for at all.
    await stage.store.db.updateTable('media').set({ problem: '48001' }).execute()
    stage.advance(3 * days)
    expect(await fetcher.again(media?.id ?? 0)).toBe(true)
    await settled('expired expired')
    expect(await fetcher.again(media?.id ?? 0)).toBe(false)
    expect(stage.wechat.calls('/cgi-bin/media/get')).toHaveLength(1)
  })

  it('expire when nobody could fetch them for three days', async () => {
    await customer().sendsImage(png())
    await stage.handlePushes()
    stage.wechat.emulator.faults.add({ path: '/cgi-bin/media/get', status: 502, times: 3 })
    const fetcher = stage.fetcher()
    fetcher.start()
    await expect.poll(() => stage.logger.messages('warn').length, waiting).toBe(1)
    stage.advance(3 * days)
    fetcher.wake()
    await settled('expired expired')
    expect(stage.wechat.calls('/cgi-bin/media/get')).toHaveLength(1)
  })

  it('wait while their Mini Program is not configured', async () => {
    await customer().sendsImage(png())
    await stage.handlePushes()
    let configured = false
    const api = stage.wechat.api()
    const fetcher = stage.fetcher({
      fetch: async (_appId, mediaId) => (configured ? api.getTempMedia(mediaId) : undefined),
    })
    fetcher.start()
    await expect
      .poll(async () => (await stage.media())[0]?.next_at, waiting)
      .toBeGreaterThan(stage.now() + 3_000_000)
    configured = true
    stage.advance(3_600_000)
    fetcher.wake()
    await settled('stored')
  })

  it.each([
    [
      'an SVG',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
      'image/svg+xml',
      'failed unsupported',
    ],
    [
      'a page that is called a picture',
      Buffer.from('<body><script>alert(1)</script>'),
      'image/png',
      'failed unsupported',
    ],
    // Somebody between here and WeChat said so: the picture may be there again later.
    ['a page of a proxy', Buffer.from('<html><title>502</title>'), 'image/png', 'wanted network'],
    ['a GIF that is a script', Buffer.from('GIF89a=1;alert(1)//'), 'image/gif', 'failed unsupported'],
    ['a bomb', png(60_000, 60_000, { data: false }), 'image/png', 'failed too_many_pixels'],
    ['what is empty', Buffer.alloc(0), 'image/png', 'wanted network'],
    [
      'a video’s address',
      Buffer.from('{"video_url":"http://127.0.0.1:1/x"}'),
      'application/json',
      'failed refused',
    ],
    ['what is cut off', png().subarray(0, 20), 'image/png', 'failed unsupported'],
    [
      'an unknown media id, called text',
      Buffer.from('{"errcode":48001,"errmsg":"no"}'),
      'text/plain',
      'failed 48001',
    ],
    ['a WebP that is called text/x-picture', webp('VP8X', 7, 7), 'application/octet-stream', 'stored'],
  ])('that are %s end as they should', async (_what, bytes, type, state) => {
    const server = await oddWechat(({ socket }) => {
      answerWith(socket, bytes, { headers: { 'content-type': type } })
    })
    await customer().sendsImage(png())
    await stage.handlePushes()
    stage.fetcher().start()
    await settled(state)
    if (state !== 'stored') expect(stage.files()).toEqual([])
    expect(server.requests.map(({ target }) => target.split('?')[0])).toEqual([
      '/cgi-bin/stable_token',
      '/cgi-bin/media/get',
    ])
  })

  it('that are huge are not read to their end', async () => {
    let sent = 0
    await oddWechat(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: image/gif\r\ncontent-length: 999999999\r\n\r\n')
      socket.write(gif(5, 5))
      const more = Buffer.alloc(1 << 20)
      const write = (): void => {
        while (!socket.destroyed && sent < 500 && socket.write(more)) sent++
        if (!socket.destroyed && sent < 500) socket.once('drain', write)
      }
      write()
    })
    await customer().sendsImage(png())
    await stage.handlePushes()
    stage.fetcher().start()
    await settled('failed too_large')
    expect(sent).toBeLessThan(100)
  })

  it('that never end are given up for now, and hold up no others', async () => {
    let first = true
    await oddWechat(({ socket }) => {
      if (!first) {
        answerWith(socket, png(3, 3), { headers: { 'content-type': 'image/png' } })
        return
      }
      first = false
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 999\r\n\r\n')
      const drip = setInterval(() => socket.write('x'), 20)
      socket.on('close', () => {
        clearInterval(drip)
      })
    })
    await customer().sendsImage(png())
    await customer().sendsImage(png(4, 4))
    await stage.handlePushes()
    const fetcher = stage.fetcher({ timeoutMs: 600, concurrency: 1 })
    fetcher.start()
    await settled('wanted network', 'stored')
    stage.advance(5000)
    fetcher.wake()
    await settled('stored', 'stored')
  })

  it('are never looked for at the links of a push', async () => {
    const trap = await rawServer(({ socket }) => {
      answerWith(socket, png(), { headers: { 'content-type': 'image/png' } })
    })
    servers.push(trap)
    const fields = { PicUrl: `${trap.url}/pic`, ThumbUrl: `${trap.url}/thumb`, MediaId: '' }
    await customer().sends({ msgType: 'other', type: 'image', fields })
    await customer().sends({
      msgType: 'other',
      type: 'image',
      fields: { ...fields, MediaId: '../../secret.key' },
    })
    await stage.handlePushes()
    stage.fetcher().start()
    await expect.poll(() => stage.logger.messages('warn').length, waiting).toBe(1)
    await settled('wanted 40007')
    expect(trap.requests).toHaveLength(0)
  })

  it('lie under names that say nothing, and none but these is opened', async () => {
    await customer().sendsImage(png())
    await stage.handlePushes()
    stage.fetcher().start()
    await settled('stored')
    const [{ file } = { file: '' }] = await stage.media()
    expect(file).toMatch(/^[0-9a-f]{32}$/)
    if (kind === 'sqlite') expect(stage.files()).toEqual([file])
    for (const name of ['../kefu.db', '/etc/passwd', `${file ?? ''}/../../kefu.db`, '', '..'])
      expect(await stage.pictures.get(name)).toBeUndefined()
  })
})
