import { z } from 'zod'
import { ConfigError } from '../errors.js'
import { checkPushSecrets, type Mode, type PushSecrets } from '../wechat/index.js'
import { looks } from './config-words.js'

const word = z.string().regex(/^\S+$/)

const schema = z.object({
  WECHAT_TOKEN: word,
  WECHAT_APP_ID: word.optional(),
  WECHAT_ENCODING_AES_KEY: z
    .string()
    .regex(/^[A-Za-z0-9]{43}$/)
    .optional(),
  WECHAT_MODE: z.enum(['secure', 'compatible', 'plain']).optional(),
})

/** The secrets that a receiver to be checked shares with WeChat; no AppSecret is needed. */
export interface CheckedApp {
  readonly secrets: Omit<PushSecrets, 'mode'>
  /** Undefined where none was told. */
  readonly mode: Mode | undefined
}

/** Reads them of the environment; `mode` stands for WECHAT_MODE. Throws ConfigError, which holds none of them. */
export function readCheckedApp(
  environment: Readonly<Record<string, string | undefined>>,
  said: Mode | undefined,
): CheckedApp {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const read = schema.safeParse(said === undefined ? set : { ...set, WECHAT_MODE: said })
  if (!read.success) {
    const names = new Set(read.error.issues.map(({ path }) => String(path[0])))
    throw new ConfigError(
      [...names]
        .map(
          (name) =>
            `${name} ${set[name] === undefined ? 'is missing: it ' : ''}must be ${looks[name] ?? 'set'}.`,
        )
        .join('\n'),
    )
  }
  const {
    WECHAT_TOKEN: token,
    WECHAT_APP_ID,
    WECHAT_ENCODING_AES_KEY: encodingAESKey,
    WECHAT_MODE: mode,
  } = read.data
  const isPlain = mode === 'plain' || (mode === undefined && encodingAESKey === undefined)
  if (!isPlain && WECHAT_APP_ID === undefined)
    throw new ConfigError(`WECHAT_APP_ID is missing: it must be ${looks.WECHAT_APP_ID}.`)
  // In plain mode nothing is encrypted for an AppID.
  const secrets = { appId: WECHAT_APP_ID ?? 'wx0000000000000000', token, encodingAESKey }
  checkPushSecrets({ ...secrets, mode: isPlain ? 'plain' : mode })
  return { secrets, mode }
}
