import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Api } from '../api/index.js'
import { createEmulator, makeSecrets, type UserHandle } from '../emulator/index.js'
import type { Logger } from '../log.js'
import { openStore } from '../store/index.js'
import type { Config } from '../config/config.js'
import { demoHandlers } from './demo-bot.js'
import { demoDoor, type DemoDoor } from './demo-door.js'
import { fillKnowledge } from './demo-knowledge.js'
import { playHistory, type HistoryOptions } from './demo-history.js'
import { demoSite } from './demo-site.js'
import { emulatorListening, phoneLinks, type EmulatorListening } from './emulator-listening.js'
import { startService } from '../server/start.js'

/** Milliseconds within which each scene's reply comes, on a slow machine too. */
const sceneTimeoutMs = 20_000

export interface Demo {
  /** Where to open the phone. */
  readonly phoneUrl: string
  /** Where to open the desk, signed in. */
  readonly deskUrl: string
  /** The key of the emulator's control API, where it asks for one. */
  readonly key: string | undefined
  /** Where the emulated WeChat pushes to. */
  readonly pushUrl: string
  close(): Promise<void>
}

/**
 * The whole loop on one machine: the emulated WeChat with a phone, and the service with a small bot and its desk, as
 * it runs in earnest, on a database that ends with it.
 */
export async function startDemo(
  given: Config,
  logger: Logger,
  listening: EmulatorListening = emulatorListening(given),
): Promise<Demo> {
  // The desk is opened as far as the phone is.
  const config = { ...given, host: listening.host ?? given.host }
  // Made anew for each start: there is no secret that someone could know beforehand.
  const secrets = makeSecrets()
  const { appId, appSecret, token, encodingAESKey } = secrets
  const name = '云朵商城'
  const emulator = await createEmulator({ ...listening, logger, receiveTimeoutMs: sceneTimeoutMs })
  const dataDir = await mkdtemp(join(tmpdir(), 'kefu-demo-'))
  const api = new Api({ appId, appSecret, url: emulator.url, logger })
  const ended = async (): Promise<void> => {
    await Promise.all([emulator.close(), api.close()])
    await rm(dataDir, { recursive: true })
  }
  try {
    const databaseUrl = `file:${join(dataDir, 'kefu.db')}`
    const handlers = demoHandlers({ api, site: () => service.url })
    const past = demoHandlers({ api, site: () => service.url, answersAll: true })
    const door = await openedDoor(databaseUrl, { ...config, appId, handlers: past, logger, now: Date.now })
    const service = await startService(
      {
        ...config,
        dataDir,
        databaseUrl,
        apiUrl: emulator.url,
        models: { main: { preset: 'openai', url: `${emulator.url}/_model/v1`, key: 'demo', model: 'fake' } },
        privateModels: ['127.0.0.0/8', '::1'],
        app: { appId, appSecret, token, encodingAESKey, mode: 'secure', name },
      },
      { logger, now: Date.now, wait: delay },
      { handlers: { before: handlers }, pages: (people) => [door.page(people), demoSite] },
    )
    const pushUrl = `${service.url}/wechat/${appId}`
    emulator.addApp({ ...secrets, pushUrl, mode: 'secure', format: 'json', name })
    await showPicture(emulator.user(CUSTOMER_WITH_A_PICTURE, appId))
    return {
      phoneUrl: phoneLinks(emulator, listening)[0] ?? emulator.url,
      key: emulator.key,
      deskUrl: `${service.url}${door.path}`,
      pushUrl,
      async close() {
        await service.stop()
        await ended()
      },
    }
  } catch (error) {
    await ended()
    throw error
  }
}

/** The database with its past, and the way in to its desk. */
async function openedDoor(databaseUrl: string, history: Omit<HistoryOptions, 'store'>): Promise<DemoDoor> {
  const store = await openStore(databaseUrl)
  try {
    await store.migrate()
    await fillKnowledge({ ...history, store })
    return demoDoor(await playHistory({ ...history, store }))
  } finally {
    await store.close()
  }
}

const CUSTOMER_WITH_A_PICTURE = 'oDemo_Hg9jKl2pWe4rTy6uIo8z'

/** Somebody waits when the desk opens, with a picture that came as all do: pushed, and fetched from WeChat. */
async function showPicture(customer: UserHandle): Promise<void> {
  await customer.sendsImage(await readFile(new URL('../../assets/demo/photo.png', import.meta.url)))
  await customer.receives()
  await customer.sends('收到的杯子有道划痕，可以换一个吗？')
  await customer.receives()
  await customer.sends('转人工')
}
