import { describe, expect, it } from 'vitest'
import { ConfigError } from '../errors.js'
import { readConfig } from './config.js'

const app = {
  WECHAT_APP_ID: 'wx0123456789abcdef',
  WECHAT_APP_SECRET: 'planted-app-secret',
  WECHAT_TOKEN: 'plantedtoken',
  WECHAT_ENCODING_AES_KEY: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG',
}

/** What a person is told about an environment that can't work. */
function refusal(environment: Record<string, string>): string {
  try {
    readConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('It was expected to be refused.')
}

describe('readConfig', () => {
  it('needs nothing: the defaults are those of the contract', () => {
    expect(readConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 3000,
      emulatorPort: 3001,
      dataDir: `${process.cwd()}/data`,
      databaseUrl: `file:${process.cwd()}/data/kefu.db`,
      app: undefined,
      pushMaxAgeSeconds: 600,
      apiUrl: 'https://api.weixin.qq.com',
      apiKey: undefined,
      allowance: { afterMessage: 5, afterEnter: 2, humanReserve: 2 },
      trustedProxies: [],
      logLevel: 'info',
    })
  })

  it('takes an empty variable as not set', () => {
    const empty = Object.fromEntries(Object.keys(app).map((name) => [name, '']))
    expect(readConfig({ ...empty, PORT: '', LOG_LEVEL: '', DATABASE_URL: '' })).toEqual(readConfig({}))
  })

  it('reads a Mini Program, in secure mode unless another is named', () => {
    expect(readConfig(app).app).toEqual({
      appId: app.WECHAT_APP_ID,
      appSecret: app.WECHAT_APP_SECRET,
      token: app.WECHAT_TOKEN,
      encodingAESKey: app.WECHAT_ENCODING_AES_KEY,
      mode: 'secure',
      name: app.WECHAT_APP_ID,
    })
    const plain = { ...app, WECHAT_ENCODING_AES_KEY: '', WECHAT_MODE: 'plain' }
    expect(readConfig(plain).app).toMatchObject({ mode: 'plain', encodingAESKey: undefined })
  })

  it('keeps everything for ever, unless it is told for how many days', () => {
    expect(readConfig({}).keepDays).toEqual({
      messages: undefined,
      pushes: undefined,
      media: undefined,
      feed: undefined,
    })
    const days = { KEFU_KEEP_MESSAGES_DAYS: '180', KEFU_KEEP_FEED_DAYS: '1' }
    expect(readConfig(days).keepDays).toMatchObject({ messages: 180, feed: 1 })
    // What was sent within 48 h counts for what may be sent.
    expect(refusal({ KEFU_KEEP_MESSAGES_DAYS: '2' })).toMatch(/KEFU_KEEP_MESSAGES_DAYS .*days from 3 on/)
    for (const wrong of ['0', '-1', '1.5', 'year'])
      expect(refusal({ KEFU_KEEP_PUSHES_DAYS: wrong })).toMatch(/KEFU_KEEP_PUSHES_DAYS .*days from 1 on/)
  })

  it('reads the rest', () => {
    const key = Buffer.alloc(32, 7)
    const config = readConfig({
      DATABASE_URL: 'postgres://kefu@127.0.0.1/kefu',
      WECHAT_PUSH_MAX_AGE: '0',
      KEFU_ALLOWANCE_MESSAGES: '20',
      KEFU_HUMAN_RESERVE: '0',
      KEFU_SECRET_KEY: key.toString('hex'),
      KEFU_PUBLIC_URL: 'https://kefu.example.com/',
      KEFU_TRUST_PROXY: 'loopback, 10.0.0.0/8',
      KEFU_BOT: './bot.js',
    })
    expect(config).toMatchObject({
      databaseUrl: 'postgres://kefu@127.0.0.1/kefu',
      pushMaxAgeSeconds: 0,
      allowance: { afterMessage: 20, humanReserve: 0 },
      publicUrl: 'https://kefu.example.com',
      trustedProxies: ['127.0.0.0/8', '::1/128', '10.0.0.0/8'],
      botModule: './bot.js',
    })
    expect(config.secretKey).toEqual(key)
  })

  it.each([
    ['PORT', '80a', /a port number from 0 to 65535.*it is "80a"/],
    ['PORT', '65536', /a port number/],
    ['PORT', '-1', /a port number/],
    ['HOST', 'my host', /an address of this machine/],
    ['DATABASE_URL', 'mysql://x', /file:PATH.*postgres:/],
    ['WECHAT_APP_ID', 'gh_0123456789ab', /wx and 16 digits.*gh_… is the original id/],
    ['WECHAT_MODE', 'safe', /secure \(安全模式\).*it is "safe"/],
    ['WECHAT_PUSH_MAX_AGE', '10m', /seconds/],
    ['WECHAT_API_URL', 'api.weixin.qq.com', /http or https address/],
    ['WECHAT_ENCODING_AES_KEY', 'tooshort', /43 letters and digits.*yours has 8 characters/],
    ['KEFU_SECRET_KEY', 'passphrase', /openssl rand -base64 32/],
    ['KEFU_API_KEY', 'fifteen-letters', /at least 16 characters.*openssl rand -hex 32.*yours has 15/],
    ['KEFU_PUBLIC_URL', 'https://example.com/kefu', /without a path/],
    ['KEFU_TRUST_PROXY', 'true', /addresses or networks/],
    ['KEFU_ALLOWANCE_MESSAGES', '-5', /a whole number/],
    ['LOG_LEVEL', 'verbose', /debug, info, warn, error or silent/],
  ])('says what %s must look like when it is %s', (name, value, words) => {
    const message = refusal({ [name]: value })
    expect(message).toContain(`  ${name} must be`)
    expect(message).toMatch(words)
  })

  it('names every variable that can’t work at once', () => {
    const message = refusal({ PORT: 'x', LOG_LEVEL: 'y', WECHAT_MODE: 'z' })
    for (const name of ['PORT', 'LOG_LEVEL', 'WECHAT_MODE']) expect(message).toContain(`  ${name} must be`)
  })

  it.each(['WECHAT_APP_ID', 'WECHAT_APP_SECRET', 'WECHAT_TOKEN', 'WECHAT_ENCODING_AES_KEY'] as const)(
    'asks for %s where the other three are set',
    (name) => {
      const message = refusal({ ...app, [name]: '' })
      expect(message).toMatch(new RegExp(`  ${name} is missing`))
    },
  )

  it('never shows the value of a secret', () => {
    const planted = 'planted secret'
    for (const name of [
      'DATABASE_URL',
      'WECHAT_APP_SECRET',
      'WECHAT_TOKEN',
      'WECHAT_ENCODING_AES_KEY',
      'KEFU_API_KEY',
      'KEFU_SECRET_KEY',
      'WECHAT_API_URL',
      'KEFU_PUBLIC_URL',
    ]) {
      const message = refusal({ [name]: planted })
      expect(message).toContain(name)
      expect(message).not.toContain('planted')
    }
  })

  it('refuses a reserve for people that is larger than what there is', () => {
    expect(refusal({ KEFU_HUMAN_RESERVE: '6' })).toMatch(
      /KEFU_HUMAN_RESERVE \(6\) must not be larger than KEFU_ALLOWANCE_MESSAGES \(5\)/,
    )
  })
})
