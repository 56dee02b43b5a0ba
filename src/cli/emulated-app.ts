import { readFile, writeFile } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import { makeSecrets, type Emulator } from '../emulator/index.js'
import { ConfigError } from '../errors.js'
import { settingsFrom, type Settings } from '../settings.js'

export interface EmulatedAppOptions {
  /** Where it pushes to. */
  readonly pushUrl: string
  /** A file of environment variables with its settings: read where it is there, written where not. */
  readonly envFile: string | undefined
}

/**
 * Adds a Mini Program that pushes to a service on this machine, and returns lines that say how that service gets to know
 * it. Throws ConfigError when the file can't be used, or the address can't be pushed to.
 */
export async function addEmulatedApp(
  emulator: Emulator,
  { pushUrl, envFile }: EmulatedAppOptions,
): Promise<string[]> {
  const kept = envFile === undefined ? undefined : await readSettings(envFile)
  const { appId, appSecret, token, encodingAESKey } = kept ?? makeSecrets()
  emulator.addApp({ appId, appSecret, token, encodingAESKey, pushUrl })
  const variables = [
    `WECHAT_APP_ID=${appId}`,
    `WECHAT_APP_SECRET=${appSecret}`,
    `WECHAT_TOKEN=${token}`,
    `WECHAT_ENCODING_AES_KEY=${encodingAESKey}`,
    `WECHAT_API_URL=${emulator.url}`,
  ]
  const app = `  小程序 app      ${appId} → ${pushUrl}`
  if (envFile === undefined)
    return [app, '  把这些变量给你的服务 · give your service these variables:', ...variables, '']
  if (kept?.url !== emulator.url) await writeFile(envFile, `${variables.join('\n')}\n`, { mode: 0o600 })
  return [app, `  它的变量在 ${envFile} · its variables are in ${envFile}: node --env-file=${envFile} …`, '']
}

async function readSettings(file: string): Promise<Settings | undefined> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new ConfigError(`The file ${file} can’t be read: is the path right?`, { cause: error })
  }
  const variables = parseEnv(text)
  // It is written anew where the emulator's address is another: nothing but these may be in it.
  if (Object.keys(variables).some((name) => !NAMES.includes(name)))
    throw new ConfigError(
      `The file ${file} has other variables than those of an emulated Mini Program. Name another file.`,
    )
  return settingsFrom(variables)
}

const NAMES: readonly string[] = [
  'WECHAT_APP_ID',
  'WECHAT_APP_SECRET',
  'WECHAT_TOKEN',
  'WECHAT_ENCODING_AES_KEY',
  'WECHAT_API_URL',
]
