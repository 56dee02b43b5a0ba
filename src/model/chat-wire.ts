import { createParser } from 'eventsource-parser'
import { request, type Dispatcher } from 'undici'
import type { Budgets, ChatRequest, Provider, WireAnswer } from './chat.js'
import { AnswerReading } from './answer-reading.js'
import { CallClock } from './call-clock.js'
import type { ModelPreset } from './presets.js'

export interface Wire {
  /** Refuses addresses that are not allowed. */
  readonly dispatcher: Dispatcher
  readonly budgets: Budgets
  /** Milliseconds that only grow. */
  readonly elapsed: () => number
}

/**
 * Asks once, and never throws: the reasons say what can be done. Nothing of what a provider says about a failure is
 * handed on.
 */
export async function askOnce(
  provider: Provider,
  asked: ChatRequest,
  { dispatcher, budgets, elapsed }: Wire,
): Promise<WireAnswer> {
  const call = new CallClock(asked.signal, budgets, elapsed)
  try {
    const answer = await call.within(
      request(`${provider.url}/chat/completions`, {
        dispatcher,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'text/event-stream',
          ...(provider.key === undefined ? {} : { authorization: `Bearer ${provider.key}` }),
        },
        body: JSON.stringify(bodyOf(provider, asked)),
        signal: call.signal,
      }),
      budgets.headersMs,
      'timeout_headers',
    )
    const read = await readAnswer(answer, provider.preset, call)
    return read
  } catch (error) {
    return { ok: false, reason: call.reasonFor(error) }
  } finally {
    call.end()
  }
}

function bodyOf({ preset, model }: Provider, { messages, maxTokens }: ChatRequest): object {
  return {
    model,
    messages,
    stream: true,
    ...(preset.streamUsage ? { stream_options: { include_usage: true } } : {}),
    ...(preset.jsonMode ? { response_format: { type: 'json_object' } } : {}),
    ...(preset.temperature === null ? {} : { temperature: preset.temperature }),
    [preset.tokenField]: maxTokens,
    ...preset.thinkingOff,
  }
}

async function readAnswer(
  answer: Dispatcher.ResponseData,
  preset: ModelPreset,
  call: CallClock,
): Promise<WireAnswer> {
  const type = String(answer.headers['content-type'] ?? '')
  const reading = new AnswerReading(preset, answer.statusCode)
  const isStream = answer.statusCode === 200 && type.includes('event-stream')
  const parser = createParser({ onEvent: ({ data }) => reading.event(data) })
  const decoder = new TextDecoder()
  const chunks = (answer.body as AsyncIterable<Buffer>)[Symbol.asyncIterator]()
  let bytes = 0
  let whole = ''
  let lastWord = call.ms
  for (;;) {
    const budget = reading.firstTokenMs === undefined ? call.budgets.firstMs : call.budgets.betweenMs
    const reason = reading.firstTokenMs === undefined ? 'timeout_first' : 'timeout_between'
    const left = budget - (call.ms - lastWord)
    const next = await call.within(chunks.next(), left, reason)
    if (next.done === true) break
    bytes += next.value.length
    if (bytes > call.budgets.maxBytes) return { ok: false, reason: 'too_long' }
    const text = decoder.decode(next.value, { stream: true })
    if (isStream) {
      const before = reading.text.length
      parser.feed(text)
      if (reading.text.length > before) {
        reading.firstTokenMs ??= call.ms
        lastWord = call.ms
      }
      if (reading.isDone) break
    } else whole += text
  }
  if (!isStream) reading.whole(whole, call.ms)
  return reading.result(call.ms, retryAfter(answer.headers['retry-after']))
}

function retryAfter(header: string | string[] | undefined): number | undefined {
  const text = Array.isArray(header) ? header[0] : header
  if (text === undefined) return undefined
  const seconds = Number(text)
  return Number.isFinite(seconds) ? Math.max(seconds, 0) * 1000 : undefined
}
