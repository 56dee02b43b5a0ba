import type { Store, Tx } from '../store/index.js'
import { writeAudit } from './audit.js'
import type { By } from './agents.js'
import { deskSettings, type DeskSettings, type DeskSettingsInput } from './schemas/settings-view.js'

const KEY = 'desk'

/** How the desk is run, as an admin set it; what was never set has its default. */
export async function readSettings(store: { readonly db: Store['db'] | Tx }): Promise<DeskSettings> {
  const row = await store.db.selectFrom('setting').select('value').where('key', '=', KEY).executeTakeFirst()
  return deskSettings.parse(row ? JSON.parse(row.value) : {})
}

/** Changes what is given and leaves the rest. */
export async function changeSettings(
  store: Pick<Store, 'db' | 'dialect'>,
  change: DeskSettingsInput,
  now: number,
  by: By,
): Promise<DeskSettings> {
  return store.db.transaction().execute(async (db) => {
    // The row is there and held from here on, so that two changes at once both count.
    await db
      .insertInto('setting')
      .values({ key: KEY, value: '{}' })
      .onConflict((oc) => oc.column('key').doUpdateSet((eb) => ({ value: eb.ref('setting.value') })))
      .execute()
    const after = deskSettings.parse({ ...(await readSettings({ db })), ...change })
    await db
      .updateTable('setting')
      .set({ value: JSON.stringify(after) })
      .where('key', '=', KEY)
      .execute()
    await writeAudit(db, now, { ...by, action: 'settings_changed', target: KEY, detail: { ...change } })
    return after
  })
}
