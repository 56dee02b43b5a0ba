import { ConfigError } from 'kefu'

/** One Mini Program, as `Api` and `webhook` want to know it: `{ ...settings }` suits both. */
export interface Settings {
  readonly appId: string
  readonly appSecret: string
  readonly token: string
  readonly encodingAESKey: string
  /** Where WeChat's API is; api.weixin.qq.com when not given. */
  readonly url?: string
}

/** Reads a Mini Program's settings from the environment. Throws ConfigError with the names of all that are missing. */
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
      `Not set: ${missing.join(', ')}. Find them at mp.weixin.qq.com (开发管理) and put them into the ` +
        'environment or a .env file. To try the example without an account, run it with --emulator.',
    )
  const url = env['WECHAT_API_URL']
  return url ? { ...secrets, url } : secrets
}
