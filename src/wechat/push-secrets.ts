import { ConfigError } from '../errors.js'
import { refusal } from '../protocol/refusals.js'
import { decodeAESKey } from './crypto.js'
import type { Mode } from './wire.js'

/** The secrets that a Mini Program and WeChat share about pushes (开发管理 › 消息推送). */
export interface PushSecrets {
  readonly appId: string
  readonly token: string
  /** 43 characters; needed unless `mode` is `plain`. */
  readonly encodingAESKey?: string | undefined
  /** `secure` when not given: a push in plain text is refused. */
  readonly mode?: Mode | undefined
  /** How many seconds a push's timestamp may differ from our clock; 600 when not given, 0 checks nothing. */
  readonly maxAgeSeconds?: number | undefined
}

/** Throws ConfigError when secrets can't work together, so that it is known before the first push. */
export function checkPushSecrets(secrets: PushSecrets): void {
  if (!secrets.appId)
    throw new ConfigError('appId is empty: it is the Mini Program’s AppID, wx and 16 digits.')
  checkToken(secrets.token)
  if (!modes.has(secrets.mode ?? 'secure'))
    throw new ConfigError(
      `mode is ${JSON.stringify(secrets.mode)}: it must be "secure", "compatible" or "plain".`,
    )
  if (secrets.maxAgeSeconds !== undefined && !(secrets.maxAgeSeconds >= 0))
    throw new ConfigError(
      `maxAgeSeconds is ${secrets.maxAgeSeconds}: it must be a number of seconds, 0 to check nothing.`,
    )
  if (secrets.encodingAESKey) decodeAESKey(secrets.encodingAESKey)
  else if (secrets.mode !== 'plain')
    throw new ConfigError(
      `encodingAESKey is missing and mode is ${secrets.mode ?? 'secure'}: give the 43 characters shown at ` +
        'mp.weixin.qq.com (开发管理 › 消息推送), or mode: "plain" if 明文模式 is chosen there.',
      { refusal: refusal('app_key_missing') },
    )
}

/** Without a token, or with process.env's undefined for one, anyone could sign. */
export function checkToken(token: string): void {
  if (!token)
    throw new ConfigError(
      'token is empty: it is the Token (令牌) typed in at mp.weixin.qq.com, 3 to 32 letters and digits.',
    )
}

const modes: ReadonlySet<string> = new Set<Mode>(['plain', 'compatible', 'secure'])
