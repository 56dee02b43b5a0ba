import type { FakeChatRequest } from './fake-choice.js'
import type { ModelProfile } from './model-input.js'

/** A refusal in a provider's own form. */
export interface ModelRefusal {
  readonly status: number
  readonly body: object
}

/** What is particular about a provider. */
export interface Profile {
  /** Why it takes no such request; undefined where it does. */
  readonly refuses: (request: FakeChatRequest) => ModelRefusal | undefined
  /** Whether it thinks before it answers. */
  readonly thinks: (request: FakeChatRequest) => boolean
  /** Whether thoughts stand in the text, within <think>. */
  readonly thinksAloud?: boolean
  /** Whether it sends comments while one waits. */
  readonly commentsFirst?: boolean
  /** The body of an error. */
  readonly error: (code: string | number | undefined, status: number) => object
}

const usualError: Profile['error'] = (code, status) => ({
  error: { message: 'emulated', type: String(code ?? `error_${status}`), code: code ?? null },
})
const invalid = (message: string): ModelRefusal => ({
  status: 400,
  body: { error: { message, type: 'invalid_request_error', code: 'invalid_request_error' } },
})
const isDisabled = ({ thinking }: FakeChatRequest): boolean =>
  typeof thinking === 'object' && thinking !== null && 'type' in thinking && thinking.type === 'disabled'
const never = (): undefined => undefined
/** The word that most ask for beside `response_format`. */
const saysJson = ({ messages, response_format: format }: FakeChatRequest): ModelRefusal | undefined =>
  format === undefined || messages.some(({ content }) => /json/i.test(content))
    ? undefined
    : invalid("'messages' must contain the word 'json' in some form")

/** Sources: the table in section 3 of the map, from each provider's pages. */
export const profiles: Readonly<Record<ModelProfile, Profile>> = {
  openai: { refuses: saysJson, thinks: () => false, error: usualError },
  deepseek: {
    refuses: saysJson,
    thinks: (request) => !isDisabled(request),
    commentsFirst: true,
    error: usualError,
  },
  qwen: {
    refuses: saysJson,
    thinks: ({ enable_thinking: thinking }) => thinking !== false,
    error: usualError,
  },
  glm: {
    refuses: ({ stream_options: options, max_completion_tokens: tokens, name }) =>
      options !== undefined || tokens !== undefined || name !== undefined
        ? { status: 400, body: { error: { code: '1210', message: 'emulated' } } }
        : undefined,
    thinks: (request) => !isDisabled(request),
    error: (code) => ({ error: { code: String(code ?? '1234'), message: 'emulated' } }),
  },
  kimi: {
    refuses: ({ temperature, top_p: topP, n }) =>
      temperature !== undefined || topP !== undefined || n !== undefined
        ? invalid('invalid temperature: only 1 is allowed for this model')
        : undefined,
    thinks: (request) => !isDisabled(request),
    error: (code, status) => ({ error: { message: 'emulated', type: String(code ?? `error_${status}`) } }),
  },
  hunyuan: {
    refuses: ({ enable_enhancement: enhancement }) =>
      enhancement === false ? undefined : invalid('the emulated web search is on: enable_enhancement'),
    thinks: () => false,
    error: usualError,
  },
  ollama: { refuses: never, thinks: () => true, thinksAloud: true, error: usualError },
}
