import type { ModelReason } from '../protocol/model-reasons.js'
import type { ModelPreset } from './presets.js'

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

export interface ChatRequest {
  readonly messages: readonly ChatMessage[]
  /** The longest answer. */
  readonly maxTokens: number
  /** Ends it when nobody wants the answer any more. */
  readonly signal: AbortSignal
}

/** How long each part of a call may take, in milliseconds, and how many bytes an answer may have. */
export interface Budgets {
  /** Until the answer's headers. */
  readonly headersMs: number
  /** Until the first word of the answer: what keeps the connection open, and thoughts, do not count. */
  readonly firstMs: number
  /** Between two words. */
  readonly betweenMs: number
  readonly totalMs: number
  readonly maxBytes: number
}

export const usualBudgets: Budgets = {
  headersMs: 8000,
  firstMs: 12_000,
  betweenMs: 5000,
  totalMs: 20_000,
  maxBytes: 65_536,
}

export interface Provider {
  readonly preset: ModelPreset
  /** Without a slash at its end. */
  readonly url: string
  readonly key: string | undefined
  readonly model: string
}

export type WireAnswer =
  | {
      readonly ok: true
      readonly text: string
      /** As the provider counts; undefined where it does not say. */
      readonly usage: { readonly tokensIn: number; readonly tokensOut: number } | undefined
      /** Whether it thought before it answered. */
      readonly thought: boolean
      readonly firstTokenMs: number
      readonly totalMs: number
    }
  | {
      readonly ok: false
      readonly reason: ModelReason
      /** From Retry-After. */
      readonly retryAfterMs?: number
      readonly status?: number
    }
