import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Context, Middleware } from 'koa'
import { htmlPage } from '../api-reply.js'
import { readBody } from '../request-body.js'
import { chatRequest, embedded, type FakeChatRequest } from './fake-choice.js'
import type { FakeModel } from './fake-model.js'
import type { ModelFaultInput } from './model-input.js'
import { profiles, type Profile } from './profiles.js'

const MAX_BYTES = 4 * 1024 * 1024
const COMMENT_MS = 200

/** An OpenAI-compatible API at /_model/v1; all else is left to who stands behind. */
export function modelServer(model: FakeModel, closed: () => AbortSignal): Middleware {
  return async (ctx, next) => {
    switch (`${ctx.method} ${ctx.path}`) {
      case 'GET /_model/v1/models':
        ctx.body = { object: 'list', data: [{ id: 'fake', object: 'model' }] }
        return
      case 'POST /_model/v1/embeddings':
        return embed(ctx)
      case 'POST /_model/v1/chat/completions':
        return chat(ctx, model, closed())
      default:
        await next()
    }
  }
}

async function body(ctx: Context): Promise<unknown> {
  const { bytes } = await readBody(ctx.req, MAX_BYTES)
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}

async function embed(ctx: Context): Promise<void> {
  const asked = await body(ctx)
  const input = typeof asked === 'object' && asked !== null && 'input' in asked ? asked.input : ''
  const texts = (Array.isArray(input) ? input : [input]).map(String)
  ctx.body = {
    object: 'list',
    data: texts.map((text, index) => ({ object: 'embedding', index, embedding: embedded(text) })),
  }
}

async function chat(ctx: Context, model: FakeModel, closed: AbortSignal): Promise<void> {
  const started = performance.now()
  const at = Date.now()
  const gone = new AbortController()
  let isFinished = false
  ctx.res.once('close', () => {
    gone.abort()
  })
  const signal = AbortSignal.any([gone.signal, closed])
  const raw = await body(ctx)
  const read = chatRequest.safeParse(raw)
  const profile = profiles[model.profile]
  const fault = model.takeFault()
  const note = (status: number, answer: string | null): void => {
    model.record({
      at,
      model: read.success ? read.data.model : '',
      request: (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>,
      status,
      answer,
      durationMs: Math.round(performance.now() - started),
      isAborted: gone.signal.aborted && !isFinished,
    })
  }
  const answer = (status: number, value: object | string): void => {
    ctx.status = status
    ctx.body = value
    note(status, null)
  }

  if (!read.success) {
    answer(400, profile.error('invalid_request_error', 400))
    return
  }
  if (ctx.get('authorization') === '' && model.profile !== 'ollama') {
    answer(401, profile.error('invalid_api_key', 401))
    return
  }
  if (fault?.delayMs !== undefined) await pause(fault.delayMs, signal)
  if (fault?.hang === 'headers') {
    ctx.respond = false
    await forEver(signal)
    note(0, null)
    return
  }
  if (fault?.html === true) {
    ctx.set('content-type', 'text/html')
    answer(fault.status ?? 502, htmlPage(fault.status ?? 502).body.toString())
    return
  }
  if (fault?.status !== undefined || fault?.code !== undefined) {
    if (fault.retryAfter !== undefined) ctx.set('retry-after', String(fault.retryAfter))
    answer(fault.status ?? 200, profile.error(fault.code, fault.status ?? 200))
    return
  }
  const refusal = profile.refuses(read.data)
  if (refusal) {
    answer(refusal.status, refusal.body)
    return
  }
  const text = fault?.empty === true ? '' : model.answerFor(read.data)
  if (read.data.stream !== true) {
    isFinished = true
    ctx.body = {
      model: read.data.model,
      choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
      usage: usageOf(read.data, text),
    }
    note(200, text)
    return
  }
  ctx.respond = false
  isFinished = await stream(ctx.res, { request: read.data, profile, fault, text, signal })
  note(200, text)
}

interface Streamed {
  readonly request: FakeChatRequest
  readonly profile: Profile
  readonly fault: ModelFaultInput | undefined
  readonly text: string
  readonly signal: AbortSignal
}

/** Sends an answer word by word; false where it did not come to its end. */
async function stream(
  res: ServerResponse,
  { request, profile, fault, text, signal }: Streamed,
): Promise<boolean> {
  res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
  const isGone = (): boolean => signal.aborted
  const event = (value: object): void => void res.write(`data: ${JSON.stringify(value)}\n\n`)
  const delta = (fields: object, finish: string | null = null): void => {
    event({ model: request.model, choices: [{ index: 0, delta: fields, finish_reason: finish }] })
  }
  if (profile.commentsFirst === true || fault?.hang === 'comments') res.write(': keep-alive\n\n')
  while (fault?.hang === 'comments' && !isGone()) {
    await pause(COMMENT_MS, signal)
    res.write(': keep-alive\n\n')
  }
  if (isGone()) return gone(res)
  delta({ role: 'assistant', content: '' })
  if (fault?.hang === 'first') return hang(res, signal)
  if (profile.thinks(request) || fault?.hang === 'thoughts')
    delta(
      profile.thinksAloud === true
        ? { content: '<think>先想一想。</think>' }
        : { reasoning_content: '先想一想。' },
    )
  while (fault?.hang === 'thoughts' && !isGone()) {
    await pause(COMMENT_MS, signal)
    delta({ reasoning_content: '再想一想。' })
  }
  if (isGone()) return gone(res)
  const half = Math.ceil(text.length / 2)
  if (text !== '') delta({ content: text.slice(0, half) })
  if (fault?.hang === 'middle') return hang(res, signal)
  if (fault?.cut === true) {
    res.destroy()
    return false
  }
  if (text.length > half) delta({ content: text.slice(half) })
  delta({}, fault?.tooLong === true ? 'length' : 'stop')
  const options = request['stream_options']
  if (typeof options === 'object' && options !== null && 'include_usage' in options)
    event({ model: request.model, choices: [], usage: usageOf(request, text) })
  res.end('data: [DONE]\n\n')
  return true
}

function usageOf({ messages }: FakeChatRequest, text: string): object {
  const asked = messages.reduce((sum, { content }) => sum + content.length, 0)
  return { prompt_tokens: asked, completion_tokens: text.length, total_tokens: asked + text.length }
}

async function hang(res: ServerResponse, signal: AbortSignal): Promise<false> {
  await forEver(signal)
  return gone(res)
}

function gone(res: ServerResponse): false {
  res.destroy()
  return false
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal, ref: false }).catch(() => undefined)
}

function forEver(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => {
      resolve()
    })
  })
}
