import { ref, type Ref } from 'vue'
import type { Client } from '../api/client.js'
import type { AppRef } from '../api/views.js'
import { storeKey } from './store-key.js'

/** The Mini Programs that the agent sees. */
export interface Apps {
  apps: Ref<AppRef[]>
  /** Whether they could be read. */
  appsKnown: Ref<boolean>
  /** Its name, or its id while it has none. */
  appName: (appId: string) => string
  /** Throws DeskError. */
  read: () => Promise<void>
}

export const [appsKey, useApps] = storeKey<Apps>('apps')

export function createApps(client: Pick<Client, 'apps'>): Apps {
  const apps = ref<AppRef[]>([])
  const appsKnown = ref(false)
  return {
    apps,
    appsKnown,
    appName: (appId) => apps.value.find((app) => app.appId === appId)?.name ?? appId,
    async read() {
      apps.value = await client.apps()
      appsKnown.value = true
    },
  }
}
