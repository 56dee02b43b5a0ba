import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  startPushReceiver,
  tinyPng,
  type PushReceiver,
  type ReceiverAnswer,
} from '../../../test/push-receiver.js'
import { createEmulator, type Emulator } from '../index.js'

const content = z.record(z.string(), z.looseObject({ schema: z.looseObject({}).optional() }))
const operation = z.looseObject({
  operationId: z.string(),
  parameters: z.array(z.looseObject({ name: z.string(), in: z.enum(['path', 'query']) })).default([]),
  requestBody: z.looseObject({ required: z.boolean(), content }).optional(),
  responses: z.record(z.string(), z.looseObject({ content: content.optional() })),
})
const documentSchema = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.looseObject({ schemas: z.record(z.string(), z.looseObject({})) }),
})

const app = { appId: 'wx00000000000000a1', appSecret: 'secret', token: 'token', mode: 'plain' }
const user = '/apps/{appId}/users/{openId}'

let receiver: PushReceiver
let answer: ReceiverAnswer = 'success'
let emulator: Emulator
let document: z.infer<typeof documentSchema>
/** The operations that gave their real answer. */
const answered = new Set<string>()

beforeAll(async () => {
  receiver = await startPushReceiver((request) => request.query['echostr'] ?? answer)
  emulator = await createEmulator()
  const response = await fetch(`${emulator.url}/_emulator/openapi.json`)
  document = documentSchema.parse(await response.json())
})
afterAll(async () => {
  await emulator.close()
  await receiver.close()
})

/** A schema of the document as a check. */
function checkOf(schema: object): z.ZodType {
  const text = JSON.stringify({ ...schema, $defs: document.components.schemas })
  return z.fromJSONSchema(
    JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')) as Parameters<
      typeof z.fromJSONSchema
    >[0],
  )
}

/** Calls an operation; its input, its status and its answer must be those of the document. */
async function call(
  name: string,
  { params = {}, query = '', body }: { params?: Record<string, string>; query?: string; body?: unknown } = {},
): Promise<unknown> {
  const [method = '', path = ''] = name.split(' ')
  const described = document.paths[path]?.[method.toLowerCase()]
  if (!described) throw new Error(`openapi.json has no ${name}`)
  const all: Record<string, string> = { appId: app.appId, openId: 'o1', ...params }
  const url = path.replaceAll(/\{(\w+)\}/g, (_, key: string) => all[key] ?? '')
  const isBytes = body instanceof Buffer
  if (body !== undefined && !isBytes) {
    const schema = described.requestBody?.content['application/json']?.schema
    checkOf(schema ?? {}).parse(body)
  }
  const response = await fetch(`${emulator.url}/_emulator${url}${query}`, {
    method,
    headers: { 'content-type': isBytes ? 'image/png' : 'application/json' },
    ...(body === undefined ? {} : { body: isBytes ? new Uint8Array(body) : JSON.stringify(body) }),
  })
  const said = described.responses[response.status] ?? described.responses['default']
  if (response.ok) {
    expect(Object.keys(described.responses), `${name} answered ${response.status}`).toContain(
      String(response.status),
    )
    answered.add(name)
  }
  if (response.status === 204) {
    expect(await response.text()).toBe('')
    return undefined
  }
  const type = response.headers.get('content-type')?.split(';', 1)[0] ?? ''
  const schema = said?.content?.['application/json']?.schema
  if (type !== 'application/json') {
    expect(schema, `${name} answered ${type}`).toBeUndefined()
    await response.body?.cancel()
    return undefined
  }
  const value: unknown = await response.json()
  const result = checkOf(schema ?? { not: {} }).safeParse(value)
  expect(result.error?.message ?? '', `${name} answered ${JSON.stringify(value)}`).toBe('')
  return value
}

async function modelAnswers(): Promise<void> {
  await call('POST /model/profile', { body: { profile: 'glm' } })
  await call('POST /model/script', { body: { lines: [{ when: '退货', answer: { action: 'handoff' } }] } })
  await call('POST /model/faults', { body: { status: 429, code: '1302', retryAfter: 2 } })
  await call('GET /model')
  await fetch(`${emulator.url}/_model/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer any' },
    body: JSON.stringify({ model: 'fake', messages: [{ role: 'user', content: '怎么退货' }] }),
  })
  await call('GET /model/requests', { query: '?after=0&wait=10' })
  await call('DELETE /model/faults')
}

describe('the control API’s openapi.json', () => {
  it('says what every operation really answers', async () => {
    await call('POST /apps', { body: { ...app, pushUrl: receiver.url } })
    await call('GET /apps')
    await call('POST /apps/{appId}/verify')
    await call('POST /apps/{appId}/users', { body: { entered: true, said: ['在吗'] } })
    await call('GET /apps/{appId}/users')
    await call(`POST ${user}/enter`)
    await call(`POST ${user}/enter`, { body: { sessionFrom: 'order=42', businessId: 7 } })
    await call('POST /faults', { body: { push: 'duplicate' } })
    await call(`POST ${user}/messages`, { body: { msgType: 'text', content: '你好' } })
    await call(`POST ${user}/messages`, {
      body: { msgType: 'other', type: 'voice', fields: { MediaId: 'a' } },
    })
    await call(`POST ${user}/raw`, { body: { plaintext: '{}' } })
    const { mediaId } = (await call('POST /media', { body: tinyPng })) as { mediaId: string }
    await call('GET /media/{mediaId}', { params: { mediaId } })
    await call(`POST ${user}/messages`, { query: '?wait=false', body: { msgType: 'image', mediaId } })

    const { items } = (await call('GET /apps')) as { items: { originalId: string }[] }
    answer = JSON.stringify({
      ToUserName: 'o1',
      FromUserName: items[0]?.originalId,
      CreateTime: 1,
      MsgType: 'transfer_customer_service',
    })
    await call(`POST ${user}/messages`, { body: { msgType: 'text', content: '人工' } })
    answer = { status: 500, body: '' }
    await call(`POST ${user}/messages`, { body: { msgType: 'text', content: '在吗' } })
    await call(`POST ${user}/official`, { body: { action: 'say', content: '在的' } })
    await call(`POST ${user}/official`, { body: { action: 'close' } })
    await call(`POST ${user}/messages`, { body: { msgType: 'miniprogrampage', title: 'a', pagePath: 'b' } })
    await serviceSends()
    await call(`GET ${user}/messages`, { query: '?after=0&wait=10' })
    await call(`GET ${user}`)
    await call('GET /deliveries', { query: '?ended=true&openId=o1' })
    await call('GET /calls', { query: '?path=/cgi-bin' })

    await call('POST /faults', { body: { appId: app.appId, errcode: -1, times: 2, path: '/cgi-bin' } })
    await call('GET /faults')
    await call('DELETE /faults')
    await modelAnswers()
    await call('POST /seed', {
      body: { users: [{}], faults: [{ status: 502 }], stubs: [{ path: '/wxa/a', answer: [] }] },
    })
    await call('POST /stubs', { body: { path: '/wxa/b', answer: null, times: 3, headers: { a: 'b' } } })
    const stubs = (await call('GET /stubs')) as { items: { id: string }[] }
    await call('DELETE /stubs/{stubId}', { params: { stubId: stubs.items[0]?.id ?? '' } })
    await call('DELETE /stubs')
    await call('POST /clock', { body: { advanceMs: 1 } })
    await call('GET /clock')
    await call('POST /quirks', { body: { prettyJson: false } })
    await call('GET /quirks')
    await call('GET /health')
    await call('POST /session', { body: { key: '' } })
    await call('POST /worlds', { body: { name: 'one', seed: 'a', clock: '2026-01-01T00:00:00Z' } })
    await call('GET /worlds')
    await call('DELETE /worlds/{world}', { params: { world: 'one' } })
    await call('GET /events')
    await call('GET /openapi.json')
    await call('POST /apps/{appId}/reset')
    await call('DELETE /apps/{appId}')
    await call('POST /reset')

    const all = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect([...answered].sort()).toEqual(all.sort())
  })

  it('says what it answers when it refuses', async () => {
    for (const [name, options] of [
      ['POST /apps', {}],
      [`GET ${user}`, { params: { appId: 'wx9' } }],
      [`GET ${user}/messages`, { query: '?wait=99999' }],
      ['GET /media/{mediaId}', { params: { mediaId: 'none' } }],
      ['DELETE /stubs/{stubId}', { params: { stubId: 'none' } }],
      ['POST /media', {}],
    ] as const)
      expect(await call(name, options), name).toMatchObject({ error: { code: expect.any(String) as string } })
  })

  it('says what each live event holds', async () => {
    const stream = document.paths['/events']?.['get']?.responses['200']?.content?.['text/event-stream']
    const event = checkOf(z.looseObject({}).parse(stream?.['x-data']))
    const world = emulator.world('events')
    const seen = new Set<string>()
    const response = await fetch(`${world.url}/_emulator/events`)
    world.addApp({ ...app, mode: 'plain', pushUrl: receiver.url })
    world.faults.add({ errcode: -1 })
    world.stubs.add({ path: '/wxa/a', answer: 1 })
    await world.user('o1').sends('在吗')
    await fetch(`${world.url}/cgi-bin/token`)
    world.model.fail({ status: 500 })
    await fetch(`${world.url}/_model/v1/chat/completions`, { method: 'POST', body: '{}' })
    world.advance(1)
    await world.resetApp(app.appId)
    await world.removeApp(app.appId)
    await world.reset()
    await emulator.removeWorld('events')
    for (const [, json] of (await response.text()).matchAll(/^data: (.*)$/gm)) {
      const value = JSON.parse(json ?? '') as { type: string }
      const result = event.safeParse(value)
      expect(result.error?.message ?? '', json).toBe('')
      seen.add(value.type)
    }
    expect([...seen].sort()).toEqual([
      'app',
      'app_removed',
      'app_reset',
      'call',
      'clock',
      'delivery',
      'faults',
      'message',
      'model',
      'model_call',
      'reset',
      'stubs',
      'user',
    ])
    expect(event.safeParse({ type: 'reset', more: 1 }).success).toBe(false)
  })

  it('is whole: names are unique, parameters are those of the path, and references lead somewhere', () => {
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map((each) => ({ path, ...each })),
    )
    expect(operations.length).toBeGreaterThan(35)
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
    for (const { path, parameters } of operations) {
      const inPath = parameters.flatMap((each) => (each.in === 'path' ? [each.name] : []))
      expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
    }
    const text = JSON.stringify(document)
    expect(text).not.toContain('#/$defs/')
    for (const [, name = ''] of text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g))
      expect(document.components.schemas, name).toHaveProperty(name)
  })

  it('needs no key', async () => {
    const locked = await createEmulator({ key: 'a-key-of-sixteen-characters' })
    expect((await fetch(`${locked.url}/_emulator/openapi.json`)).status).toBe(200)
    await locked.close()
  })
})

/** The service sends one of each type. */
async function serviceSends(): Promise<void> {
  const query = `grant_type=client_credential&appid=${app.appId}&secret=${app.appSecret}`
  const token = await fetch(`${emulator.url}/cgi-bin/token?${query}`)
  const { access_token: accessToken } = (await token.json()) as { access_token: string }
  const form = new FormData()
  form.set('media', new Blob([new Uint8Array(tinyPng)], { type: 'image/png' }), 'a.png')
  const upload = await fetch(`${emulator.url}/cgi-bin/media/upload?type=image&access_token=${accessToken}`, {
    method: 'POST',
    body: form,
  })
  const { media_id: mediaId } = (await upload.json()) as { media_id: string }
  for (const message of [
    { msgtype: 'text', text: { content: '您好' }, aimsgcontext: { is_ai_msg: 1 } },
    { msgtype: 'image', image: { media_id: mediaId } },
    { msgtype: 'link', link: { title: 'a', description: '', url: 'https://a', thumb_url: '' } },
    { msgtype: 'miniprogrampage', miniprogrampage: { title: 'a', pagepath: 'b', thumb_media_id: mediaId } },
  ]) {
    const sent = await fetch(`${emulator.url}/cgi-bin/message/custom/send?access_token=${accessToken}`, {
      method: 'POST',
      body: JSON.stringify({ touser: 'o1', ...message }),
    })
    expect(await sent.json()).toMatchObject({ errcode: 0 })
  }
}
