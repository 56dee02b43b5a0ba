import type { ModelPresetName, ModelReason } from '../protocol/model-reasons.js'

/** How a provider's wire differs from the others'. */
export interface ModelPreset {
  readonly base: string
  /** Fields that switch off thinking: a customer would wait for what nobody reads. */
  readonly thinkingOff: Readonly<Record<string, unknown>>
  readonly tokenField: 'max_tokens' | 'max_completion_tokens'
  /** Null where the provider takes none. */
  readonly temperature: number | null
  /** Whether it takes `response_format: { type: 'json_object' }`. */
  readonly jsonMode: boolean
  /** Whether it takes `stream_options: { include_usage: true }`. */
  readonly streamUsage: boolean
  /** The provider's own codes, in the body of an error or of a 200. */
  readonly reasons: Readonly<Record<string, ModelReason>>
  /** It loads the model at the first call, which takes long. */
  readonly isLocal?: boolean
}

const common: Omit<ModelPreset, 'base'> = {
  thinkingOff: {},
  tokenField: 'max_tokens',
  temperature: 0.1,
  jsonMode: true,
  streamUsage: true,
  reasons: {},
}

/** Sources: each provider's page on chat completions and on its error codes, as of 2026-11. */
export const presets: Readonly<Record<ModelPresetName, ModelPreset>> = {
  openai: {
    ...common,
    base: 'https://api.openai.com/v1',
    reasons: {
      invalid_api_key: 'key',
      insufficient_quota: 'no_credit',
      model_not_found: 'no_model',
      content_filter: 'refused_content',
    },
  },
  // https://api-docs.deepseek.com/quick_start/error_codes
  deepseek: { ...common, base: 'https://api.deepseek.com', thinkingOff: { thinking: { type: 'disabled' } } },
  // https://help.aliyun.com/zh/model-studio/error-code
  qwen: {
    ...common,
    base: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
    thinkingOff: { enable_thinking: false },
    reasons: {
      invalid_api_key: 'key',
      InvalidApiKey: 'key',
      Arrearage: 'no_credit',
      AccessDenied: 'key',
      model_not_found: 'no_model',
      data_inspection_failed: 'refused_content',
      DataInspectionFailed: 'refused_content',
      limit_requests: 'busy',
      limit_burst_rate: 'busy',
      insufficient_quota: 'no_credit',
    },
  },
  // https://docs.bigmodel.cn/cn/faq/api-code
  glm: {
    ...common,
    base: 'https://open.bigmodel.cn/api/paas/v4',
    thinkingOff: { thinking: { type: 'disabled' } },
    streamUsage: false,
    reasons: {
      1000: 'key',
      1001: 'key',
      1002: 'key',
      1003: 'key',
      1004: 'key',
      1112: 'key',
      1113: 'no_credit',
      1211: 'no_model',
      1301: 'refused_content',
      1302: 'busy',
      1303: 'busy',
      1305: 'busy',
      1308: 'no_credit',
      1310: 'no_credit',
    },
  },
  // https://platform.moonshot.cn/docs/api/chat
  kimi: {
    ...common,
    base: 'https://api.moonshot.cn/v1',
    thinkingOff: { thinking: { type: 'disabled' } },
    tokenField: 'max_completion_tokens',
    temperature: null,
    reasons: {
      invalid_authentication_error: 'key',
      exceeded_current_quota_error: 'no_credit',
      resource_not_found_error: 'no_model',
      content_filter: 'refused_content',
      rate_limit_reached_error: 'busy',
      engine_overloaded_error: 'busy',
    },
  },
  doubao: {
    ...common,
    base: 'https://ark.cn-beijing.volces.com/api/v3',
    thinkingOff: { thinking: { type: 'disabled' } },
    reasons: {
      AuthenticationError: 'key',
      AccountOverdueError: 'no_credit',
      'InvalidEndpointOrModel.NotFound': 'no_model',
      SensitiveContentDetected: 'refused_content',
      ServerOverloaded: 'busy',
    },
  },
  // Its own web search would bring words that are not the shop's.
  hunyuan: {
    ...common,
    base: 'https://api.hunyuan.cloud.tencent.com/v1',
    thinkingOff: { enable_enhancement: false },
    jsonMode: false,
  },
  ollama: { ...common, base: 'http://127.0.0.1:11434/v1', isLocal: true },
}

/** Why a provider refused, by its own code where it is known, else by the status. */
export function reasonFor(preset: ModelPreset, status: number, codes: readonly string[]): ModelReason {
  for (const code of codes) {
    const known = preset.reasons[code]
    if (known !== undefined) return known
  }
  switch (status) {
    case 401:
    case 403:
      return 'key'
    case 402:
      return 'no_credit'
    case 404:
      return 'no_model'
    case 429:
    case 503:
      return 'busy'
    default:
      return status >= 500 ? 'server' : status >= 400 ? 'refused_request' : 'bad_answer'
  }
}
