import type { PushSecrets } from '../wechat/index.js'

/** A Mini Program as it is configured: all that mp.weixin.qq.com shows about it. */
export interface AppSettings {
  readonly appId: string
  readonly appSecret: string
  readonly token: string
  readonly encodingAESKey: string | undefined
  readonly mode: 'plain' | 'compatible' | 'secure'
  /** For people. */
  readonly name: string
}

/** Returns the part that the webhook needs. */
export function pushSecretsOf(settings: AppSettings, maxAgeSeconds: number): PushSecrets {
  const { appId, token, encodingAESKey, mode } = settings
  return { appId, token, encodingAESKey, mode, maxAgeSeconds }
}
