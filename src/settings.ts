import { ConfigError, type ErrorWords } from './errors.js'

/** One Mini Program, as `Api` and `webhook` want to know it: `{ ...settings }` suits both. */
export interface Settings extends ErrorWords {
  readonly appId: string
  readonly appSecret: string
  /** Of 消息推送. */
  readonly token: string
  /** Of 消息推送: 43 characters. */
  readonly encodingAESKey: string
  /** WeChat's API: https://api.weixin.qq.com when not given, the address of an emulated WeChat while testing. */
  readonly url?: string
}

/**
 * Reads the settings of a Mini Program from an environment: `WECHAT_APP_ID`, `WECHAT_APP_SECRET`, `WECHAT_TOKEN`,
 * `WECHAT_ENCODING_AES_KEY` and, for an emulated WeChat, `WECHAT_API_URL`. With another `prefix` they are those of
 * another Mini Program. A `LC_ALL`, `LC_MESSAGES` or `LANG` that begins with zh makes errors speak Chinese, and
 * `KEFU_ERRORS_URL` is where they lead. Throws ConfigError with the names of all that are missing.
 */
export function settingsFrom(env: Readonly<Record<string, string | undefined>>, prefix = 'WECHAT'): Settings {
  const missing: string[] = []
  const read = (name: string): string => {
    const value = env[`${prefix}_${name}`]
    if (!value) missing.push(`${prefix}_${name}`)
    return value ?? ''
  }
  const secrets = {
    appId: read('APP_ID'),
    appSecret: read('APP_SECRET'),
    token: read('TOKEN'),
    encodingAESKey: read('ENCODING_AES_KEY'),
  }
  if (missing.length > 0)
    throw new ConfigError(
      `Not set: ${missing.join(', ')}. They are at mp.weixin.qq.com (开发管理): put them into the environment or a .env file.`,
    )
  const url = env['WECHAT_API_URL']
  const language = env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG']
  const errorsUrl = env['KEFU_ERRORS_URL']
  return {
    ...secrets,
    ...(url && { url }),
    ...(language?.startsWith('zh') && { language: 'zh' }),
    ...(errorsUrl && { errorsUrl }),
  }
}
