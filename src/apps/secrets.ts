import { ConfigError } from '../errors.js'
import { addSetting, readSetting, type Store, type Tx } from '../store/index.js'
import { SecretBox } from './secret-box.js'
import { makeSecretKey, readSecretKey } from '../config/secret-key.js'

export interface SecretsOptions {
  readonly store: Store
  /** KEFU_SECRET_KEY. */
  readonly configured: Buffer | undefined
  /** Where the key is kept, and made at the first start, when none is configured. */
  readonly file: string
}

/** The setting that tells which key seals this database's secrets. */
const SETTING = 'secret_key'

/**
 * The box for a database's secrets. Throws ConfigError when the key here is not the one they were sealed with:
 * a new key is made for a new database only.
 */
export async function openSecrets(options: SecretsOptions): Promise<SecretBox> {
  const { store, configured, file } = options
  const known = await sealingKey(store)
  const key = configured ?? (await readSecretKey(file))
  if (!key && known !== undefined)
    throw new ConfigError(
      `The database’s secrets are sealed with a key that is not here: ${file} is missing and KEFU_SECRET_KEY is not set. ${remedy(store)}`,
    )
  const box = new SecretBox(key ?? (await makeSecretKey(file)))
  if ((known ?? (await claim(store, box.keyId))) === box.keyId) return box
  const mine = configured ? 'KEFU_SECRET_KEY' : file
  throw new ConfigError(
    `The database’s secrets are sealed with another key than the one in ${mine}. ${remedy(store)}`,
  )
}

/**
 * Forgets every sealed secret, for when the key is lost: the Mini Programs that were entered at the desk must be
 * entered again, webhooks given new secrets; conversations stay. The next start seals with the key that it then has.
 */
export async function forgetSecrets(store: Store): Promise<void> {
  await store.db.transaction().execute(async (tx) => {
    await tx.deleteFrom('app').execute()
    await tx.deleteFrom('access_token').execute()
    await tx.deleteFrom('submit').execute()
    await tx
      .updateTable('webhook')
      .set({ enabled: 0, disabled_reason: 'secret_lost', sealed_secret: null, sealed_old_secret: null })
      .execute()
    // The address for business cards goes with its secret.
    await tx.deleteFrom('setting').where('key', 'in', [SETTING, 'business_cards']).execute()
  })
}

function remedy(store: Store): string {
  const share =
    store.dialect === 'postgres'
      ? ' Several processes that share PostgreSQL need the same KEFU_SECRET_KEY: the first one’s, or the text of its secret.key.'
      : ''
  return `Put that key back: as secret.key in DATA_DIR, or as KEFU_SECRET_KEY.${share} If the key here is to take its place, give the other one as KEFU_OLD_SECRET_KEY and run kefu migrate. If it is lost, kefu migrate --forget-secrets goes on without those secrets.`
}

/** Which key seals this database's secrets, by its id; undefined where nothing was sealed yet. */
export async function sealingKey(store: Pick<Store, 'db'>): Promise<string | undefined> {
  const value = await readSetting(store.db, SETTING)
  return value === undefined ? undefined : String(JSON.parse(value))
}

/** Notes another key as the database's, in the transaction that seals everything with it; false when it has neither. */
export async function changeSealingKey(tx: Tx, from: string, to: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('setting')
    .set({ value: JSON.stringify(to) })
    .where('key', '=', SETTING)
    .where('value', '=', JSON.stringify(from))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Notes our key as the database's unless another process was first; gives the one that holds. */
async function claim(store: Store, keyId: string): Promise<string | undefined> {
  await addSetting(store.db, SETTING, JSON.stringify(keyId))
  return sealingKey(store)
}
