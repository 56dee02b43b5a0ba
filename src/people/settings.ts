import { holdSetting, readSetting, writeSetting, type Store, type Tx } from '../store/index.js'
import { writeAudit } from './audit.js'
import type { By } from './agents.js'
import { deskSettings, type DeskSettings, type DeskSettingsInput } from './schemas/settings-view.js'

const KEY = 'desk'

/** How the desk is run, as an admin set it; what was never set has its default. */
export async function readSettings(store: { readonly db: Store['db'] | Tx }): Promise<DeskSettings> {
  return deskSettings.parse(JSON.parse((await readSetting(store.db, KEY)) ?? '{}'))
}

/** Changes what is given and leaves the rest. */
export async function changeSettings(
  store: Pick<Store, 'db' | 'dialect'>,
  change: DeskSettingsInput,
  now: number,
  by: By,
): Promise<DeskSettings> {
  return store.db.transaction().execute(async (db) => {
    // Of two changes at once both count.
    await holdSetting(db, KEY, '{}')
    const after = deskSettings.parse({ ...(await readSettings({ db })), ...change })
    await writeSetting(db, KEY, JSON.stringify(after))
    await writeAudit(db, now, { ...by, action: 'settings_changed', target: KEY, detail: { ...change } })
    return after
  })
}
