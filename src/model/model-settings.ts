import type { ModelPresetName } from '../protocol/model-reasons.js'
import type { Reseal, SecretCipher, Store, Tx } from '../store/index.js'
import type { Provider } from './chat.js'
import { presets } from './presets.js'

/** Which is asked first, and which when that one has no answer. */
export const providerRanks = ['main', 'fallback'] as const
export type ProviderRank = (typeof providerRanks)[number]

/** A model as somebody set it up. */
export interface ProviderSettings {
  readonly preset: ModelPresetName
  /** Without a slash at its end. */
  readonly url: string
  readonly model: string
  /** Undefined where none is needed, as with a model on one's own machine. */
  readonly key: string | undefined
}

export type ModelSettings = Readonly<Partial<Record<ProviderRank, ProviderSettings>>>

export function providerOf({ preset, url, model, key }: ProviderSettings): Provider {
  return { preset: presets[preset], url, model, key }
}

const purposeOf = (rank: string): string => `model ${rank}`

/** Reads what was set up at the desk. Throws ConfigError where a key was sealed with another one. */
export async function readModelSettings(store: Store, secrets: SecretCipher): Promise<ModelSettings> {
  const rows = await store.db.selectFrom('model_provider').selectAll().execute()
  return Object.fromEntries(
    rows.map(({ rank, preset, url, model, sealed_key: sealed }) => [
      rank,
      { preset, url, model, key: sealed === null ? undefined : secrets.decrypt(sealed, purposeOf(rank)) },
    ]),
  )
}

/** Puts a model in the place of the one of its rank; undefined takes it away. */
export async function writeProvider(
  tx: Tx,
  secrets: SecretCipher,
  rank: ProviderRank,
  settings: ProviderSettings | undefined,
  now: number,
): Promise<void> {
  await tx.deleteFrom('model_provider').where('rank', '=', rank).execute()
  if (!settings) return
  const { preset, url, model, key } = settings
  await tx
    .insertInto('model_provider')
    .values({
      rank,
      preset,
      url,
      model,
      sealed_key: key === undefined ? null : secrets.encrypt(key, purposeOf(rank)),
      updated_at: now,
    })
    .execute()
}

/** Seals the keys anew. */
export async function resealModels(tx: Tx, reseal: Reseal): Promise<void> {
  const rows = await tx.selectFrom('model_provider').select(['rank', 'sealed_key']).execute()
  for (const { rank, sealed_key: sealed } of rows)
    if (sealed !== null)
      await tx
        .updateTable('model_provider')
        .set({ sealed_key: reseal(sealed, purposeOf(rank)) })
        .where('rank', '=', rank)
        .execute()
}
