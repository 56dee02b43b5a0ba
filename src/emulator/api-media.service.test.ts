import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { otherApp, readAnswer, ridAtEnd, startApiCaller } from '../../test/support/api-caller.js'
import { tinyPng } from '../../test/push-receiver.js'

const hour = 60 * 60_000
const caller = await startApiCaller()
const { upload, emulator, receiver, user, post, getToken, send } = caller
beforeEach(caller.reset)
afterAll(caller.close)

describe('media', () => {
  const fetchMedia = (mediaId: string, accessToken = caller.token): Promise<Response> =>
    fetch(`${emulator.url}/cgi-bin/media/get?access_token=${accessToken}&media_id=${mediaId}`)

  it('come back byte for byte, with their type and a name', async () => {
    const uploaded = await upload(tinyPng)
    expect(uploaded).toMatchObject({ type: 'image', created_at: expect.any(Number) as number })
    const response = await fetchMedia(uploaded.media_id ?? '')
    expect(response.headers.get('content-type')).toBe('image/png')
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename=".+\.png"$/)
    expect(Buffer.from(await response.arrayBuffer())).toEqual(tinyPng)
  })

  it('are refused in a 200 that does not even say that it is JSON', async () => {
    const response = await fetchMedia('none')
    expect(response.headers.get('content-type')).toContain('text/plain')
    expect(await readAnswer(response)).toMatchObject({
      errcode: 40007,
      errmsg: expect.stringMatching(ridAtEnd) as string,
    })
    expect(await readAnswer(await fetchMedia(''))).toMatchObject({ errcode: 41006 })
  })

  it('are gone after three days', async () => {
    const { media_id = '' } = await upload(tinyPng)
    emulator.advance(72 * hour)
    caller.token = (await getToken()).access_token ?? ''
    expect(await readAnswer(await fetchMedia(media_id))).toMatchObject({ errcode: 40007 })
    await user.sends('在吗')
    expect(await send({ msgtype: 'image', image: { media_id } })).toMatchObject({ errcode: 40007 })
  })

  it('of one Mini Program are none of another’s', async () => {
    const { media_id = '' } = await upload(tinyPng)
    const { access_token = '' } = await getToken({ appid: otherApp.appId, secret: otherApp.appSecret })
    expect(await readAnswer(await fetchMedia(media_id, access_token))).toMatchObject({ errcode: 40007 })
  })

  it('that a customer sent can be fetched by the app that they were sent to', async () => {
    await user.sendsImage(tinyPng)
    const { MediaId, PicUrl } = JSON.parse(receiver.received.at(-1)?.body ?? '') as Record<string, string>
    expect(Buffer.from(await (await fetchMedia(MediaId ?? '')).arrayBuffer())).toEqual(tinyPng)
    expect(Buffer.from(await (await fetch(PicUrl ?? '')).arrayBuffer())).toEqual(tinyPng)
    const { access_token = '' } = await getToken({ appid: otherApp.appId, secret: otherApp.appSecret })
    expect(await readAnswer(await fetchMedia(MediaId ?? '', access_token))).toMatchObject({ errcode: 40007 })
  })

  it('are refused when they are of another type, no picture, empty, too large, or not there', async () => {
    expect(await upload(tinyPng, { type: 'video' })).toMatchObject({ errcode: 40004 })
    expect(await upload('<svg xmlns="http://www.w3.org/2000/svg"/>')).toMatchObject({ errcode: 40005 })
    expect(await upload('')).toMatchObject({ errcode: 40006 })
    expect(await upload(Buffer.concat([tinyPng, Buffer.alloc(10 * 1024 * 1024)]))).toMatchObject({
      errcode: 45001,
    })
    expect(await upload(Buffer.concat([tinyPng, Buffer.alloc(12 * 1024 * 1024)]))).toMatchObject({
      errcode: 45001,
    })
    expect(await upload(tinyPng, { field: 'file' })).toMatchObject({ errcode: 41005 })
    expect(await upload(undefined)).toMatchObject({ errcode: 41005 })
    expect(await post('/cgi-bin/media/upload', 'no form')).toMatchObject({ errcode: 40004 })
  })
})

it.each([
  [
    'ends in the middle of a file',
    '--x\r\nContent-Disposition: form-data; name="media"; filename="a.png"\r\n\r\nabc',
  ],
  ['has no parts', ''],
  ['has parts without headers', '--x\r\n\r\nabc\r\n--x--'],
])('answers 41005 to an upload whose form %s', async (_what, body) => {
  const response = await fetch(
    `${emulator.url}/cgi-bin/media/upload?type=image&access_token=${caller.token}`,
    {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
      body,
    },
  )
  expect(await readAnswer(response)).toMatchObject({ errcode: 41005 })
})
