import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { tinyPng } from '../../test/push-receiver.js'
import { emulatedWechat, rejection, type EmulatedWechat } from '../../test/support/emulated-wechat.js'
import { answerWith, rawServer, type RawServer } from '../../test/support/raw-server.js'
import { ApiError, MediaError, NetworkError } from '../errors.js'
import { limits } from '../wechat/index.js'
import type { Api } from './api.js'

const uploadPath = '/cgi-bin/media/upload'
/** A JPEG by its first bytes, of any length. */
const jpeg = (length: number): Buffer =>
  Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), randomBytes(length - 4)])

let wechat: EmulatedWechat
let api: Api
let folder: string
const servers: RawServer[] = []

beforeEach(async () => {
  wechat = await emulatedWechat()
  api = wechat.api()
  folder = await mkdtemp(join(tmpdir(), 'kefu-media-'))
})
afterEach(async () => {
  await wechat.close()
  for (const server of servers.splice(0)) await server.close()
  await rm(folder, { recursive: true })
})

/** A WeChat that answers media calls in its own way. */
async function oddWechat(answer: Parameters<typeof rawServer>[0]): Promise<{ api: Api; server: RawServer }> {
  const server = await rawServer((request) => {
    if (request.target === '/cgi-bin/stable_token')
      answerWith(request.socket, '{"access_token":"T","expires_in":7200}')
    else answer(request)
  })
  servers.push(server)
  return { api: wechat.api({ url: server.url }), server }
}

describe('uploadTempMedia', () => {
  test('takes a path, bytes and a stream, and WeChat has the same bytes', async () => {
    const bytes = jpeg(300_000)
    const path = join(folder, '图 片".jpg')
    await writeFile(path, bytes)
    const padded = new Uint8Array(bytes.length + 20)
    padded.set(bytes, 10)
    const sources = [
      path,
      bytes,
      padded.subarray(10, -10),
      createReadStream(path, { highWaterMark: 1000 }),
      Readable.from([bytes.subarray(0, 2), bytes.subarray(2)]),
    ]
    for (const source of sources) {
      const { mediaId, createdAt } = await api.uploadTempMedia(source)
      expect(Math.abs(createdAt.getTime() - Date.now())).toBeLessThan(60_000)
      const media = await api.getTempMedia(mediaId)
      expect((await buffer(media.body)).equals(bytes)).toBe(true)
    }
  })

  test('sends a form as WeChat reads it: field media with name, type and length', async () => {
    const { api: odd, server } = await oddWechat(({ socket }) => {
      answerWith(socket, '{"type":"image","media_id":"M","created_at":1672500000}')
    })
    const path = join(folder, '图片"\r\n.png')
    await writeFile(path, tinyPng)
    expect(await odd.uploadTempMedia(path)).toEqual({ mediaId: 'M', createdAt: new Date(1672500000_000) })
    await odd.uploadTempMedia(tinyPng)
    await odd.uploadTempMedia(Buffer.from('GIF89a'), { filename: '动图.gif' })
    const forms = server.requests.slice(1)
    expect(forms.map(({ target }) => target)).toEqual(
      Array(3).fill(`${uploadPath}?access_token=T&type=image`),
    )
    for (const { head } of forms) expect(head).toMatch(/^content-type: multipart\/form-data; boundary=/im)
    const heads = forms.map(({ body }) => body.toString().split('\r\n\r\n')[0]?.split('\r\n').slice(1))
    expect(heads).toEqual([
      [
        'Content-Disposition: form-data; name="media"; filename="图片%22%0D%0A.png"',
        'Content-Type: image/png',
      ],
      ['Content-Disposition: form-data; name="media"; filename="image.png"', 'Content-Type: image/png'],
      ['Content-Disposition: form-data; name="media"; filename="动图.gif"', 'Content-Type: image/gif'],
    ])
    expect(forms[0]?.body.includes(tinyPng)).toBe(true)
  })

  test('goes to a customer by its id', async () => {
    const customer = await wechat.customer()
    const { mediaId } = await api.uploadTempMedia(tinyPng)
    await api.send(customer.openId, { msgType: 'image', mediaId })
    expect(await customer.receives()).toMatchObject({ content: { msgType: 'image', mediaId } })
  })

  test('sends the same form again with a new token, and while WeChat is busy', async () => {
    wechat.emulator.faults.add({ path: uploadPath, errcode: 42001 })
    wechat.emulator.faults.add({ path: uploadPath, errcode: -1 })
    const bytes = jpeg(100_000)
    const { mediaId } = await api.uploadTempMedia(Readable.from([bytes]))
    expect(wechat.calls(uploadPath)).toHaveLength(3)
    expect((await buffer((await api.getTempMedia(mediaId)).body)).equals(bytes)).toBe(true)
  })

  test('takes a picture of exactly 2 MB', async () => {
    await api.uploadTempMedia(jpeg(limits.imageBytes))
    expect(wechat.calls(uploadPath)).toHaveLength(1)
  })

  const webp = Buffer.concat([Buffer.from('RIFF0000WEBP'), randomBytes(50)])
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')
  test.each([
    ['WebP', webp, 'unsupported', /WebP/],
    ['SVG', svg, 'unsupported', /PNG, JPG and GIF/],
    ['three bytes', Buffer.from([0xff, 0xd8]), 'unsupported', /PNG/],
    ['nothing', Buffer.alloc(0), 'unreadable', /empty/],
    ['an empty stream', Readable.from([]), 'unreadable', /empty/],
    ['one byte more than 2 MB', jpeg(limits.imageBytes + 1), 'too_large', /2 MB/],
  ])('refuses %s before anything is sent', async (_, source, code, message) => {
    const error = await rejection(api.uploadTempMedia(source))
    expect(error).toBeInstanceOf(MediaError)
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string })
    expect(wechat.calls()).toEqual([])
  })

  test('refuses a file that is missing, a folder, and an empty one', async () => {
    const empty = join(folder, 'empty.png')
    await writeFile(empty, '')
    for (const path of [join(folder, 'missing.png'), folder, empty, ''])
      expect(await rejection(api.uploadTempMedia(path))).toMatchObject({
        name: 'MediaError',
        code: 'unreadable',
      })
    expect(wechat.calls()).toEqual([])
  })

  test('cuts an endless stream off', async () => {
    let given = 0
    const endless = new Readable({
      read() {
        given += 65536
        this.push(jpeg(65536))
      },
    })
    expect(await rejection(api.uploadTempMedia(endless))).toMatchObject({ code: 'too_large' })
    expect(endless.destroyed).toBe(true)
    expect(given).toBeLessThan(limits.imageBytes + 10 * 65536)
  })

  test('refuses a stream that breaks, is over already, or gives no bytes', async () => {
    const broken = new PassThrough()
    broken.write(tinyPng)
    setImmediate(() => broken.destroy(new Error('disk on fire')))
    const read = Readable.from([tinyPng])
    await buffer(read)
    const gone = new PassThrough()
    gone.destroy()
    for (const stream of [broken, read, gone, Readable.from([{ no: 'bytes' }])])
      expect(await rejection(api.uploadTempMedia(stream))).toMatchObject({
        name: 'MediaError',
        code: 'unreadable',
      })
    expect(wechat.calls()).toEqual([])
  })

  test('fails in a typed way when the answer holds no id', async () => {
    const { api: odd } = await oddWechat(({ socket }) => {
      answerWith(socket, '{"type":"image"}')
    })
    expect(await rejection(odd.uploadTempMedia(tinyPng))).toMatchObject({
      name: 'ApiError',
      path: uploadPath,
    })
  })

  test('has a date also where WeChat gives none', async () => {
    const { api: odd } = await oddWechat(({ socket }) => {
      answerWith(socket, '{"media_id":"M"}')
    })
    expect((await odd.uploadTempMedia(tinyPng)).createdAt.getTime()).toBeGreaterThan(Date.now() - 60_000)
  })
})

describe('getTempMedia', () => {
  test('gives a customer’s picture with its type, length and name', async () => {
    const customer = await wechat.customer()
    await customer.sendsImage(tinyPng)
    const sent = customer.messages.at(-1)?.content
    if (sent?.msgType !== 'image') throw new Error('no picture')
    const picture = await api.getTempMedia(sent.mediaId)
    expect(picture).toMatchObject({
      contentType: 'image/png',
      contentLength: tinyPng.length,
      filename: `${sent.mediaId}.png`,
    })
    expect((await buffer(picture.body)).equals(tinyPng)).toBe(true)
  })

  test('streams: its beginning is here while the rest is on its way', async () => {
    const bytes = jpeg(3_000_000)
    let rest: (() => void) | undefined
    const chunk = (part: Buffer): Buffer =>
      Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')])
    const { api: odd } = await oddWechat(({ socket }) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\ntransfer-encoding: chunked\r\n\r\n`)
      socket.write(chunk(bytes.subarray(0, 20)))
      rest = () => {
        socket.write(chunk(bytes.subarray(20)))
        socket.write('0\r\n\r\n')
      }
    })
    const picture = await odd.getTempMedia('M')
    expect(picture).toMatchObject({
      contentType: 'image/jpeg',
      contentLength: undefined,
      filename: undefined,
    })
    rest?.()
    const hash = createHash('sha256')
    await pipeline(picture.body, hash)
    expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'))
  })

  test.each(['application/json', 'text/plain', 'Text/Plain;charset=utf-8', 'APPLICATION/JSON'])(
    'recognises the error in a 200 of type %s',
    async (type) => {
      const { api: odd } = await oddWechat(({ socket }) => {
        answerWith(socket, '{"errcode":40007,"errmsg":"invalid media_id rid: 65a-b"}', {
          headers: { 'content-type': type },
        })
      })
      const error = await rejection(odd.getTempMedia('gone'))
      expect(error).toBeInstanceOf(ApiError)
      expect(error).toMatchObject({ errcode: 40007, rid: '65a-b', path: '/cgi-bin/media/get' })
    },
  )

  test('says that a picture is no longer there after three days', async () => {
    const { mediaId } = await api.uploadTempMedia(tinyPng)
    wechat.emulator.advance(limits.mediaSeconds * 1000)
    expect(await rejection(api.getTempMedia(mediaId))).toMatchObject({ errcode: 40007 })
  })

  test('says so when it gets neither a picture nor an error', async () => {
    const { api: odd } = await oddWechat(({ socket, target }) => {
      if (target.includes('video')) answerWith(socket, '{"video_url":"https://a.cn/planted"}')
      else answerWith(socket, '<html>', { status: 502, headers: { 'content-type': 'text/html' } })
    })
    expect(await rejection(odd.getTempMedia('video'))).toMatchObject({ name: 'ApiError' })
    const error = await rejection(odd.getTempMedia('html'))
    expect(error).toBeInstanceOf(NetworkError)
  })

  test('asks again with a new token', async () => {
    const { mediaId } = await api.uploadTempMedia(tinyPng)
    wechat.emulator.faults.add({ path: '/cgi-bin/media/get', errcode: 40001 })
    expect((await buffer((await api.getTempMedia(mediaId)).body)).equals(tinyPng)).toBe(true)
  })

  test.each(['at once', 'after the first bytes', 'by leaving a loop'])(
    'frees the connection when the body is given up %s',
    async (when) => {
      const { api: odd, server } = await oddWechat(({ socket }) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\ncontent-length: 9000000\r\n\r\n')
        socket.write(jpeg(100_000))
      })
      const { body } = await odd.getTempMedia('M')
      if (when === 'at once') body.destroy()
      if (when === 'after the first bytes') {
        body.resume()
        await vi.waitUntil(() => body.readableDidRead)
        body.destroy()
      }
      if (when === 'by leaving a loop') for await (const chunk of body) if (chunk) break
      // (An 'error' that nobody listens for would end the test run.)
      await vi.waitUntil(() => body.closed && server.requests.at(-1)?.socket.destroyed)
    },
  )

  test('shows in the stream that a picture was cut', async () => {
    const { api: odd } = await oddWechat(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\ncontent-length: 9000\r\n\r\n')
      socket.end(jpeg(100))
    })
    expect(await rejection(buffer((await odd.getTempMedia('M')).body))).toBeInstanceOf(NetworkError)
  })

  test('shows in the stream that nothing comes any more, and fails when nothing came at all', async () => {
    let sent = jpeg(100)
    const { server } = await oddWechat(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\ncontent-length: 9000\r\n\r\n')
      socket.write(sent)
    })
    const hasty = wechat.api({ url: server.url, timeoutMs: 200 })
    expect(await rejection(buffer((await hasty.getTempMedia('M')).body))).toBeInstanceOf(NetworkError)
    sent = jpeg(100).subarray(0, 4)
    expect(await rejection(hasty.getTempMedia('M'))).toBeInstanceOf(NetworkError)
  })

  describe('tells by the bytes', () => {
    const pictures = [
      ['image/jpeg', jpeg(50_000)],
      ['image/png', tinyPng],
      ['image/gif', Buffer.from('GIF89a')],
    ] as const
    const labels = ['text/plain', 'application/json', 'application/octet-stream', 'image/png', undefined]

    test.each(pictures)('a picture (%s), whatever it is called', async (type, bytes) => {
      let label: string | undefined
      const { api: odd } = await oddWechat(({ socket }) => {
        socket.write(
          `HTTP/1.1 200 OK\r\n${label === undefined ? '' : `content-type: ${label}\r\n`}content-length: ${bytes.length}\r\n\r\n`,
        )
        // Byte by byte at first: what is told by the bytes waits for them.
        for (const byte of bytes.subarray(0, 3)) socket.write(Buffer.from([byte]))
        socket.write(bytes.subarray(3))
      })
      for (label of labels) {
        const media = await odd.getTempMedia('M')
        expect(media.contentType, label).toBe(type)
        expect((await buffer(media.body)).equals(bytes), label).toBe(true)
      }
    })

    test.each([...labels, 'image/jpeg', 'text/html'])('an error, called %s', async (label) => {
      let body = ''
      const { api: odd } = await oddWechat(({ socket }) => {
        socket.write(
          `HTTP/1.1 200 OK\r\n${label === undefined ? '' : `content-type: ${label}\r\n`}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
        )
      })
      for (const space of ['', '\n', '\ufeff', ' '.repeat(40)]) {
        body = `${space}{"errcode":40007,"errmsg":"invalid media_id \u0014 rid: 65a-b"}`
        expect(await rejection(odd.getTempMedia('M'))).toMatchObject({ errcode: 40007, rid: '65a-b' })
      }
      body = '{}'
      expect(await rejection(odd.getTempMedia('M'))).toBeInstanceOf(ApiError)
      // Not WeChat's: it may be there again later.
      for (body of ['', '<!doctype html><title>Login</title>'])
        expect(await rejection(odd.getTempMedia('M')), body).toBeInstanceOf(NetworkError)
    })

    test('another file keeps its name and type', async () => {
      const amr = Buffer.from('#!AMR\n0123456789abcdef')
      const { api: odd } = await oddWechat(({ socket }) => {
        const headers = {
          'content-type': 'audio/amr',
          'content-disposition': 'attachment; filename="MEDIA_ID.amr"',
        }
        answerWith(socket, amr, { headers })
      })
      const media = await odd.getTempMedia('M')
      expect(media).toMatchObject({ contentType: 'audio/amr', filename: 'MEDIA_ID.amr' })
      expect((await buffer(media.body)).equals(amr)).toBe(true)
    })
  })
})
