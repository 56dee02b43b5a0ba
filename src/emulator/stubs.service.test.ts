import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createEmulator, type Emulator } from './index.js'

const path = '/wxa/msg_sec_check'
const app = {
  appId: 'wx00000000000000a1',
  appSecret: 'secret',
  token: 'token',
  mode: 'plain' as const,
  pushUrl: 'http://127.0.0.1:9/',
}

let emulator: Emulator
let token: string

beforeAll(async () => {
  emulator = await createEmulator({ apps: [app] })
  const query = `grant_type=client_credential&appid=${app.appId}&secret=${app.appSecret}`
  const answer = await fetch(`${emulator.url}/cgi-bin/token?${query}`)
  token = ((await answer.json()) as { access_token: string }).access_token
})
beforeEach(() => emulator.reset())
afterAll(() => emulator.close())

async function control(
  method: string,
  at: string,
  body?: unknown,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${emulator.url}/_emulator${at}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
}

async function ask(at = path, { method = 'POST', withToken = true } = {}): Promise<Response> {
  return fetch(`${emulator.url}${at}${withToken ? `?access_token=${token}` : ''}`, {
    method,
    ...(method === 'GET' ? {} : { body: '{"content":"你好"}' }),
  })
}

const errcodeOf = async (response: Response): Promise<unknown> =>
  ((await response.json()) as { errcode?: unknown }).errcode

describe('a stub', () => {
  it('answers its path with JSON, for a call with a token, and is recorded as every call', async () => {
    const answer = { errcode: 87014, errmsg: 'risky content', result: { suggest: 'risky' } }
    const { body } = await control('POST', '/stubs', { path, answer })
    expect(body).toEqual({
      path,
      answer,
      id: expect.any(String) as string,
      needsToken: true,
      used: 0,
      remaining: null,
    })
    expect(await errcodeOf(await ask(path, { withToken: false }))).toBe(41001)
    const response = await ask()
    expect(response.headers.get('content-type')).toContain('application/json')
    expect(await response.json()).toEqual(answer)
    expect(emulator.calls.map(({ appId, errcode, request }) => [appId, errcode, request.path])).toEqual([
      [null, 41001, path],
      [app.appId, 87014, path],
    ])
    expect((await control('GET', '/stubs')).body).toMatchObject({ items: [{ path, used: 1 }] })
  })

  it('answers text, another status, headers and without a token, as it is told', async () => {
    emulator.stubs.add({
      path,
      answer: 'busy',
      status: 503,
      headers: { 'Retry-After': '1' },
      needsToken: false,
    })
    const response = await ask(path, { withToken: false })
    expect([response.status, response.headers.get('retry-after'), await response.text()]).toEqual([
      503,
      '1',
      'busy',
    ])
    expect(response.headers.get('content-type')).toContain('text/plain')
    emulator.stubs.add({ path, answer: '<a/>', headers: { 'Content-Type': 'text/xml' } })
    expect((await ask()).headers.get('content-type')).toBe('text/xml')
    emulator.stubs.add({ path, answer: [1, null] })
    expect(await (await ask()).json()).toEqual([1, null])
  })

  it('with times comes first, in the order in which they were added, and is gone then', async () => {
    emulator.stubs.add({ path, answer: { errcode: 1 } })
    emulator.stubs.add({ path, answer: { errcode: 2 }, times: 2 })
    emulator.stubs.add({ path, answer: { errcode: 3 }, times: 1 })
    // A call that is refused uses none up.
    await ask(path, { withToken: false })
    const got: unknown[] = []
    for (let call = 0; call < 5; call++) got.push(await errcodeOf(await ask()))
    expect(got).toEqual([2, 2, 3, 1, 1])
    emulator.stubs.add({ path, answer: { errcode: 4 } })
    expect(await errcodeOf(await ask())).toBe(4)
    expect(emulator.stubs.items).toHaveLength(1)
  })

  it('is for one method where it says so, and the path is refused for others as WeChat’s are', async () => {
    emulator.stubs.add({ path, answer: { errcode: 5 }, method: 'POST' })
    expect(await errcodeOf(await ask())).toBe(5)
    expect(await errcodeOf(await ask(path, { method: 'GET' }))).toBe(43002)
    emulator.stubs.add({ path, answer: { errcode: 6 } })
    expect(await errcodeOf(await ask(path, { method: 'GET' }))).toBe(6)
    expect(await errcodeOf(await ask())).toBe(5)
  })

  it('meets faults as every path does', async () => {
    emulator.stubs.add({ path, answer: { errcode: 0 } })
    emulator.faults.add({ path, errcode: -1 })
    expect(await errcodeOf(await ask())).toBe(-1)
    expect(await errcodeOf(await ask())).toBe(0)
  })

  it('is taken away alone, with all others, or by a reset', async () => {
    const stub = emulator.stubs.add({ path, answer: {} })
    emulator.stubs.add({ path: '/wxa/other', answer: {} })
    expect((await control('DELETE', `/stubs/${stub.id}`)).status).toBe(204)
    expect((await control('DELETE', `/stubs/${stub.id}`)).status).toBe(404)
    expect(await errcodeOf(await ask())).toBe(40066)
    expect(emulator.stubs.items).toHaveLength(1)
    expect((await control('DELETE', '/stubs')).status).toBe(204)
    expect(emulator.stubs.items).toEqual([])
    emulator.stubs.add({ path, answer: {} })
    await emulator.reset()
    expect(emulator.stubs.items).toEqual([])
  })

  it.each([
    '/cgi-bin/token',
    '/cgi-bin/message/custom/send',
    '/_emulator/apps',
    '/w/other/cgi-bin/token',
    '/',
    '/assets/index.js',
  ])('is refused at %s, which the emulator answers itself', async (taken) => {
    const { status, body } = await control('POST', '/stubs', { path: taken, answer: {} })
    expect(status).toBe(400)
    expect(body).toEqual({
      error: {
        code: 'invalid_input',
        message: `path: ${taken} is one that the emulator answers itself; a fault changes its answer: POST /_emulator/faults`,
      },
    })
  })

  it.each<[Record<string, unknown>, string]>([
    [{ path: 'wxa' }, 'path: must be a whole path without a query'],
    [{ path: '/wxa?a=1' }, 'path: must be a whole path without a query'],
    [{ answer: undefined }, 'answer: is missing'],
    [{ method: 'HEAD' }, 'method: '],
    [{ status: 101 }, 'status: '],
    [{ headers: { 'a b': '1' } }, 'headers.a b: has a name that no header can have'],
    [{ headers: { a: '1\r\nb: 2' } }, 'headers.a: must be a header’s value: one line'],
    [{ headers: { 'Content-Length': '1' } }, 'headers: must leave content-length'],
    [{ times: 0 }, 'times: '],
    [{ body: {} }, 'body: is not known here'],
  ])('with %j is refused by name', async (changes, message) => {
    const { status, body } = await control('POST', '/stubs', { path, answer: {}, ...changes })
    expect(status).toBe(400)
    expect(body).toMatchObject({ error: { message: expect.stringContaining(message) as string } })
  })
})
