import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { inject } from 'vitest'
import { createEmulator, type Emulator } from '../../src/emulator/index.js'
import { readConfig, type Config } from '../../src/config/config.js'
import { createLogger } from '../../src/server/log.js'
import { startService, type Running } from '../../src/server/start.js'
import { patience } from './patience.js'

/** What WeChat and the service share, with words that stand out where they must not be. */
export const planted = {
  WECHAT_APP_ID: 'wx0123456789abcdef',
  WECHAT_APP_SECRET: 'deadbeefdeadbeefdeadbeefdeadbeef',
  WECHAT_TOKEN: 'plantedTokenplantedToken',
  WECHAT_ENCODING_AES_KEY: 'plantedAesKeyplantedAesKeyplantedAesKeyplan',
} as const

/** The whole service in this process, beside an emulated WeChat that pushes to it. */
export interface TestService {
  readonly emulator: Emulator
  readonly url: string
  /** The one-time link for the first administrator, while there is none. */
  readonly setupUrl: string | undefined
  readonly config: Config
  readonly directory: string
  /** Everything that was logged so far, from debug on. */
  readonly log: string
  get(path: string, headers?: Record<string, string>): Promise<{ status: number; text: string }>
  /** Stops the service and starts it on the same database. */
  restart(environment?: Record<string, string>): Promise<void>
  stop(): Promise<void>
  close(): Promise<void>
}

export async function startTestService(
  environment: Record<string, string> = {},
  { now = Date.now }: { now?: () => number } = {},
): Promise<TestService> {
  const directory = mkdtempSync(join(tmpdir(), 'kefu-service-'))
  const emulator = await createEmulator(patience)
  let log = ''
  const logger = createLogger('debug', { write: (text) => (log += text) })
  const given: Record<string, string> & { DATABASE_URL?: string } = {
    ...planted,
    DATA_DIR: join(directory, 'data'),
    WECHAT_API_URL: emulator.url,
    PORT: '0',
    ...environment,
  }
  let config = readConfig(given)
  // As after `kefu migrate`: a migrated file, copied, costs a fraction of its migrations.
  // The screenshots have no run of tests around them, and let the service make its own.
  if (given.DATABASE_URL === undefined && process.env['VITEST'] !== undefined) {
    mkdirSync(config.dataDir, { recursive: true, mode: 0o700 })
    copyFileSync(inject('sqliteTemplate'), join(config.dataDir, 'kefu.db'))
  }
  const clean = async (): Promise<void> => {
    await emulator.close()
    rmSync(directory, { recursive: true })
  }
  let running: Running | undefined = await start().catch(async (error: unknown) => {
    await clean()
    throw error
  })

  async function start(): Promise<Running> {
    const service = await startService(config, { logger, now, wait: delay })
    emulator.addApp({
      appId: planted.WECHAT_APP_ID,
      appSecret: planted.WECHAT_APP_SECRET,
      token: planted.WECHAT_TOKEN,
      encodingAESKey: planted.WECHAT_ENCODING_AES_KEY,
      pushUrl: `${service.url}/wechat/${planted.WECHAT_APP_ID}`,
    })
    return service
  }
  async function stop(): Promise<void> {
    await running?.stop()
    running = undefined
  }
  const url = (): string => {
    if (!running) throw new Error('The service does not run.')
    return running.url
  }
  return {
    emulator,
    directory,
    get config() {
      return config
    },
    get url() {
      return url()
    },
    get setupUrl() {
      return running?.setupUrl
    },
    get log() {
      return log
    },
    async get(path, headers = {}) {
      const answer = await fetch(`${url()}${path}`, { headers })
      return { status: answer.status, text: await answer.text() }
    },
    async restart(changes = {}) {
      await stop()
      config = readConfig({ ...given, ...changes })
      running = await start()
    },
    stop,
    async close() {
      await stop()
      await clean()
    },
  }
}
