import { onMounted, shallowRef, type ShallowRef } from 'vue'
import type { AppSetup } from '../../../src/apps/schemas/app-setup.js'
import { DeskError, useClient } from '../api/client.js'
import { stepsDone } from '../text/setup-steps.js'
import { useApps } from './apps.js'
import { usePrincipal } from './principal.js'

/** A Mini Program that no message has come from yet. */
export interface UnfinishedSetup {
  readonly appId: string
  readonly name: string
  /** Of the guide's steps. */
  readonly done: number
}

/** More are not asked for. */
const MOST = 20

/** The first Mini Program whose set-up is half done, for admins; null while none is known. */
export function useUnfinishedSetup(): ShallowRef<UnfinishedSetup | null> {
  const client = useClient()
  const { apps } = useApps()
  const { me } = usePrincipal()
  const found = shallowRef<UnfinishedSetup | null>(null)
  async function look(): Promise<void> {
    for (const { appId, name } of apps.value.slice(0, MOST)) {
      const setup = await client.request<AppSetup>('GET', `/apps/${appId}/setup`)
      if (setup.arrived !== null) continue
      found.value = { appId, name, done: stepsDone(setup) }
      return
    }
    found.value = null
  }
  onMounted(() => {
    if (me.role === 'admin')
      look().catch((error: unknown) => {
        // What else the page asks for says that nobody answers.
        if (!(error instanceof DeskError)) throw error
      })
  })
  return found
}
