import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { agentView } from '../src/people/schemas/agent-view.js'
import { conversationView } from '../src/desk/schemas/conversation-view.js'
import { listOf } from '../src/http/schemas/list.js'
import { messageView, type MessageView } from '../src/desk/schemas/message-view.js'
import { mediaSummary, uploadedPicture, type UploadedPicture } from '../src/media/schemas/media.js'
import { ApiClient } from './support/api-client.js'
import { addAgent, signIn } from './support/desk-agent.js'
import { gif, jpeg, png, webp } from './support/pictures.js'
import { planted, startTestService, type TestService } from './support/test-service.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'

const kinds = await storeKinds()
const apiKey = 'a-key-of-the-media-test-0123456789'
const appId: string = planted.WECHAT_APP_ID
const waiting = { timeout: 20_000, interval: 50 }

// The machine may be busy.
describe.each(kinds)('pictures by the API, on %s', { timeout: 60_000 }, (kind) => {
  let service: TestService
  let database: TestStore | undefined
  let api: ApiClient

  beforeEach(async () => {
    database = kind === 'postgres' ? await makeStore('postgres') : undefined
    service = await startTestService({
      KEFU_API_KEY: apiKey,
      ...(database && { DATABASE_URL: database.url, KEFU_SECRET_KEY: randomBytes(32).toString('base64') }),
    })
    api = new ApiClient(service.url, apiKey)
  })
  afterEach(async () => {
    await service.close()
    await database?.remove()
  })

  async function thread(openId: string): Promise<MessageView[]> {
    const { items } = await api.get(listOf(conversationView), 'GET /conversations')
    const id = items.find((each) => each.openId === openId)?.id
    if (id === undefined) return []
    return (await api.get(listOf(messageView), 'GET /conversations/:id/messages', { params: { id } })).items
  }
  async function picture(openId: string, direction = 'incoming'): Promise<MessageView['media'] | undefined> {
    return (await thread(openId)).find((each) => each.direction === direction && each.mediaId)?.media
  }
  function bytesOf(id: number, key = apiKey): Promise<Response> {
    return fetch(`${service.url}/api/v1/media/${id}`, { headers: { authorization: `Bearer ${key}` } })
  }
  function upload(body: Buffer, { type = 'image/png', app = appId, key = apiKey } = {}): Promise<Response> {
    return fetch(`${service.url}/api/v1/media?appId=${encodeURIComponent(app)}`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${key}`, 'content-type': type },
    })
  }
  async function uploaded(body: Buffer): Promise<UploadedPicture> {
    const answer = await upload(body)
    expect(answer.status).toBe(201)
    return uploadedPicture.parse(await answer.json())
  }

  it('come with their messages and are served as what they are, for who may see them', async () => {
    const bytes = jpeg(40, 30, Buffer.from('<script>alert(1)</script>'))
    await service.emulator.user('oLin').sendsImage(bytes)
    await expect.poll(async () => (await picture('oLin'))?.state, waiting).toBe('stored')
    const media = await picture('oLin')
    expect(media).toEqual({
      id: expect.any(Number) as number,
      state: 'stored',
      problem: null,
      mime: 'image/jpeg',
      width: 40,
      height: 30,
    })
    const id = media?.id ?? 0
    const answer = await bytesOf(id)
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'image/jpeg',
      'x-content-type-options': 'nosniff',
      'content-disposition': `inline; filename="picture-${id}.jpg"`,
      'content-security-policy': "default-src 'none'; sandbox",
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'private, max-age=3600, immutable',
    })
    expect((await bytesOf(id, 'another-key')).status).toBe(401)
    const unsigned = await fetch(`${service.url}/api/v1/media/${id}`)
    expect(unsigned.status).toBe(401)
    expect(unsigned.headers.get('cache-control')).toBe('no-store')
    expect((await bytesOf(id + 1)).status).toBe(404)
    for (const name of ['0', '-1', '1e3', '../kefu.db', '..%2fkefu.db', String(2 ** 60)])
      expect(
        (
          await fetch(`${service.url}/api/v1/media/${name}`, {
            headers: { authorization: `Bearer ${apiKey}` },
          })
        ).status,
      ).toBe(404)
  })

  it('that could not be fetched are fetched when somebody asks, where that can help', async () => {
    service.emulator.faults.add({ path: '/cgi-bin/media/get', errcode: 48001 })
    await service.emulator.user('oLin').sendsImage(png(6, 5))
    await expect.poll(() => picture('oLin'), waiting).toMatchObject({ state: 'failed', problem: '48001' })
    const id = (await picture('oLin'))?.id ?? 0
    expect(await api.get(mediaSummary, 'POST /media/:id/fetch', { params: { id } })).toMatchObject({ id })
    await expect.poll(() => picture('oLin'), waiting).toMatchObject({ state: 'stored', problem: null })
    // It is here.
    const again = await api.get(mediaSummary, 'POST /media/:id/fetch', { params: { id } })
    expect(again).toMatchObject({ id, state: 'stored', width: 6 })

    await service.emulator.user('oWei').sendsImage(Buffer.from('\x89PNG\r\n\x1a\nno picture', 'latin1'))
    await expect.poll(async () => (await picture('oWei'))?.state, waiting).toBe('failed')
    const other = (await picture('oWei'))?.id ?? 0
    expect(await api.call('POST /media/:id/fetch', { params: { id: other } })).toMatchObject({ status: 409 })
    expect(await api.call('POST /media/:id/fetch', { params: { id: other + 1 } })).toMatchObject({
      status: 404,
    })
  })

  it('that are none are shown as failed, and never served', async () => {
    const nothing = Buffer.from('\x89PNG\r\n\x1a\n<svg onload="alert(1)"/>', 'latin1')
    await service.emulator.user('oLin').sendsImage(nothing)
    await expect.poll(async () => (await picture('oLin'))?.state, waiting).toBe('failed')
    const answer = await bytesOf((await picture('oLin'))?.id ?? 0)
    expect(answer.status).toBe(404)
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
    expect(await answer.text()).not.toContain('svg')
  })

  it('go out to customers, and the thread shows them at once', async () => {
    await service.emulator.user('oLin').sends('你好')
    await expect.poll(() => thread('oLin').then((items) => items.length), waiting).toBeGreaterThan(0)
    const made = await uploaded(gif(9, 5))
    expect(made).toMatchObject({ mime: 'image/gif', width: 9, height: 5, bytes: gif(9, 5).length })
    const { items } = await api.get(listOf(conversationView), 'GET /conversations')
    const sent = await api.get(messageView, 'POST /conversations/:id/messages', {
      params: { id: items[0]?.id ?? 0 },
      body: { clientId: 'one', message: { msgType: 'image', mediaId: made.mediaId } },
    })
    expect(sent.media).toMatchObject({ id: made.id, state: 'stored', width: 9, height: 5 })
    const shown = await service.emulator.user('oLin').receives({ timeoutMs: 20_000 })
    expect(shown.content).toMatchObject({ msgType: 'image', mediaId: made.mediaId })
    expect(Buffer.from(await (await bytesOf(made.id)).arrayBuffer())).toEqual(gif(9, 5))
  })

  it('that another program uploaded are fetched, so that the thread shows them too', async () => {
    await service.emulator.user('oLin').sends('你好')
    await expect.poll(() => thread('oLin').then((items) => items.length), waiting).toBeGreaterThan(0)
    const { mediaId } = await uploaded(png(4, 4))
    await service.emulator.user('oLin').sends({ msgType: 'image', mediaId })
    await expect.poll(async () => (await picture('oLin'))?.state, waiting).toBe('stored')
  })

  it('are refused with what is wrong with them', async () => {
    const wrong = [
      [await upload(Buffer.from('<svg onload="alert(1)"/>'), { type: 'image/svg+xml' }), 422, /no picture/],
      [await upload(webp('VP8X', 4, 4)), 422, /WebP.*PNG, JPG and GIF/],
      [await upload(png(50_000, 50_000, { data: false })), 422, /pixels/],
      [await upload(jpeg(4, 4, Buffer.alloc(2 * 1024 * 1024))), 413, /2 MB/],
      [await upload(Buffer.alloc(0)), 422, /no picture/],
      [await upload(png(), { type: 'text/plain' }), 400, /Content-Type/],
      [await upload(png(), { type: 'multipart/form-data; boundary=x' }), 400, /Content-Type/],
      [await upload(png(), { app: 'wx-other' }), 422, /appId/],
      [await upload(png(), { key: 'wrong' }), 401, /./],
    ] as const
    for (const [answer, status, words] of wrong) {
      const text = await answer.text()
      expect([answer.status, text], text).toEqual([status, expect.stringMatching(words)])
    }
    service.emulator.faults.add({ path: '/cgi-bin/media/upload', errcode: 45009 })
    const refused = await upload(png())
    expect(refused.status).toBe(503)
    expect(await refused.text()).toMatch(/45009/)
  })

  it('are for agents of their Mini Program, by their sessions', async () => {
    await service.emulator.user('oLin').sendsImage(png(7, 7))
    await expect.poll(async () => (await picture('oLin'))?.state, waiting).toBe('stored')
    const id = (await picture('oLin'))?.id ?? 0
    for (const [name, apps, seen] of [
      ['ours', [appId], true],
      ['theirs', ['wx-other'], false],
    ] as const) {
      await addAgent(service, name)
      const { items } = await api.get(listOf(agentView), 'GET /agents')
      const agentId = items.find((each) => each.name === name)?.id ?? 0
      await api.ok('PATCH /agents/:id', { params: { id: agentId }, body: { apps } })
      const { headers } = await signIn(service.url, name)
      const shown = await fetch(`${service.url}/api/v1/media/${id}`, { headers })
      expect([name, shown.status]).toEqual([name, seen ? 200 : 404])
      const send = (more: Record<string, string>): Promise<Response> =>
        fetch(`${service.url}/api/v1/media?appId=${appId}`, {
          method: 'POST',
          body: png(3, 3),
          headers: { ...headers, ...more },
        })
      expect([name, (await send({ 'content-type': 'image/png' })).status]).toEqual([name, seen ? 201 : 404])
      // What a form of another site could send, and what it could not know.
      expect((await send({ 'content-type': 'text/plain' })).status).toBe(400)
      expect((await send({ 'content-type': 'image/png', 'x-csrf-token': '' })).status).toBe(403)
      expect((await send({ 'content-type': 'image/png', 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    }
  })

  it('are in the service’s own description', async () => {
    const { paths } = await api.document()
    expect(paths['/media']?.['post']).toMatchObject({ requestBody: { content: { 'image/*': {} } } })
    expect(paths['/media/{id}']?.['get']).toBeDefined()
  })
})
