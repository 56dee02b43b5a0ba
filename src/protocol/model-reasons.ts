/** Why a model gave no answer. */
export const modelReasons = [
  'not_configured',
  'key',
  'no_credit',
  'no_model',
  'busy',
  'refused_content',
  'refused_request',
  'empty',
  'cut',
  'not_json',
  'too_long',
  'bad_answer',
  'server',
  'timeout_connect',
  'timeout_headers',
  'timeout_first',
  'timeout_between',
  'timeout_total',
  'reset',
  'unreachable',
  'tls',
  'private_address',
  'breaker',
  'no_tokens_left',
  'aborted',
] as const
export type ModelReason = (typeof modelReasons)[number]

/** The providers whose differences kefu knows. */
export const modelPresets = [
  'openai',
  'deepseek',
  'qwen',
  'glm',
  'kimi',
  'doubao',
  'hunyuan',
  'ollama',
] as const
export type ModelPresetName = (typeof modelPresets)[number]
