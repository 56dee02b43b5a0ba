import { sql } from 'kysely'
import { resealApps } from '../apps/apps.js'
import { resealTokens } from '../apps/database-token-store.js'
import { SecretBox } from '../apps/secret-box.js'
import { changeSealingKey, sealingKey } from '../apps/secrets.js'
import { makeSecretKey, readSecretKey } from '../config/secret-key.js'
import { resealBusinessCards } from '../desk/business-cards.js'
import { ConfigError } from '../errors.js'
import { resealHooks } from '../hooks/endpoints.js'
import { resealModels } from '../model/model-settings.js'
import { resealSubmits } from '../people/submits.js'
import type { Reseal, Schema, Store, Tx } from '../store/index.js'

/** The tables with a column whose name begins with `sealed_`. */
type SealedTable = {
  [T in keyof Schema]: Extract<keyof Schema[T], `sealed_${string}`> extends never ? never : T
}[keyof Schema]

const tables = {
  app: resealApps,
  access_token: resealTokens,
  webhook: resealHooks,
  submit: resealSubmits,
  model_provider: resealModels,
} satisfies Record<SealedTable, (tx: Tx, reseal: Reseal) => Promise<void>>

export interface KeyRotationOptions {
  readonly store: Store
  /** KEFU_OLD_SECRET_KEY. */
  readonly oldKey: Buffer
  /** KEFU_SECRET_KEY. */
  readonly configured: Buffer | undefined
  /** `secret.key` in DATA_DIR: the new key where none is configured, made where there is none. */
  readonly file: string
}

export interface Rotated {
  /** `before`: an earlier run has done it. `nothing`: the database has no secrets yet. */
  readonly outcome: 'done' | 'before' | 'nothing'
  /** Values that have the new key. */
  readonly sealed: number
  /** Purposes of values that the old key did not open: they were lost before, and are as they were. */
  readonly lost: readonly string[]
}

/** Seals everything in the database with another key, all of it or nothing. Throws ConfigError. */
export async function rotateKey({ store, oldKey, configured, file }: KeyRotationOptions): Promise<Rotated> {
  const old = new SecretBox(oldKey)
  const known = await sealingKey(store)
  const key = configured ?? (await readSecretKey(file))
  const mine = configured ? 'KEFU_SECRET_KEY' : file
  if (known === undefined) return { outcome: 'nothing', sealed: 0, lost: [] }
  if (key && new SecretBox(key).keyId === old.keyId)
    throw new ConfigError(
      `KEFU_OLD_SECRET_KEY 和现在的密钥（${mine}）相同：把 KEFU_SECRET_KEY 设为新的密钥（openssl rand -base64 32），再运行 kefu migrate。 ` +
        `KEFU_OLD_SECRET_KEY is the same key as the one in ${mine}: set KEFU_SECRET_KEY to a new one (openssl rand -base64 32), and run kefu migrate again.`,
    )
  if (key && known === new SecretBox(key).keyId) return { outcome: 'before', sealed: 0, lost: [] }
  if (known !== old.keyId)
    throw new ConfigError(
      'KEFU_OLD_SECRET_KEY 不是加密这个数据库的密钥：换成之前的 KEFU_SECRET_KEY，或 DATA_DIR/secret.key 的内容。没有改动。 ' +
        'KEFU_OLD_SECRET_KEY is not the key that this database is sealed with: give the KEFU_SECRET_KEY of before, or the text of DATA_DIR/secret.key. Nothing was changed.',
    )
  await mustBeAlone(store)
  const box = new SecretBox(key ?? (await makeSecretKey(file)))
  let sealed = 0
  const lost: string[] = []
  const reseal: Reseal = (value, purpose) => {
    let text: string
    try {
      text = old.decrypt(value, purpose)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      lost.push(purpose)
      return value
    }
    sealed++
    return box.encrypt(text, purpose)
  }
  await store.db.transaction().execute(async (tx) => {
    // First, so that of two runs at once the second finds it done.
    if (!(await changeSealingKey(tx, old.keyId, box.keyId))) throw new ConfigError('Run kefu migrate again.')
    for (const again of Object.values(tables)) await again(tx, reseal)
    await resealBusinessCards(tx, reseal)
    if (lost.length === 0) await mustHaveNoneOf(tx, old.keyId)
  })
  return { outcome: 'done', sealed, lost }
}

/** A process that runs has the old key, and would go on to seal with it. With SQLite this one has the file. */
async function mustBeAlone({ db, dialect }: Store): Promise<void> {
  if (dialect === 'sqlite') return
  const { rows } = await sql<{ count: number }>`select count(*) as count from process
    where seen_until > (extract(epoch from clock_timestamp()) * 1000)::bigint`.execute(db)
  const count = rows[0]?.count ?? 0
  if (count > 0)
    throw new ConfigError(
      `还有 ${count} 个 kefu 进程在使用这个数据库：请全部停止，再运行 kefu migrate。 ` +
        `${count} processes of kefu run on this database: stop all of them, then run kefu migrate again.`,
    )
}

/** A setting with a sealed value that nobody named here would be lost for ever. */
async function mustHaveNoneOf(tx: Tx, keyId: string): Promise<void> {
  const rows = await tx.selectFrom('setting').select('key').where('value', 'like', `%v1.${keyId}.%`).execute()
  if (rows.length > 0)
    throw new Error(`These settings have a value of the old key: ${rows.map(({ key }) => key).join(', ')}`)
}
