import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Agent } from 'undici'
import { createEmulator, type Emulator } from '../emulator/index.js'
import type { ModelFaultInput } from '../emulator/model/model-input.js'
import type { ModelPresetName, ModelReason } from '../protocol/model-reasons.js'
import type { Budgets, ChatMessage, Provider, WireAnswer } from './chat.js'
import { askOnce } from './chat-wire.js'
import { presets } from './presets.js'

const budgets: Budgets = { headersMs: 400, firstMs: 400, betweenMs: 300, totalMs: 2000, maxBytes: 65_536 }
const messages: readonly ChatMessage[] = [
  {
    role: 'system',
    content:
      '只输出 JSON。<<entries:abc>>[{"id":"E1","title":"什么时候发货"},{"id":"E2","title":"怎么退货"}]<<end:abc>>',
  },
  { role: 'user', content: '请问什么时候发货呀' },
]

describe('asking a model', () => {
  let emulator: Emulator
  const dispatcher = new Agent({ connect: { timeout: 400 } })
  beforeEach(async () => {
    emulator = await createEmulator()
  })
  afterEach(() => emulator.close())

  const provider = (preset: ModelPresetName = 'openai', change: Partial<Provider> = {}): Provider => ({
    preset: presets[preset],
    url: `${emulator.url}/_model/v1`,
    key: 'sk-test',
    model: 'fake',
    ...change,
  })
  const ask = (
    by: Provider = provider(),
    { signal = new AbortController().signal, within = budgets } = {},
  ): Promise<WireAnswer> =>
    askOnce(
      by,
      { messages, maxTokens: 200, signal },
      { dispatcher, budgets: within, elapsed: () => performance.now() },
    )
  const reasonOf = async (fault: ModelFaultInput, preset?: ModelPresetName): Promise<ModelReason> => {
    emulator.model.fail({ times: 1, ...fault })
    const answer = await ask(provider(preset))
    if (answer.ok) throw new Error('It answered.')
    return answer.reason
  }

  it.each(['openai', 'deepseek', 'qwen', 'glm', 'kimi', 'hunyuan', 'ollama'] as const)(
    'takes what %s takes, and has it answer without a thought',
    async (preset) => {
      emulator.model.play(preset)
      const answer = await ask(provider(preset))
      expect(answer).toMatchObject({ ok: true, text: '{"action":"select","entry":"E1"}' })
      // A local model's thoughts can't be switched off everywhere: they are left out.
      expect(answer).toMatchObject({ thought: preset === 'ollama' })
    },
  )

  it('tells what it took where the provider says so', async () => {
    expect(await ask()).toMatchObject({ usage: { tokensIn: expect.any(Number) as number } })
    emulator.model.play('glm')
    expect(await ask(provider('glm'))).toMatchObject({ ok: true, usage: undefined })
  })

  it.each<[string, ModelFaultInput, ModelReason]>([
    ['before the headers', { hang: 'headers' }, 'timeout_headers'],
    ['before the first word', { hang: 'first' }, 'timeout_first'],
    ['with comments for ever', { hang: 'comments' }, 'timeout_first'],
    ['with thoughts for ever', { hang: 'thoughts' }, 'timeout_first'],
    ['behind half of it', { hang: 'middle' }, 'timeout_between'],
    ['with a broken connection', { cut: true }, 'reset'],
    ['for its length', { tooLong: true }, 'cut'],
    ['with nothing', { empty: true }, 'empty'],
    ['with a page of a gateway', { html: true, status: 502 }, 'server'],
    ['with a page that says 200', { html: true, status: 200 }, 'bad_answer'],
    ['for too many requests', { status: 429 }, 'busy'],
    ['without credit', { status: 402 }, 'no_credit'],
    ['without a key', { status: 401 }, 'key'],
    ['without such a model', { status: 404 }, 'no_model'],
    ['with an error of its own', { status: 500 }, 'server'],
  ])('says that it ended %s', async (_, fault, reason) => {
    expect(await reasonOf(fault)).toBe(reason)
    // The connection was closed: nobody goes on talking.
    await expect.poll(() => emulator.model.calls.length).toBe(1)
  })

  it.each<[ModelPresetName, ModelFaultInput, ModelReason]>([
    ['glm', { code: 1302 }, 'busy'],
    ['glm', { code: 1113, status: 429 }, 'no_credit'],
    ['glm', { code: 1301, status: 400 }, 'refused_content'],
    ['glm', { code: 1211, status: 400 }, 'no_model'],
    ['qwen', { code: 'limit_burst_rate', status: 429 }, 'busy'],
    ['qwen', { code: 'data_inspection_failed', status: 400 }, 'refused_content'],
    ['kimi', { code: 'exceeded_current_quota_error', status: 429 }, 'no_credit'],
    ['openai', { code: 'insufficient_quota', status: 429 }, 'no_credit'],
  ])('knows %s’s own code: %j', async (preset, fault, reason) => {
    emulator.model.play(preset === 'openai' || preset === 'doubao' ? 'openai' : preset)
    expect(await reasonOf(fault, preset)).toBe(reason)
  })

  it('says how long a busy one wants to be left alone', async () => {
    emulator.model.fail({ status: 429, retryAfter: 7 })
    expect(await ask()).toMatchObject({ reason: 'busy', retryAfterMs: 7000 })
  })

  it('ends at once when nobody wants the answer any more, and the provider sees it', async () => {
    emulator.model.fail({ hang: 'middle' })
    const wanted = new AbortController()
    const asked = ask(provider(), { signal: wanted.signal, within: { ...budgets, betweenMs: 60_000 } })
    wanted.abort()
    expect(await asked).toMatchObject({ ok: false, reason: 'aborted' })
  })

  it('ends after the whole time, however steadily words come, and after so many bytes', async () => {
    const server = await drip(() => `data: {"choices":[{"delta":{"content":"字"}}]}\n\n`)
    const url = `http://127.0.0.1:${server.port}`
    expect(await ask(provider('openai', { url }), { within: { ...budgets, totalMs: 300 } })).toMatchObject({
      reason: 'timeout_total',
    })
    expect(await ask(provider('openai', { url }), { within: { ...budgets, maxBytes: 100 } })).toMatchObject({
      reason: 'too_long',
    })
    server.close()
  })

  it('says that nobody is there', async () => {
    await emulator.close()
    expect(await ask()).toMatchObject({ ok: false, reason: 'unreachable' })
    const url = 'http://no-such-host.invalid/v1'
    expect(await ask(provider('openai', { url }))).toMatchObject({ ok: false, reason: 'unreachable' })
    emulator = await createEmulator()
    const plain = emulator.url.replace('http:', 'https:')
    expect(await ask(provider('openai', { url: plain }))).toMatchObject({ ok: false, reason: 'tls' })
  })
})

/** A server that says the same again and again. */
async function drip(next: () => string): Promise<{ port: number; close(): void }> {
  const server: Server = createServer((_, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    const timer = setInterval(() => res.write(next()), 20)
    res.on('close', () => {
      clearInterval(timer)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
