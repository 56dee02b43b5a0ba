import { reactive, watch } from 'vue'
import { usualSorts, type Sort, type Tab } from '../conversations/list/list-query.js'
import { openLanguage, type Language } from '../../both/i18n.js'
import { storeKey } from '../stores/store-key.js'

/** What an agent chose for this browser. */
export interface Settings {
  language: Language
  theme: 'system' | 'light' | 'dark'
  density: 'comfortable' | 'compact'
  sound: boolean
  /** Rings for one's own conversations also while they are in sight. */
  soundAlways: boolean
  notifications: boolean
  enterSends: boolean
  /** For so long a message can be taken back before it leaves; 0 for not at all. */
  holdSeconds: number
  shortcuts: boolean
  /** What each tab of the list is sorted by. */
  sorts: Record<Tab, Sort>
  listWidth: number
  contextWidth: number
  contextOpen: boolean
  /** Sections of the context pane that are folded away. */
  folded: string[]
}

export const [settingsKey, useSettings] = storeKey<Settings>('settings')

export const defaultSettings: Settings = {
  language: 'zh-CN',
  theme: 'system',
  density: 'comfortable',
  sound: true,
  soundAlways: false,
  notifications: true,
  enterSends: true,
  holdSeconds: 0,
  shortcuts: true,
  sorts: { ...usualSorts },
  listWidth: 320,
  contextWidth: 320,
  contextOpen: true,
  folded: [],
}

const key = 'kefu.desk.settings'

/** What was chosen before; what was kept in another form counts as not chosen. Kept anew with each change. */
export function openSettings(
  storage: Pick<Storage, 'getItem' | 'setItem'>,
  query: URLSearchParams,
  browser: readonly string[] = [],
): Settings {
  const chosen = remembered(storage.getItem(key))
  const kept = { ...defaultSettings, ...chosen }
  const settings = reactive({ ...kept, sorts: { ...usualSorts, ...kept.sorts } })
  settings.language = openLanguage(query, chosen.language ?? null, browser)
  // Until somebody chooses, the page follows the browser.
  const followed = chosen.language === undefined && !query.has('lang') ? settings.language : null
  watch(
    settings,
    (now) => {
      const isFollowed = now.language === followed
      storage.setItem(key, JSON.stringify(isFollowed ? { ...now, language: undefined } : now))
    },
    { deep: true, flush: 'sync' },
  )
  return settings
}

function remembered(text: string | null): Partial<Settings> {
  try {
    const kept: unknown = JSON.parse(text ?? '{}')
    if (typeof kept !== 'object' || kept === null) return {}
    return Object.fromEntries(
      Object.entries(kept).filter(([name, value]) => {
        const usual: unknown = new Map<string, unknown>(Object.entries(defaultSettings)).get(name)
        return typeof value === typeof usual && Array.isArray(value) === Array.isArray(usual)
      }),
    )
  } catch {
    return {}
  }
}
