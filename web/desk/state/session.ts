import { inject, ref, shallowRef, watch, type InjectionKey, type Ref, type ShallowRef } from 'vue'
import { createClient, DeskError, type Client, type Me } from '../api/client.js'
import type { I18n } from '../locales/i18n.js'
import type { Router } from '../router.js'
import type { Chime } from './chime.js'
import { ringingTab } from './ringing-tab.js'
import type { Settings } from './settings.js'
import { createToasts, type Toasts } from './toasts.js'
import { openWorkspace, type Workspace } from './workspace.js'

/** Whether somebody is signed in, and the way in and out. */
export interface Session {
  client: Client
  i18n: I18n
  settings: Settings
  router: Router
  toasts: Toasts
  /** `asking` for a moment, with nothing to see; `unreachable` while the service could not be asked. */
  state: Ref<'asking' | 'unreachable' | 'out' | 'setup' | 'in'>
  /** Whether there is no agent yet, so that the one-time link is needed. */
  needsSetup: Ref<boolean>
  workspace: ShallowRef<Workspace | null>
  /** Throws DeskError. */
  signIn(name: string, password: string): Promise<void>
  /** Makes the first administrator by the one-time link's token. Throws DeskError. */
  setUp(token: string, name: string, password: string): Promise<void>
}

export const sessionKey: InjectionKey<Session> = Symbol('session')

export function useSession(): Session {
  const session = inject(sessionKey)
  if (session === undefined) throw new Error('The page provides no session.')
  return session
}

export function openSession(around: {
  i18n: I18n
  settings: Settings
  router: Router
  chime: Chime
}): Session {
  const { i18n, settings, router, chime } = around
  const toasts = createToasts()
  const state: Session['state'] = ref('asking')
  const needsSetup = ref(false)
  const workspace = shallowRef<Workspace | null>(null)
  const rings = ringingTab('locks' in navigator ? navigator.locks : undefined)
  const client = createClient({ fetch: fetch.bind(globalThis), now: Date.now, onSignedOut: left })

  function left(): void {
    workspace.value?.stop()
    workspace.value = null
    state.value = 'out'
    void askSetup()
  }

  function entered({ agent }: Me): void {
    workspace.value?.stop()
    workspace.value = openWorkspace(agent, { client, i18n, settings, router, toasts, chime, rings }, left)
    state.value = 'in'
  }

  async function askSetup(): Promise<void> {
    needsSetup.value = await client.needsSetup().catch(() => false)
  }

  async function ask(): Promise<void> {
    try {
      entered(await client.session())
    } catch (error) {
      if (!(error instanceof DeskError)) throw error
      if (error.isPassing) {
        state.value = 'unreachable'
        setTimeout(() => void ask(), 3000)
        return
      }
      state.value = router.route.value.page === 'setup' ? 'setup' : 'out'
      void askSetup()
    }
  }

  watch(router.route, ({ page }) => {
    if (state.value === 'out' && page === 'setup') state.value = 'setup'
    else if (state.value === 'setup' && page !== 'setup') state.value = 'out'
  })
  void ask()

  return {
    client,
    i18n,
    settings,
    router,
    toasts,
    state,
    needsSetup,
    workspace,
    async signIn(name, password) {
      // The press of the button is the gesture that browsers want before a page may sound.
      void chime.allow()
      entered(await client.signIn(name, password))
    },
    async setUp(token, name, password) {
      void chime.allow()
      const me = await client.setUp(token, name, password)
      router.replace('conversations')
      entered(me)
    },
  }
}
