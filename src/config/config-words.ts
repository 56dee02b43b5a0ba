/** The variables that kefu reads. */
export type Variable = keyof typeof words

const at = 'mp.weixin.qq.com (开发管理 › 开发设置'

/** The words that follow "NAME must be", for each variable. */
const words = {
  HOST: 'an address of this machine to listen on: 127.0.0.1 for this machine alone, 0.0.0.0 for all',
  PORT: 'a port number from 0 to 65535 (0: any free one), such as 3000',
  DATA_DIR: 'a directory for the database and the key that secrets are encrypted with, such as ./data',
  DATABASE_URL: 'file:PATH (SQLite) or postgres://USER:PASSWORD@HOST:PORT/DATABASE',
  WECHAT_APP_ID: `the Mini Program’s AppID, wx and 16 digits, from ${at}); gh_… is the original id, another thing`,
  WECHAT_APP_SECRET: `the AppSecret that ${at}) shows once, 32 characters without spaces`,
  WECHAT_TOKEN: `the Token (令牌) that was typed in at ${at} › 消息推送), 3 to 32 letters and digits`,
  WECHAT_ENCODING_AES_KEY: `the EncodingAESKey (消息加密密钥) shown at ${at} › 消息推送), 43 letters and digits`,
  WECHAT_MODE: `secure (安全模式), compatible (兼容模式) or plain (明文模式), as chosen at ${at} › 消息推送)`,
  WECHAT_PUSH_MAX_AGE:
    'how many seconds a push’s timestamp may differ from our clock, such as 600; 0 checks nothing',
  WECHAT_API_URL: 'an http or https address without a query or password, such as https://api.weixin.qq.com',
  KEFU_API_KEY:
    'a random word of at least 16 characters without spaces that programs show as a bearer key (openssl rand -hex 32)',
  KEFU_BOT: 'the path of a module whose default export is a function that gets the bot, such as ./bot.js',
  KEFU_ALLOWANCE_MESSAGES:
    'a whole number: how many messages WeChat allows in the 48 h after a customer’s (5)',
  KEFU_ALLOWANCE_ENTER:
    'a whole number: how many messages WeChat allows in the minute after a customer enters (2)',
  KEFU_HUMAN_RESERVE:
    'a whole number: how many of the messages after a customer’s only people may use, such as 2',
  KEFU_KEEP_MESSAGES_DAYS:
    'a whole number of days from 3 on, after which messages are deleted, such as 180; not set, they are kept',
  KEFU_KEEP_PUSHES_DAYS:
    'a whole number of days from 1 on, after which pushes as they came are deleted, such as 30; not set, they are kept',
  KEFU_KEEP_MEDIA_DAYS:
    'a whole number of days from 1 on, after which pictures are deleted, such as 90; not set, they are kept',
  KEFU_KEEP_FEED_DAYS:
    'a whole number of days from 1 on, after which the feed that pages catch up by is deleted, such as 7; not set, it is kept',
  KEFU_SECRET_KEY: '32 random bytes in base64 or hex: openssl rand -base64 32',
  KEFU_OLD_SECRET_KEY:
    'the key that secrets were sealed with so far: the KEFU_SECRET_KEY of before, or the text of secret.key',
  KEFU_MOVE_TO: 'the database that kefu move fills: postgres://USER:PASSWORD@HOST:PORT/DATABASE',
  KEFU_PUBLIC_URL:
    'the http or https address that people and WeChat use, without a path, such as https://kefu.example.com',
  KEFU_TRUST_PROXY:
    'the addresses or networks of your proxies with commas between, such as 127.0.0.1,10.0.0.0/8, or “loopback”',
  KEFU_ALLOW_PRIVATE_HOOKS:
    'the private addresses or networks that webhooks may be delivered to, with commas between, such as 10.0.0.0/8, or “loopback”',
  KEFU_AI_URL: 'the base address of an OpenAI-compatible API, such as https://api.deepseek.com',
  KEFU_AI_KEY: 'the key of that API, without spaces',
  KEFU_AI_MODEL: 'the name of a model there, such as deepseek-chat',
  KEFU_AI_PRESET: 'openai, deepseek, qwen, glm, kimi, doubao, hunyuan or ollama',
  KEFU_AI_FALLBACK_URL: 'the same of a second one, which is asked when the first has no answer',
  KEFU_AI_FALLBACK_KEY: 'the key of the second one, without spaces',
  KEFU_AI_FALLBACK_MODEL: 'the name of a model at the second one',
  KEFU_AI_FALLBACK_PRESET: 'openai, deepseek, qwen, glm, kimi, doubao, hunyuan or ollama',
  KEFU_AI_EMBEDDING_URL: 'the base address of an OpenAI-compatible API that makes vectors of texts',
  KEFU_AI_EMBEDDING_KEY: 'the key of that API, without spaces',
  KEFU_AI_EMBEDDING_MODEL: 'the name of its model, such as text-embedding-v4',
  KEFU_AI_DAILY_TOKENS: 'a whole number: how many tokens models may take a day (1000000)',
  KEFU_AI_KEEP_RUNS_DAYS:
    'a whole number of days from 1 on, after which is deleted how assistants came to their answers (180)',
  KEFU_ALLOW_PRIVATE_PAGES:
    'the private addresses or networks from which pages of knowledge may be read, with commas between, such as 10.0.0.0/8, or “loopback”',
  KEFU_ALLOW_PRIVATE_MODELS:
    'the private addresses or networks at which a model may be, with commas between, such as 192.168.1.5, or “loopback”',
  EMULATOR_PORT: 'a port number from 0 to 65535 (0: any free one), such as 3001',
  EMULATOR_HOST:
    'an address for the emulator to listen on: 127.0.0.1 for this machine alone, 0.0.0.0 for all',
  EMULATOR_ALLOW_HOST:
    'the names by which other machines call the emulator, with commas between, such as emulator,192.168.1.5',
  EMULATOR_PUSH_TO:
    'the hosts besides this machine that the emulator may push to, with commas between, such as app',
  EMULATOR_KEY:
    '16 characters or more that the emulator’s control API asks for, letters, digits and - _ . ~ + / = (openssl rand -hex 16)',
  EMULATOR_SEED_FILE:
    'the path of a JSON file with the apps, users, faults and stubs that kefu emulate has at the start',
  EMULATOR_SEED: 'a text of at most 256 characters: the same one gives the same ids, tokens and nonces',
  EMULATOR_CLOCK:
    'a time with its zone, such as 2026-01-01T08:00:00+08:00, or milliseconds since 1970, at which the emulator’s clock stands still',
  LOG_LEVEL: 'debug, info, warn, error or silent',
} as const

export const looks: Readonly<Record<Variable, string> & Record<string, string | undefined>> = words

/** Variables whose value is never shown. */
export const secretVariables: ReadonlySet<string> = new Set<Variable>([
  'DATABASE_URL',
  'WECHAT_APP_SECRET',
  'WECHAT_TOKEN',
  'WECHAT_ENCODING_AES_KEY',
  'KEFU_API_KEY',
  'KEFU_SECRET_KEY',
  'KEFU_OLD_SECRET_KEY',
  'KEFU_MOVE_TO',
  'EMULATOR_KEY',
  'KEFU_AI_KEY',
  'KEFU_AI_FALLBACK_KEY',
  'KEFU_AI_EMBEDDING_KEY',
  // An address may have been written with a password in it.
  'WECHAT_API_URL',
  'KEFU_PUBLIC_URL',
])
