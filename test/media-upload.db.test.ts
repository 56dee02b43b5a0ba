import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { remedyFor } from '../src/api/index.js'
import { pictureSender } from '../src/media/index.js'
import { rejection } from './support/emulated-wechat.js'
import { mediaStage, type MediaStage } from './support/media-stage.js'
import { gif, jpeg, png, webp } from './support/pictures.js'
import { storeKinds } from './stores.js'

const kinds = await storeKinds()
const days = 86_400_000
const waiting = { timeout: 20_000, interval: 20 }
const uploadPath = '/cgi-bin/media/upload'

// The machine may be busy.
describe.each(kinds)('pictures that agents upload, on %s', { timeout: 60_000 }, (kind) => {
  let stage: MediaStage
  beforeEach(async () => {
    stage = await mediaStage(kind)
  })
  afterEach(() => stage.close())

  // One that comes with an expired token is made again.
  const uploads = (): number => stage.wechat.calls(uploadPath).filter(({ errcode }) => errcode === 0).length

  it('are kept under the media id that WeChat gives them', async () => {
    const { appId } = stage.wechat
    const bytes = gif(12, 7)
    const picture = await stage.library.add(appId, bytes)
    expect(picture).toMatchObject({ appId, state: 'stored', mime: 'image/gif', width: 12, height: 7 })
    const id = picture?.id ?? 0
    expect(await stage.library.find(id)).toEqual(picture)
    expect(await stage.library.read(id)).toEqual(bytes)
    expect(await stage.library.find(id + 1)).toBeUndefined()
    expect(await stage.library.read(id + 1)).toBeUndefined()
    // A message with it is its message from the start, and nothing is fetched.
    await stage.wechat.customer('oLin')
    await stage.handlePushes()
    stage.fetcher().start()
    expect(stage.wechat.calls('/cgi-bin/media/get')).toHaveLength(0)
  })

  it.each([
    ['an SVG', Buffer.from('<svg onload="alert(1)"/>'), 'unsupported'],
    ['a WebP, which WeChat does not take', webp('VP8X', 5, 5), 'unsupported'],
    ['a bomb', png(60_000, 60_000, { data: false }), 'unsupported'],
    ['more than 2 MB', jpeg(5, 5, Buffer.alloc(2 * 1024 * 1024)), 'too_large'],
    ['nothing', Buffer.alloc(0), 'unsupported'],
  ])('are refused before anything is sent: %s', async (_what, bytes, code) => {
    expect(await rejection(stage.library.add(stage.wechat.appId, bytes))).toMatchObject({ code })
    expect(uploads()).toBe(0)
    expect(await stage.media()).toEqual([])
    expect(stage.files()).toEqual([])
  })

  it('leave nothing behind when WeChat does not take them', async () => {
    stage.wechat.emulator.faults.add({ path: uploadPath, errcode: 45009 })
    expect(await rejection(stage.library.add(stage.wechat.appId, png()))).toMatchObject({ errcode: 45009 })
    expect(await stage.media()).toEqual([])
  })

  describe('and are sent', () => {
    let mediaId: string
    beforeEach(async () => {
      mediaId = (await stage.library.add(stage.wechat.appId, png(6, 6)))?.mediaId ?? ''
      await stage.wechat.customer('oLin')
    })
    const send = async (): Promise<void> =>
      pictureSender(stage.wechat.api(), stage.wechat.appId, stage.library, stage.logger).send('oLin', {
        msgType: 'image',
        mediaId,
      })
    const shown = (): number =>
      stage.wechat.emulator.user('oLin').messages.filter(({ content }) => content.msgType === 'image').length

    it('as they are, while WeChat has them', async () => {
      await send()
      expect([shown(), uploads()]).toEqual([1, 1])
    })

    it('uploaded anew when their three days are over, and then for three days more', async () => {
      stage.wechat.emulator.advance(3 * days)
      await stage.wechat.customer('oLin')
      stage.advance(3 * days)
      await send()
      expect([shown(), uploads()]).toEqual([1, 2])
      await send()
      expect([shown(), uploads()]).toEqual([2, 2])
    })

    it('uploaded anew when WeChat says that it has them no more', async () => {
      stage.wechat.emulator.advance(3 * days)
      await stage.wechat.customer('oLin')
      await send()
      expect([shown(), uploads()]).toEqual([1, 2])
    })

    it('not at all when they can’t be uploaded, which is certain and so may be tried again', async () => {
      stage.wechat.emulator.faults.add({ path: uploadPath, reset: 'after' })
      stage.advance(3 * days)
      expect(remedyFor(await rejection(send()))).toBe('connect')
      expect(stage.wechat.calls('/cgi-bin/message/custom/send')).toHaveLength(0)
      await send()
      expect(shown()).toBe(1)
    })

    it('refused when their bytes are gone', async () => {
      const [row] = await stage.media()
      await stage.pictures.remove([row?.file ?? ''])
      stage.wechat.emulator.advance(3 * days)
      await stage.wechat.customer('oLin')
      expect(await rejection(send())).toMatchObject({ errcode: 40007 })
      expect(uploads()).toBe(1)
    })

    it('as the thumbnail of a card, and others untouched', async () => {
      stage.advance(3 * days)
      const sender = pictureSender(stage.wechat.api(), stage.wechat.appId, stage.library, stage.logger)
      const card = { msgType: 'miniprogrampage' as const, title: '茶', pagePath: 'p', thumbMediaId: mediaId }
      await sender.send('oLin', card)
      await sender.send('oLin', { msgType: 'text', content: '好' })
      await sender.setTyping('oLin', true)
      expect(uploads()).toBe(2)
      expect(stage.wechat.calls('/cgi-bin/message/custom/send')).toHaveLength(2)
    })
  })

  it('that a customer sent can be sent back when WeChat has forgotten them', async () => {
    const customer = stage.wechat.emulator.user('oLin')
    await customer.sendsImage(png(8, 8))
    await stage.handlePushes()
    stage.fetcher().start()
    await expect.poll(async () => (await stage.media())[0]?.state, waiting).toBe('stored')
    const [row] = await stage.media()
    stage.wechat.emulator.advance(3 * days)
    await stage.wechat.customer('oLin')
    stage.advance(3 * days)
    const sender = pictureSender(stage.wechat.api(), stage.wechat.appId, stage.library, stage.logger)
    await sender.send('oLin', { msgType: 'image', mediaId: row?.media_id ?? '' })
    expect(uploads()).toBe(1)
  })
})
