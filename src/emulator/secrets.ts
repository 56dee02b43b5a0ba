import { randomBytes } from 'node:crypto'

/** The secrets that a Mini Program shares with whoever serves it. */
export interface Secrets {
  readonly appId: string
  readonly appSecret: string
  readonly token: string
  readonly encodingAESKey: string
}

/** Made-up secrets in WeChat's form, new each time: for a Mini Program that exists in an emulator only. */
export function makeSecrets(): Secrets {
  return {
    appId: `wx${randomBytes(8).toString('hex')}`,
    appSecret: randomBytes(16).toString('hex'),
    token: randomBytes(12).toString('hex'),
    // 43 letters and digits, as mp.weixin.qq.com makes them: each 4 bits of another draw.
    encodingAESKey: randomBytes(22).toString('hex').slice(0, 43),
  }
}
