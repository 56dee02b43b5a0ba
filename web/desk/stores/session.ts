import { ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import type { Me } from '../api/calls.js'
import { createClient, DeskError, type Client } from '../api/client.js'
import type { I18n } from '../locales/i18n.js'
import type { Router } from '../router.js'
import type { Chime } from '../alerts/chime.js'
import { ringingTab } from '../alerts/ringing-tab.js'
import type { Settings } from '../settings/settings.js'
import type { Toasts } from './toasts.js'
import { browserStorage } from './browser-storage.js'
import { removeOlder, sealedMark } from '../conversations/writing/older-page.js'
import { openSignedIn, type SignedIn } from './signed-in.js'
import type { Carried } from '../conversations/writing/writing.js'
import { storeKey } from './store-key.js'

/** Whether somebody is signed in, and the way in and out. */
export interface Session {
  /**
   * `asking` for a moment, with nothing to see; `unreachable` while the service could not be asked; `change` while the
   * password is one that somebody else made.
   */
  state: Ref<'asking' | 'unreachable' | 'out' | 'setup' | 'change' | 'in'>
  /** Whether there is no agent yet, so that the one-time link is needed. */
  needsSetup: Ref<boolean>
  /** The stores of who is signed in. */
  signedIn: ShallowRef<SignedIn | null>
  /** Throws DeskError. */
  signIn: (name: string, password: string) => Promise<void>
  /** Who must change their password, and the one that they signed in with, while this page knows it. */
  changing: Ref<{ name: string; current: string }>
  /** Changes a first password, and goes in. Throws DeskError. */
  changePassword: (current: string, next: string) => Promise<void>
  /** Leaves before the password is changed. */
  signOut: () => Promise<void>
  /** Makes the first administrator by the one-time link's token. Throws DeskError. */
  setUp: (token: string, name: string, password: string) => Promise<void>
}

export const [sessionKey, useSession] = storeKey<Session>('session')

export interface SessionOptions {
  i18n: I18n
  settings: Settings
  router: Router
  toasts: Toasts
  chime: Chime
}

export function openSession({ i18n, settings, router, toasts, chime }: SessionOptions): Session {
  const state: Session['state'] = ref('asking')
  const needsSetup = ref(false)
  const changing = ref({ name: '', current: '' })
  const signedIn = shallowRef<SignedIn | null>(null)
  const rings = ringingTab('locks' in navigator ? navigator.locks : undefined)
  /** Told when pages of this browser are to ask again who is signed in. */
  const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('kefu.desk.session') : null
  /** What an agent wrote that only this page has, by the agent. */
  const carried = new Map<number, Carried>()
  /** What is being kept of the session before. */
  let ending: Promise<void> = Promise.resolve()
  let client = newClient()

  function newClient(): Client {
    const made = createClient({
      fetch: fetch.bind(globalThis),
      now: Date.now,
      onSignedOut: () => {
        if (made === client) left()
      },
      onOtherDatabase: () => {
        if (made === client && signedIn.value) void askAgain(true)
      },
    })
    return made
  }

  function left(byChoice = false): void {
    endSignedIn(byChoice)
    changing.value = { name: '', current: '' }
    state.value = 'out'
    if (byChoice) {
      removeOlder(browserStorage)
      channel?.postMessage('left')
    }
    void askSetup()
  }

  /** Whatever the session still has to do is done in its own name, or not at all. */
  function endSignedIn(byChoice: boolean, goesOn = false): void {
    const before = signedIn.value
    signedIn.value = null
    const ended = client
    client = newClient()
    if (!before) return
    const stopped = before.stop(goesOn)
    ended.end()
    ending = stopped.then((own) => {
      if (own !== null && !byChoice) carried.set(before.agentId, own)
    })
  }

  /** `isOlder` when the session is from before this page. */
  async function entered(me: Me, { isOlder = false, password = '' } = {}): Promise<void> {
    await ending
    changing.value = { name: '', current: '' }
    if (me.mustChangePassword) {
      changing.value = { name: me.agent.name, current: password }
      state.value = 'change'
      return
    }
    const own = carried.get(me.agent.id) ?? null
    carried.delete(me.agent.id)
    const offersOlder = isOlder && browserStorage.getItem(sealedMark) === null
    signedIn.value = openSignedIn({
      me,
      client,
      i18n,
      settings,
      router,
      toasts,
      chime,
      rings,
      onSignedOut: left,
      onOtherDatabase: () => void askAgain(true),
      carried: own,
      offersOlder,
    })
    state.value = 'in'
  }

  /** Asks who is signed in now, under an open page; what is written goes on where it is the same writer's. */
  async function askAgain(isOtherDatabase = false): Promise<void> {
    const probe = newClient()
    try {
      const me = await probe.session()
      const isSame = me.agent.id === signedIn.value?.agentId
      if (!signedIn.value) return
      if (isSame && !isOtherDatabase) return
      endSignedIn(false, isSame)
      client = probe
      await entered(me)
    } catch (error) {
      if (!(error instanceof DeskError)) throw error
      if (!error.isPassing) left()
    }
  }

  async function askSetup(): Promise<void> {
    needsSetup.value = await client.needsSetup().catch(() => false)
  }

  async function ask(): Promise<void> {
    try {
      await entered(await client.session(), { isOlder: true })
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
  channel?.addEventListener('message', () => {
    if (state.value === 'in') void askAgain()
  })
  // A page that the browser had put aside shows what it showed then, whoever is signed in now.
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) location.reload()
  })

  return {
    state,
    needsSetup,
    signedIn,
    async signIn(name, password) {
      // The press of the button is the gesture that browsers want before a page may sound.
      void chime.allow()
      await entered(await client.signIn(name, password), { password })
    },
    changing,
    async changePassword(current, next) {
      await entered(await client.changePassword(current, next))
    },
    async signOut() {
      await client.signOut().catch(() => undefined)
      left(true)
    },
    async setUp(token, name, password) {
      void chime.allow()
      const me = await client.setUp(token, name, password)
      router.replace('conversations')
      await entered(me)
    },
  }
}
