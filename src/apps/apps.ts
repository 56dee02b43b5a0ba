import type { Api } from '../api/index.js'
import { ConfigError } from '../errors.js'
import type { Logger } from '../log.js'
import { refusal } from '../protocol/refusals.js'
import { BackgroundLoop, type AppTable, type Reseal, type Store, type Tx } from '../store/index.js'
import { checkPushSecrets, type PushSecrets } from '../wechat/index.js'
import { pushSecretsOf, type AppSettings } from '../config/app-settings.js'
import type { SecretBox } from './secret-box.js'
import { beginSetup, forgetSetup } from './setup-progress.js'

export interface AppsOptions {
  readonly store: Store
  readonly secretBox: SecretBox
  /** The one that the environment gives; it stands before a row of the same appid. */
  readonly environment: AppSettings | undefined
  readonly pushMaxAgeSeconds: number
  readonly connect: (settings: AppSettings) => Api
  readonly logger: Logger
  readonly now: () => number
}

/** A Mini Program without its secrets. */
export interface AppView {
  readonly appId: string
  readonly name: string
  readonly mode: AppSettings['mode']
  /** One from the environment can't be changed at the desk. */
  readonly source: 'environment' | 'desk'
}

interface Entry {
  readonly view: AppView
  readonly settings: AppSettings
  readonly secrets: PushSecrets
  readonly api: Api
  /** The row it was made from, to know whether that has changed. */
  readonly row: AppTable | undefined
}

/** How often rows are read again, should a word of their change have been missed. */
const REREAD_MS = 30_000

/** The Mini Programs that this service serves: the environment's, and those in the database. */
export class Apps {
  readonly #options: AppsOptions
  #entries: ReadonlyMap<string, Entry> = new Map()
  #reading: Promise<void> = Promise.resolve()
  readonly #loop: BackgroundLoop
  #end = (): void => undefined

  constructor(options: AppsOptions) {
    this.#options = options
    this.#loop = new BackgroundLoop({
      pass: () => this.#reread().then(() => undefined),
      everyMs: REREAD_MS,
      onError: (err) => {
        options.logger.warn({ err }, 'the Mini Programs could not be read again; they stay as they were')
      },
    })
  }

  /** Reads the rows and follows their changes, also those that other processes make. */
  async start(): Promise<void> {
    await this.#reread()
    this.#loop.start()
    this.#end = this.#options.store.signals.on('apps', () => {
      this.#loop.wake()
    })
  }

  async stop(): Promise<void> {
    this.#end()
    await this.#loop.stop()
    await this.#reading.catch(() => undefined)
    await Promise.all([...this.#entries.values()].map(({ api }) => api.close()))
  }

  get list(): readonly AppView[] {
    return [...this.#entries.values()].map(({ view }) => view)
  }

  /** Returns the secrets of one appid, or of all, for the webhook. */
  readonly secretsOf = (appId: string | undefined): readonly PushSecrets[] => {
    if (appId === undefined) return [...this.#entries.values()].map(({ secrets }) => secrets)
    const entry = this.#entries.get(appId)
    return entry ? [entry.secrets] : []
  }

  /** All that is known of one, secrets too: to be kept inside. */
  settingsOf(appId: string): AppSettings | undefined {
    return this.#entries.get(appId)?.settings
  }

  /** Others that take pushes by the same Token, which is all that is checked where these may come unencrypted. */
  sharingTokenWith(appId: string): readonly string[] {
    const mine = this.settingsOf(appId)
    if (!mine || mine.mode === 'secure') return []
    return [...this.#entries.values()]
      .filter(({ settings }) => settings.appId !== appId && sharesToken(settings, mine))
      .map(({ settings }) => settings.appId)
  }

  readonly apiOf = (appId: string): Api | undefined => this.#entries.get(appId)?.api

  /** Adds a Mini Program, or gives it new settings. Throws ConfigError when they can't work. */
  async save(settings: AppSettings, made?: (tx: Tx) => Promise<void>): Promise<void> {
    this.#mustBeOurs(settings.appId)
    checkPushSecrets(settings)
    const { store, secretBox, now } = this.#options
    const { appId, name, mode, encodingAESKey } = settings
    const row = {
      name,
      mode,
      sealed_secret: secretBox.encrypt(settings.appSecret, purpose(appId, 'appSecret')),
      sealed_token: secretBox.encrypt(settings.token, purpose(appId, 'token')),
      sealed_aes_key: encodingAESKey
        ? secretBox.encrypt(encodingAESKey, purpose(appId, 'encodingAESKey'))
        : null,
    }
    const before = this.settingsOf(appId)
    await store.db.transaction().execute(async (tx) => {
      await tx
        .insertInto('app')
        .values({ app_id: appId, ...row, created_at: now() })
        .onConflict((oc) => oc.column('app_id').doUpdateSet(row))
        .execute()
      if (!before || !samePushSecrets(before, settings)) await beginSetup(tx, appId, now())
      await made?.(tx)
    })
    await this.#changed()
  }

  /** Forgets a Mini Program; its conversations stay. */
  async remove(appId: string): Promise<void> {
    this.#mustBeOurs(appId)
    await this.#options.store.db.transaction().execute(async (tx) => {
      await tx.deleteFrom('app').where('app_id', '=', appId).execute()
      await forgetSetup(tx, appId)
    })
    await this.#changed()
  }

  #mustBeOurs(appId: string): void {
    if (appId === this.#options.environment?.appId)
      throw new ConfigError(`${appId} is configured by WECHAT_APP_ID and can be changed only there.`, {
        refusal: refusal('app_fixed', { appId }),
      })
  }

  async #changed(): Promise<void> {
    await this.#reread()
    await this.#options.store.signals.send('apps', '')
  }

  /** One reading after the other, so that an older one never replaces a newer. */
  #reread(): Promise<void> {
    this.#reading = this.#reading.catch(() => undefined).then(() => this.#read())
    return this.#reading
  }

  async #read(): Promise<void> {
    const { store, environment } = this.#options
    const before = this.#entries
    const rows = await store.db
      .selectFrom('app')
      .selectAll()
      .orderBy('created_at')
      .orderBy('app_id')
      .execute()
    const entries = new Map<string, Entry>()
    if (environment)
      entries.set(environment.appId, before.get(environment.appId) ?? this.#entry(environment, undefined))
    for (const row of rows) {
      if (row.app_id === environment?.appId) continue
      const known = before.get(row.app_id)
      const entry = known?.row && same(known.row, row) ? known : this.#made(row)
      if (entry) entries.set(row.app_id, entry)
    }
    this.#entries = entries
    const gone = [...before.values()].filter((entry) => entries.get(entry.view.appId) !== entry)
    // Calls under way end first; nobody waits for that.
    for (const { api } of gone) void api.close()
  }

  /** A row that can't be opened must not stop the others; at the desk it can be entered again. */
  #made(row: AppTable): Entry | undefined {
    try {
      return this.#entry(this.#opened(row), row)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      this.#options.logger.error({ appId: row.app_id }, `a Mini Program can’t be served: ${error.message}`)
      return undefined
    }
  }

  #entry(settings: AppSettings, row: AppTable | undefined): Entry {
    const { appId, name, mode } = settings
    return {
      view: { appId, name, mode, source: row ? 'desk' : 'environment' },
      settings,
      secrets: pushSecretsOf(settings, this.#options.pushMaxAgeSeconds),
      api: this.#options.connect(settings),
      row,
    }
  }

  #opened(row: AppTable): AppSettings {
    const { secretBox } = this.#options
    const { app_id: appId, name, mode, sealed_aes_key: key } = row
    return {
      appId,
      name,
      mode,
      appSecret: secretBox.decrypt(row.sealed_secret, purpose(appId, 'appSecret')),
      token: secretBox.decrypt(row.sealed_token, purpose(appId, 'token')),
      encodingAESKey: key === null ? undefined : secretBox.decrypt(key, purpose(appId, 'encodingAESKey')),
    }
  }
}

/** Whether a push of one would be taken as the other's. */
export function sharesToken(one: AppSettings, other: AppSettings): boolean {
  return one.token === other.token && one.mode !== 'secure' && other.mode !== 'secure'
}

/** Seals the secrets of all Mini Programs anew. */
export async function resealApps(tx: Tx, reseal: Reseal): Promise<void> {
  for (const row of await tx.selectFrom('app').selectAll().execute()) {
    const { app_id: appId, sealed_aes_key: key } = row
    await tx
      .updateTable('app')
      .set({
        sealed_secret: reseal(row.sealed_secret, purpose(appId, 'appSecret')),
        sealed_token: reseal(row.sealed_token, purpose(appId, 'token')),
        sealed_aes_key: key === null ? null : reseal(key, purpose(appId, 'encodingAESKey')),
      })
      .where('app_id', '=', appId)
      .execute()
  }
}

function purpose(appId: string, what: 'appSecret' | 'token' | 'encodingAESKey'): string {
  return `${what} of ${appId}`
}

/** Whether the settings at mp.weixin.qq.com can stay as they are. */
function samePushSecrets(a: AppSettings, b: AppSettings): boolean {
  return a.token === b.token && a.encodingAESKey === b.encodingAESKey && a.mode === b.mode
}

/** Sealing is never twice the same, so equal texts mean that nothing was saved. */
function same(a: AppTable, b: AppTable): boolean {
  return (
    a.name === b.name &&
    a.mode === b.mode &&
    a.sealed_secret === b.sealed_secret &&
    a.sealed_token === b.sealed_token &&
    a.sealed_aes_key === b.sealed_aes_key
  )
}
