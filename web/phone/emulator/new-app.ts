import type { AppInput } from '../../../src/emulator/protocol.js'
import { randomAppId, randomAppSecret, randomEncodingAESKey, randomToken } from './random.js'

/** A Mini Program's settings with every field filled in. */
export type AppSettings = Required<Omit<AppInput, 'contentType' | 'originalId'>>

/** Settings that work as they are, for a service on its usual port of this machine. */
export function newApp(name: string): AppSettings {
  return {
    name,
    appId: randomAppId(),
    appSecret: randomAppSecret(),
    token: randomToken(),
    encodingAESKey: randomEncodingAESKey(),
    mode: 'secure',
    format: 'json',
    pushUrl: 'http://127.0.0.1:3000/wechat',
  }
}

/** What to register: plain mode has no key. */
export function withoutUnused({ encodingAESKey, ...app }: AppSettings): AppInput {
  return app.mode === 'plain' ? app : { ...app, encodingAESKey }
}

/** The same settings for the service's environment; `url` is the emulator's own address. */
export function envText(app: AppSettings, url: string): string {
  return [
    `WECHAT_APP_ID=${app.appId}`,
    `WECHAT_APP_SECRET=${app.appSecret}`,
    `WECHAT_TOKEN=${app.token}`,
    ...(app.mode === 'plain' ? [] : [`WECHAT_ENCODING_AES_KEY=${app.encodingAESKey}`]),
    `WECHAT_MODE=${app.mode}`,
    `WECHAT_API_URL=${url}`,
    '',
  ].join('\n')
}
