import { useIntervalFn } from '@vueuse/core'
import { ref, type Ref } from 'vue'
import type { DeskSettings } from '../../../src/people/schemas/settings-view.js'
import type { Client } from '../api/client.js'
import { browserZone } from '../text/zone-offset.js'
import { quietly } from './problems.js'
import { storeKey } from './store-key.js'

/** What an admin set for everybody. */
export interface SharedSettings {
  /** From how many milliseconds on a wait is long, and too long. */
  waits: Ref<{ warn: number; alert: number }>
  /** The zone that times are shown in; the browser's until it is known. */
  zone: Ref<string>
  readDeskSettings: () => Promise<void>
}

export const [sharedSettingsKey, useSharedSettings] = storeKey<SharedSettings>('shared settings')

const everyMs = 60_000

/** Read again each minute, for as long as the effect scope lasts. */
export function createSharedSettings(client: Pick<Client, 'request'>): SharedSettings {
  const waits = ref({ warn: 120_000, alert: 300_000 })
  const zone = ref(browserZone())
  async function readDeskSettings(): Promise<void> {
    await quietly(async () => {
      const found = await client.request<DeskSettings>('GET', '/settings')
      waits.value = { warn: found.waitWarnSeconds * 1000, alert: found.waitAlertSeconds * 1000 }
      zone.value = found.zone
    })
  }
  // No event tells that an admin changed them.
  useIntervalFn(() => void readDeskSettings(), everyMs)
  return { waits, zone, readDeskSettings }
}
