import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createEmulator, type Emulator } from '../index.js'
import type { ModelCall } from './model-input.js'

const system =
  '只输出 JSON。<<entries:x>>[{"id":"E1","title":"什么时候发货"},{"id":"E2","title":"怎么退货"}]<<end:x>>'

let emulator: Emulator
beforeAll(async () => {
  emulator = await createEmulator()
})
beforeEach(() => emulator.reset())
afterAll(() => emulator.close())

async function control(method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`${emulator.url}/_emulator/model${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

interface Asked {
  readonly fields?: object
  readonly key?: string | undefined
  readonly at?: string
  readonly signal?: AbortSignal
}

async function ask(
  text: string,
  { fields = {}, key = 'any', at = '', signal }: Asked = {},
): Promise<Response> {
  return fetch(`${emulator.url}${at}/_model/v1/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({
      model: 'fake',
      messages: [
        { role: 'system', content: system },
        { role: 'user', content: text },
      ],
      ...fields,
    }),
    ...(signal ? { signal } : {}),
  })
}

async function contentOf(response: Response): Promise<string | undefined> {
  const { choices } = (await response.json()) as { choices?: { message: { content: string } }[] }
  return choices?.[0]?.message.content
}

async function requests(query = ''): Promise<ModelCall[]> {
  const response = await control('GET', `/requests${query}`)
  return ((await response.json()) as { items: ModelCall[] }).items
}

describe('the fake model', () => {
  it('answers at once or as a stream, the same both times', async () => {
    const whole = await contentOf(await ask('请问什么时候发货'))
    expect(whole).toBe('{"action":"select","entry":"E1"}')
    const stream = await ask('请问什么时候发货', {
      fields: { stream: true, stream_options: { include_usage: true } },
    })
    expect(stream.headers.get('content-type')).toContain('text/event-stream')
    const events = (await stream.text()).split('\n\n').filter((event) => event.startsWith('data: {'))
    const parts = events.map(
      (event) => JSON.parse(event.slice(6)) as { choices: { delta: { content?: string } }[]; usage?: object },
    )
    expect(parts.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(whole)
    expect(parts.at(-1)?.usage).toMatchObject({ completion_tokens: whole?.length })
  })

  it('lists itself, and makes a vector of each text', async () => {
    const models = await fetch(`${emulator.url}/_model/v1/models`)
    expect(await models.json()).toMatchObject({ data: [{ id: 'fake' }] })
    const response = await fetch(`${emulator.url}/_model/v1/embeddings`, {
      method: 'POST',
      body: JSON.stringify({ model: 'fake', input: ['发货', '退货'] }),
    })
    const { data } = (await response.json()) as { data: { index: number; embedding: number[] }[] }
    expect(data.map(({ index, embedding }) => [index, embedding.length])).toEqual([
      [0, 256],
      [1, 256],
    ])
  })

  it('wants a key, but as Ollama', async () => {
    const refused = await ask('发货', { key: '' })
    expect([refused.status, await refused.json()]).toMatchObject([
      401,
      { error: { code: 'invalid_api_key' } },
    ])
    expect((await control('POST', '/profile', { profile: 'ollama' })).status).toBe(204)
    expect((await ask('发货', { key: '' })).status).toBe(200)
  })

  it('says the first line of its script that fits, as often as that says, then what it would choose', async () => {
    const lines = [
      { when: '退货', answer: { action: 'handoff', reason: 'angry' } },
      { answer: '```json\n{}\n```', times: 1 },
    ]
    expect((await control('POST', '/script', { lines })).status).toBe(204)
    expect(await contentOf(await ask('怎么退货'))).toBe('{"action":"handoff","reason":"angry"}')
    expect(await contentOf(await ask('什么时候发货'))).toBe('```json\n{}\n```')
    expect(await contentOf(await ask('什么时候发货'))).toBe('{"action":"select","entry":"E1"}')
    await control('POST', '/script', { lines: [] })
    expect(await contentOf(await ask('怎么退货'))).toBe('{"action":"select","entry":"E2"}')
  })

  it.each([
    ['glm', { stream_options: { include_usage: true } }, { error: { code: '1210' } }],
    ['kimi', { temperature: 0.1 }, { error: { code: 'invalid_request_error' } }],
    ['hunyuan', {}, { error: { code: 'invalid_request_error' } }],
  ] as const)('refuses as %s what that one refuses, in its form', async (profile, fields, body) => {
    await control('POST', '/profile', { profile })
    const response = await ask('发货', { fields })
    expect([response.status, await response.json()]).toMatchObject([400, body])
    expect(await (await control('GET', '')).json()).toEqual({ profile, faults: [] })
  })

  it('fails so often as it was told, in the order in which it was told, and shows what is still to come', async () => {
    await control('POST', '/faults', { status: 429, retryAfter: 2, times: 2 })
    await control('POST', '/faults', { html: true, times: 1 })
    expect(await (await control('GET', '')).json()).toMatchObject({
      profile: 'openai',
      faults: [{ status: 429 }, { html: true }],
    })
    const busy = await ask('发货')
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '2'])
    expect((await ask('发货')).status).toBe(429)
    const page = await ask('发货')
    expect([page.status, page.headers.get('content-type')]).toEqual([
      502,
      expect.stringContaining('text/html'),
    ])
    expect((await ask('发货')).status).toBe(200)
  })

  it('is well again when its faults are taken away', async () => {
    await control('POST', '/faults', { status: 500 })
    expect((await ask('发货')).status).toBe(500)
    expect((await control('DELETE', '/faults')).status).toBe(204)
    expect((await ask('发货')).status).toBe(200)
  })

  it.each([
    ['/profile', { profile: 'gemini' }],
    ['/script', { lines: [{ when: '' }] }],
    ['/faults', { hang: 'sometimes' }],
    ['/faults', { times: 0 }],
  ])('refuses for %s what makes no sense: %j', async (path, body) => {
    const response = await control('POST', path, body)
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: { code: 'invalid_input' } },
    ])
  })

  it('records what it was asked and what it said, and gives what comes to whoever waits', async () => {
    const waiting = requests('?wait=10000')
    await ask('什么时候发货', { key: 'sk-planted-key' })
    const [call] = await waiting
    expect(call).toMatchObject({
      sequence: expect.any(Number) as number,
      model: 'fake',
      status: 200,
      answer: '{"action":"select","entry":"E1"}',
      isAborted: false,
      request: { messages: [{ role: 'system' }, { role: 'user', content: '什么时候发货' }] },
    })
    expect(JSON.stringify(call)).not.toContain('sk-planted-key')
    expect(await requests(`?after=${call?.sequence ?? 0}`)).toEqual([])
  })

  it.each(['headers', 'first', 'middle', 'comments', 'thoughts'] as const)(
    'hangs at %s until the client goes, and records that it went',
    async (hang) => {
      emulator.model.fail({ hang, times: 1 })
      const client = new AbortController()
      const asked = ask('什么时候发货', { fields: { stream: true }, signal: client.signal })
      // With headers there is a body to wait for, without them there is nothing.
      if (hang === 'headers') await expect.poll(() => emulator.model.faults).toEqual([])
      else await (await asked).body?.getReader().read()
      client.abort()
      await asked.catch(() => undefined)
      const [call] = await requests('?wait=10000')
      expect(call).toMatchObject({ isAborted: true })
    },
  )

  it('is another one in each world, and forgets everything at a reset', async () => {
    await fetch(`${emulator.url}/_emulator/worlds`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"name":"other"}',
    })
    emulator.model.fail({ status: 500 })
    emulator.model.play('glm')
    expect((await ask('发货', { at: '/w/other' })).status).toBe(200)
    expect((await ask('发货')).status).toBe(500)
    await emulator.reset()
    expect(emulator.model).toMatchObject({ profile: 'openai', faults: [], calls: [] })
    expect((await ask('发货')).status).toBe(200)
  })

  it.each(['not json', '{}', '{"model":"fake","messages":[]}'])('refuses the body %s', async (body) => {
    const response = await fetch(`${emulator.url}/_model/v1/chat/completions`, { method: 'POST', body })
    expect(response.status).toBe(400)
  })
})
