import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Selectable } from 'kysely'
import { remedyFor, type Api, type ApiOptions } from '../../src/api/index.js'
import { Bot, newRun } from '../../src/bot/index.js'
import {
  defaultAllowanceRules,
  everyShard,
  answersOf,
  PushHandler,
  notifyOfMessages,
  type ConversationActions,
} from '../../src/conversation/index.js'
import {
  PictureFetcher,
  PictureLibrary,
  pictureStore,
  type PictureFetcherOptions,
  type PictureStore,
} from '../../src/media/index.js'
import type { MediaTable, Store } from '../../src/store/index.js'
import { restorePush } from '../../src/wechat/index.js'
import { makeStore } from '../stores.js'
import { emulatedWechat, type EmulatedWechat } from './emulated-wechat.js'
import { RecordingLogger } from './recording-logger.js'

/** Pictures on a real database, with a real client of an emulated WeChat; only the clock is the test's. */
export interface MediaStage {
  readonly wechat: EmulatedWechat
  readonly store: Store
  readonly pictures: PictureStore
  readonly library: PictureLibrary
  readonly logger: RecordingLogger
  /** DATA_DIR. */
  readonly directory: string
  /** How often pages were told. */
  readonly told: number
  now(): number
  advance(milliseconds: number): void
  /** Lets WeChat have another API than the emulator's. */
  useApi(options: Partial<ApiOptions>): void
  /** Handles every push that the emulator has made since the last call. */
  handlePushes(): Promise<void>
  /** A fetcher as one more process would have it; stopped with the stage. */
  fetcher(options?: Partial<PictureFetcherOptions>): PictureFetcher
  media(): Promise<Selectable<MediaTable>[]>
  /** The names of the files in DATA_DIR/media. */
  files(): string[]
  close(): Promise<void>
}

export async function mediaStage(kind: 'sqlite' | 'postgres'): Promise<MediaStage> {
  const directory = mkdtempSync(join(tmpdir(), 'kefu-media-'))
  const database = await makeStore(kind)
  const wechat = await emulatedWechat()
  const logger = new RecordingLogger()
  let ahead = 0
  let told = 0
  let handled = 0
  const now = (): number => Date.now() + ahead
  let api: Api = wechat.api()
  const { store } = database
  const pictures = pictureStore(store, directory, now)
  const fetchers: PictureFetcher[] = []
  const handling = new PushHandler({
    store,
    bot: new Bot<ConversationActions>({
      api: () => {
        throw new Error('nobody sends here')
      },
    }),
    allowance: defaultAllowanceRules,
    shards: everyShard,
    logger,
    now,
  })
  return {
    wechat,
    store,
    pictures,
    logger,
    directory,
    library: new PictureLibrary({
      store,
      pictures,
      now,
      upload: (_appId, bytes) => api.uploadTempMedia(bytes),
    }),
    get told() {
      return told
    },
    now,
    advance(milliseconds) {
      ahead += milliseconds
    },
    useApi(options) {
      api = wechat.api(options)
    },
    async handlePushes() {
      const deliveries = wechat.emulator.deliveries.slice(handled)
      handled += deliveries.length
      const jobs = []
      for (const { plaintext } of deliveries) {
        const push = restorePush({ appId: wechat.appId, plaintext })
        const { appId, openId, format } = push
        const row = { dedupeKey: push.id, appId, openId, format, plaintext, receivedAt: now() }
        const { id } = await store.pushes.append(row)
        jobs.push({ pushId: id, push, receivedAt: now(), run: newRun() })
      }
      await answersOf(handling, jobs)
    },
    fetcher(options = {}) {
      const fetcher = new PictureFetcher({
        store,
        pictures,
        fetch: (_appId, mediaId) => api.getTempMedia(mediaId),
        remedyFor,
        tell: (tx, messages) => notifyOfMessages(tx, store.dialect, now(), messages),
        onTold: () => told++,
        logger,
        now,
        ...options,
      })
      fetchers.push(fetcher)
      return fetcher
    },
    media: () => store.db.selectFrom('media').selectAll().orderBy('id').execute(),
    files() {
      try {
        return readdirSync(join(directory, 'media'))
      } catch {
        return []
      }
    },
    async close() {
      await Promise.all(fetchers.map((each) => each.stop()))
      await wechat.close()
      await database.remove()
      rmSync(directory, { recursive: true })
    },
  }
}
