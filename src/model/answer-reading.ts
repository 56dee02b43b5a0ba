import { z } from 'zod'
import type { ModelReason } from '../protocol/model-reasons.js'
import type { WireAnswer } from './chat.js'
import { reasonFor, type ModelPreset } from './presets.js'

const chunk = z.object({
  choices: z
    .array(
      z.object({
        delta: z.object({ content: z.string().nullish(), reasoning_content: z.string().nullish() }).nullish(),
        message: z.object({ content: z.string().nullish() }).nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullish(),
})
const problem = z.object({
  error: z
    .object({ code: z.union([z.string(), z.number()]).nullish(), type: z.string().nullish() })
    .nullish(),
  code: z.union([z.string(), z.number()]).nullish(),
})

/** Gathers what a provider says. */
export class AnswerReading {
  text = ''
  firstTokenMs: number | undefined
  isDone = false
  readonly #preset: ModelPreset
  readonly #status: number
  #thought = false
  #finish: string | undefined
  #usage: { tokensIn: number; tokensOut: number } | undefined
  #failed: ModelReason | undefined

  constructor(preset: ModelPreset, status: number) {
    this.#preset = preset
    this.#status = status
  }

  event(data: string): void {
    if (data === '[DONE]') {
      this.isDone = true
      return
    }
    this.#take(json(data))
  }

  /** An answer that is no stream: an error, or all at once. */
  whole(body: string, ms: number): void {
    const value = json(body)
    if (this.#status !== 200) this.#failed = reasonFor(this.#preset, this.#status, codesOf(value))
    else if (value === undefined) this.#failed = 'bad_answer'
    else this.#take(value)
    if (this.text !== '') this.firstTokenMs = ms
  }

  result(totalMs: number, retryAfterMs: number | undefined): WireAnswer {
    const wait = retryAfterMs === undefined ? {} : { retryAfterMs }
    const failed = (reason: ModelReason): WireAnswer => ({ ok: false, reason, status: this.#status, ...wait })
    if (this.#failed !== undefined) return failed(this.#failed)
    if (this.#finish === 'content_filter' || this.#finish === 'sensitive') return failed('refused_content')
    if (this.#finish === 'length') return failed('cut')
    // A stream that ends without saying so was cut off on its way.
    if (!this.isDone && this.#finish === undefined) return failed(this.text === '' ? 'empty' : 'reset')
    const text = this.text.replace(/<think>[\s\S]*?(<\/think>|$)/gi, '').trim()
    const thought = this.#thought || /<think>/i.test(this.text)
    if (text === '') return failed('empty')
    return {
      ok: true,
      text,
      usage: this.#usage,
      thought,
      firstTokenMs: Math.round(this.firstTokenMs ?? totalMs),
      totalMs: Math.round(totalMs),
    }
  }

  #take(value: unknown): void {
    const codes = codesOf(value)
    const read = chunk.safeParse(value)
    if (!read.success || (codes.length > 0 && !read.data.choices?.length)) {
      this.#failed ??= reasonFor(this.#preset, this.#status, codes)
      return
    }
    const { choices, usage } = read.data
    if (usage) this.#usage = { tokensIn: usage.prompt_tokens, tokensOut: usage.completion_tokens }
    const [choice] = choices ?? []
    if (!choice) return
    this.text += choice.delta?.content ?? choice.message?.content ?? ''
    if (choice.delta?.reasoning_content) this.#thought = true
    this.#finish = choice.finish_reason ?? this.#finish
  }
}

function codesOf(value: unknown): string[] {
  const read = problem.safeParse(value)
  if (!read.success) return []
  const { error, code } = read.data
  return [error?.code, error?.type, code].flatMap((each) => (each == null ? [] : [String(each)]))
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
