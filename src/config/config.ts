import { resolve } from 'node:path'
import { z } from 'zod'
import { defaultAllowanceRules, type AllowanceRules } from '../conversation/index.js'
import { ConfigError } from '../errors.js'
import { modelPresets } from '../protocol/model-reasons.js'
import { checkPushSecrets, limits } from '../wechat/index.js'
import type { AppSettings } from './app-settings.js'
import { looks, secretVariables, type Variable } from './config-words.js'
import {
  embeddingOf,
  modelProblems,
  modelsOf,
  type EmbeddingVariable,
  type ModelVariables,
} from './model-variables.js'
import { parseSecretKey } from './secret-key.js'
import { parseNetworks } from './networks.js'

const whole = (least: number, most: number) =>
  z.string().regex(/^\d+$/).transform(Number).pipe(z.number().min(least).max(most))
const word = z.string().regex(/^\S+$/)
const webAddress = z.string().refine(isWebAddress)
const secretKey = z.string().refine((text) => parseSecretKey(text) !== undefined)
const networks = z.string().refine((list) => parseNetworks(list) !== undefined)
const hostNames = z.string().regex(/^[\w.:[\]-]+(, *[\w.:[\]-]+)*$/)

/** Shorter ones can be guessed. */
const API_KEY_LEAST = 16

const schema = z.object({
  HOST: word.default('127.0.0.1'),
  PORT: whole(0, 65_535).default(3000),
  DATA_DIR: z.string().default('./data'),
  DATABASE_URL: z
    .string()
    .regex(/^(file:.|postgres(ql)?:\/\/.)/)
    .optional(),
  WECHAT_APP_ID: z
    .string()
    .regex(/^(?!gh_)[\w-]+$/)
    .optional(),
  WECHAT_APP_SECRET: word.optional(),
  WECHAT_TOKEN: word.optional(),
  WECHAT_ENCODING_AES_KEY: z
    .string()
    .regex(/^[A-Za-z0-9+/]{43}$/)
    .optional(),
  WECHAT_MODE: z.enum(['secure', 'compatible', 'plain']).default('secure'),
  WECHAT_PUSH_MAX_AGE: whole(0, 10 ** 9).default(limits.pushMaxAgeSeconds),
  WECHAT_API_URL: webAddress.default('https://api.weixin.qq.com'),
  KEFU_API_KEY: word.min(API_KEY_LEAST).optional(),
  KEFU_BOT: z.string().optional(),
  KEFU_ALLOWANCE_MESSAGES: whole(0, 1000).default(defaultAllowanceRules.afterMessage),
  KEFU_ALLOWANCE_ENTER: whole(0, 1000).default(defaultAllowanceRules.afterEnter),
  KEFU_HUMAN_RESERVE: whole(0, 1000).default(defaultAllowanceRules.humanReserve),
  KEFU_KEEP_MESSAGES_DAYS: whole(3, 36_500).optional(),
  KEFU_KEEP_PUSHES_DAYS: whole(1, 36_500).optional(),
  KEFU_KEEP_MEDIA_DAYS: whole(1, 36_500).optional(),
  KEFU_KEEP_FEED_DAYS: whole(1, 36_500).optional(),
  KEFU_SECRET_KEY: secretKey.optional(),
  KEFU_OLD_SECRET_KEY: secretKey.optional(),
  KEFU_MOVE_TO: z
    .string()
    .regex(/^postgres(ql)?:\/\/./)
    .optional(),
  KEFU_PUBLIC_URL: z
    .string()
    .refine((url) => isWebAddress(url) && /^\/*$/.test(new URL(url).pathname))
    .optional(),
  KEFU_TRUST_PROXY: networks.optional(),
  KEFU_ALLOW_PRIVATE_HOOKS: networks.optional(),
  KEFU_AI_URL: webAddress.optional(),
  KEFU_AI_KEY: word.optional(),
  KEFU_AI_MODEL: word.optional(),
  KEFU_AI_PRESET: z.enum(modelPresets).default('openai'),
  KEFU_AI_FALLBACK_URL: webAddress.optional(),
  KEFU_AI_FALLBACK_KEY: word.optional(),
  KEFU_AI_FALLBACK_MODEL: word.optional(),
  KEFU_AI_FALLBACK_PRESET: z.enum(modelPresets).default('openai'),
  KEFU_AI_EMBEDDING_URL: webAddress.optional(),
  KEFU_AI_EMBEDDING_KEY: word.optional(),
  KEFU_AI_EMBEDDING_MODEL: word.optional(),
  KEFU_AI_DAILY_TOKENS: whole(0, 10 ** 12).default(1_000_000),
  KEFU_AI_KEEP_RUNS_DAYS: whole(1, 36_500).default(180),
  KEFU_ALLOW_PRIVATE_MODELS: networks.optional(),
  KEFU_ALLOW_PRIVATE_PAGES: networks.optional(),
  EMULATOR_PORT: whole(0, 65_535).default(3001),
  EMULATOR_HOST: word.optional(),
  EMULATOR_ALLOW_HOST: hostNames.optional(),
  EMULATOR_PUSH_TO: hostNames.optional(),
  EMULATOR_KEY: z
    .string()
    .regex(/^[\w.~+/=-]{16,}$/)
    .optional(),
  EMULATOR_SEED_FILE: z.string().optional(),
  EMULATOR_SEED: z.string().max(256).optional(),
  EMULATOR_CLOCK: z
    .string()
    .refine((time) => /^\d{1,15}$/.test(time) || z.iso.datetime({ offset: true }).safeParse(time).success)
    .optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
} satisfies Record<Variable, z.ZodType>)

type Values = z.infer<typeof schema>

/** The settings, as they are used. */
export interface Config {
  readonly host: string
  readonly port: number
  /** Absolute. */
  readonly dataDir: string
  readonly databaseUrl: string
  /** The Mini Program that the environment gives. */
  readonly app: AppSettings | undefined
  readonly pushMaxAgeSeconds: number
  readonly apiUrl: string
  readonly apiKey: string | undefined
  /** A module with handlers, as it was written. */
  readonly botModule: string | undefined
  readonly allowance: AllowanceRules
  /** After how many days what is kept is deleted; undefined keeps it for ever. */
  readonly keepDays: Readonly<Record<'messages' | 'pushes' | 'media' | 'feed', number | undefined>>
  readonly secretKey: Buffer | undefined
  /** The key of before, while the database is sealed anew. */
  readonly oldSecretKey: Buffer | undefined
  /** Where `kefu move` goes. */
  readonly moveTo: string | undefined
  /** Without a slash at its end. */
  readonly publicUrl: string | undefined
  /** Addresses and networks whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[]
  /** Private addresses and networks that webhooks may be delivered to. */
  readonly privateHooks: readonly string[]
  /** The models that the environment gives. */
  readonly models: ModelVariables
  readonly embedding: EmbeddingVariable | undefined
  /** How many tokens models may take a day. */
  readonly dailyTokens: number
  /** After how many days is deleted how assistants came to their answers. */
  readonly keepRunsDays: number
  /** Private addresses and networks from which pages of knowledge may be read. */
  readonly privatePages: readonly string[]
  /** Private addresses and networks at which a model may be. */
  readonly privateModels: readonly string[]
  readonly emulatorPort: number
  /** The emulator's host; undefined where nobody said, which means loopback. */
  readonly emulatorHost: string | undefined
  /** Names by which other machines call it, and hosts that it may push to. */
  readonly emulatorAllowHosts: readonly string[]
  readonly emulatorPushTo: readonly string[]
  readonly emulatorKey: string | undefined
  /** A file with what `kefu emulate` has at the start, as it was written. */
  readonly emulatorSeedFile: string | undefined
  /** What its ids, tokens and nonces follow from; undefined where they are new each time. */
  readonly emulatorSeed: string | undefined
  /** Where its clock stands still: a time with its zone, or milliseconds since 1970. */
  readonly emulatorClock: string | undefined
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
}

/**
 * Reads the environment. Throws ConfigError that names every variable that can't work and what it should look
 * like, without the value where that is a secret. An empty variable counts as not set.
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const set = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  )
  const result = schema.safeParse(set)
  if (!result.success) throw refusal(result.error.issues.map(({ path }) => complaint(String(path[0]), set)))
  const problems = together(result.data)
  if (problems.length > 0) throw refusal(problems)
  return configOf(result.data)
}

/** The environment, with what `.env` in the working directory adds to it (it replaces nothing). */
export function loadEnvironment(): NodeJS.ProcessEnv {
  try {
    process.loadEnvFile()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT'))
      throw new ConfigError(
        'The file .env can’t be read: check its permissions and that each line is NAME=value.',
        { cause: error },
      )
  }
  return process.env
}

function refusal(problems: readonly string[]): ConfigError {
  return new ConfigError(
    `The configuration can’t work:\n${[...new Set(problems)].map((line) => `  ${line}`).join('\n')}`,
  )
}

function complaint(name: string, set: Readonly<Record<string, string | undefined>>): string {
  const value = set[name]
  const wrong =
    value === undefined
      ? ''
      : secretVariables.has(name)
        ? ` (yours has ${value.length} characters)`
        : ` (it is ${JSON.stringify(value)})`
  return `${name} must be ${looks[name] ?? 'another value'}${wrong}.`
}

/** Finds problems that no variable shows alone. */
function together(values: Values): string[] {
  const problems: string[] = []
  const { WECHAT_APP_ID, WECHAT_APP_SECRET, WECHAT_TOKEN, WECHAT_ENCODING_AES_KEY, WECHAT_MODE } = values
  const needed = { WECHAT_APP_ID, WECHAT_APP_SECRET, WECHAT_TOKEN }
  const given = Object.entries({ ...needed, WECHAT_ENCODING_AES_KEY }).find(
    ([, value]) => value !== undefined,
  )
  if (given) {
    for (const [name, value] of Object.entries(needed))
      if (value === undefined)
        problems.push(`${name} is missing, while ${given[0]} is set: it must be ${looks[name] ?? ''}.`)
    if (WECHAT_ENCODING_AES_KEY === undefined && WECHAT_MODE !== 'plain')
      problems.push(
        `WECHAT_ENCODING_AES_KEY is missing: it must be ${looks.WECHAT_ENCODING_AES_KEY}. ` +
          'Only with WECHAT_MODE=plain (明文模式) is there none.',
      )
  }
  problems.push(...modelProblems(values))
  if (values.KEFU_HUMAN_RESERVE > values.KEFU_ALLOWANCE_MESSAGES)
    problems.push(
      `KEFU_HUMAN_RESERVE (${values.KEFU_HUMAN_RESERVE}) must not be larger than KEFU_ALLOWANCE_MESSAGES ` +
        `(${values.KEFU_ALLOWANCE_MESSAGES}): it is the part of them that bots leave to people.`,
    )
  return problems
}

function configOf(values: Values): Config {
  const dataDir = resolve(values.DATA_DIR)
  return {
    host: values.HOST,
    port: values.PORT,
    dataDir,
    databaseUrl: values.DATABASE_URL ?? `file:${resolve(dataDir, 'kefu.db')}`,
    app: appOf(values),
    pushMaxAgeSeconds: values.WECHAT_PUSH_MAX_AGE,
    apiUrl: values.WECHAT_API_URL,
    apiKey: values.KEFU_API_KEY,
    botModule: values.KEFU_BOT,
    allowance: {
      afterMessage: values.KEFU_ALLOWANCE_MESSAGES,
      afterEnter: values.KEFU_ALLOWANCE_ENTER,
      humanReserve: values.KEFU_HUMAN_RESERVE,
    },
    keepDays: {
      messages: values.KEFU_KEEP_MESSAGES_DAYS,
      pushes: values.KEFU_KEEP_PUSHES_DAYS,
      media: values.KEFU_KEEP_MEDIA_DAYS,
      feed: values.KEFU_KEEP_FEED_DAYS,
    },
    secretKey: parseSecretKey(values.KEFU_SECRET_KEY ?? ''),
    oldSecretKey: parseSecretKey(values.KEFU_OLD_SECRET_KEY ?? ''),
    moveTo: values.KEFU_MOVE_TO,
    publicUrl: values.KEFU_PUBLIC_URL?.replace(/\/+$/, ''),
    trustedProxies: parseNetworks(values.KEFU_TRUST_PROXY ?? '') ?? [],
    privateHooks: parseNetworks(values.KEFU_ALLOW_PRIVATE_HOOKS ?? '') ?? [],
    models: modelsOf(values),
    embedding: embeddingOf(values),
    dailyTokens: values.KEFU_AI_DAILY_TOKENS,
    keepRunsDays: values.KEFU_AI_KEEP_RUNS_DAYS,
    privatePages: parseNetworks(values.KEFU_ALLOW_PRIVATE_PAGES ?? '') ?? [],
    privateModels: parseNetworks(values.KEFU_ALLOW_PRIVATE_MODELS ?? '') ?? [],
    emulatorPort: values.EMULATOR_PORT,
    emulatorHost: values.EMULATOR_HOST,
    emulatorAllowHosts: values.EMULATOR_ALLOW_HOST?.split(/, */) ?? [],
    emulatorPushTo: values.EMULATOR_PUSH_TO?.split(/, */) ?? [],
    emulatorKey: values.EMULATOR_KEY,
    emulatorSeedFile: values.EMULATOR_SEED_FILE,
    emulatorSeed: values.EMULATOR_SEED,
    emulatorClock: values.EMULATOR_CLOCK,
    logLevel: values.LOG_LEVEL,
  }
}

function appOf(values: Values): AppSettings | undefined {
  const { WECHAT_APP_ID: appId, WECHAT_APP_SECRET: appSecret, WECHAT_TOKEN: token } = values
  if (appId === undefined || appSecret === undefined || token === undefined) return undefined
  const { WECHAT_ENCODING_AES_KEY: encodingAESKey, WECHAT_MODE: mode } = values
  const app = { appId, appSecret, token, encodingAESKey, mode, name: appId }
  checkPushSecrets(app)
  return app
}

function isWebAddress(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, search, hash } = new URL(text)
  return /^https?:$/.test(protocol) && [username, password, search, hash].every((part) => part === '')
}
