import { computed, inject, reactive, ref, watch, type InjectionKey, type Ref } from 'vue'
import type { AppView, Delivery, PhoneMessage, UserView } from '../../src/emulator/protocol.js'
import { EmulatorError, type Client, type Customer } from './emulator/client.js'
import { keyNeeded, streamBehind } from './emulator/key.js'
import { connect, type Live, type OpenStream } from './emulator/live.js'
import { customerKey, emptyState, type EmulatorState } from './emulator/state.js'
import type { I18n } from './locales/i18n.js'
import { maxPhones, newPhone, openPhones, type Phone, type PhoneDefaults } from './phones.js'

/** The drawer's tabs. */
export type DrawerTab = 'wire' | 'faults' | 'clock' | 'apps'

/** What all components of the page share. */
export interface Page {
  client: Client
  state: EmulatorState
  phones: Ref<Phone[]>
  /** `entry` is the key of the one that is opened in the list of what went over the wire. */
  drawer: { open: boolean; tab: DrawerTab; entry: string | null }
  /** What went wrong, or a word to the developer, shown for some seconds. */
  notice: Ref<{ text: string; bad: boolean } | null>
  /** Milliseconds since 1970 on the emulator's clock, each second anew. */
  now: Ref<number>
  addPhone: () => void
  removePhone: (phone: Phone) => void
  appOf: (phone: Phone) => AppView | undefined
  customerOf: (phone: Phone) => Customer | undefined
  messagesOf: (phone: Phone) => PhoneMessage[]
  userOf: (phone: Phone) => UserView | undefined
  deliveriesOf: (phone: Phone) => Delivery[]
  /** The place of a customer's phone on the page, from 1; null for one that is not shown. */
  numberOf: (openId: string | null) => number | null
  notify: (text: string, bad?: boolean) => void
  /** Does it; what the emulator says against it is shown. Resolves to whether it was done. */
  run: (action: () => Promise<unknown>) => Promise<boolean>
  /** Whether the emulator asks for its key, and how to give it. */
  locked: Ref<boolean>
  unlock: (key: string) => Promise<void>
  close: () => void
}

export interface PageOptions {
  client: Client
  i18n: I18n
  openStream: OpenStream
  /** The page's own query: `?phones=2`. */
  query: URLSearchParams
  storage: Pick<Storage, 'getItem' | 'setItem'>
  /** Whether there is room for the drawer beside the phones; below them it opens only when asked. */
  isWide: boolean
}

export const pageKey: InjectionKey<Page> = Symbol('page')

/** The page's state and what can be done with it, for a component. */
export function usePage(): Page {
  const page = inject(pageKey)
  if (page === undefined) throw new Error('The page provides no state.')
  return page
}

/** Opens the page: the phones remembered, and the link to the emulator. */
export function createPage(options: PageOptions): Page {
  const { client, i18n, openStream, query, storage, isWide } = options
  const state = reactive(emptyState(Date.now()))
  const phones = ref(openPhones(storage.getItem('kefu.phones'), query, defaults(i18n)))
  const drawer = reactive<Page['drawer']>({
    open: isWide && storage.getItem('kefu.drawer') !== 'closed',
    tab: 'wire',
    entry: null,
  })
  const { now, stop } = emulatorNow(state)
  const { notice, notify } = notices()
  const locked = ref(false)

  watch(
    phones,
    (list) => {
      storage.setItem('kefu.phones', JSON.stringify(list))
    },
    { deep: true, immediate: true },
  )
  watch(
    () => drawer.open,
    (open) => {
      if (isWide) storage.setItem('kefu.drawer', open ? 'open' : 'closed')
    },
  )

  const appOf = (phone: Phone, apps: readonly AppView[] = state.apps): AppView | undefined =>
    apps.find((app) => app.appId === phone.appId) ?? apps[0]
  const customerOf = (phone: Phone): Customer | undefined => {
    const app = appOf(phone)
    return app && { appId: app.appId, openId: phone.openId }
  }
  const customersOf = (apps: readonly AppView[]): Customer[] =>
    phones.value.flatMap((phone) => {
      const app = appOf(phone, apps)
      return app === undefined ? [] : [{ appId: app.appId, openId: phone.openId }]
    })
  const customers = computed(() => customersOf(state.apps))
  const live: Live = connect({
    client,
    state,
    openStream: streamBehind(locked, openStream, client),
    customers: customersOf,
  })
  // A phone that is added, or shows another Mini Program, has a history to read.
  watch(
    () => customers.value.map(customerKey).join(' '),
    (_keys, before) => {
      const known = new Set(before.split(' '))
      for (const customer of customers.value)
        if (!known.has(customerKey(customer)) && state.link === 'live') void run(() => live.watch(customer))
    },
  )

  async function run(action: () => Promise<unknown>): Promise<boolean> {
    try {
      await action()
      return true
    } catch (error) {
      if (!(error instanceof EmulatorError)) throw error
      if (error.code === keyNeeded) locked.value = true
      else notify(error.code === 'unreachable' ? i18n.t.value('notice.unreachable') : error.message, true)
      return false
    }
  }

  return {
    client,
    state,
    phones,
    drawer,
    notice,
    now,
    notify,
    run,
    locked,
    async unlock(key) {
      try {
        await client.begin(key)
        locked.value = false
      } catch (error) {
        if (!(error instanceof EmulatorError)) throw error
        notify(i18n.t.value(error.code === 'unreachable' ? 'notice.unreachable' : 'key.wrong'), true)
      }
    },
    appOf,
    customerOf,
    addPhone() {
      if (phones.value.length < maxPhones)
        phones.value = [...phones.value, newPhone(defaults(i18n), phones.value.at(-1)?.appId)]
    },
    removePhone(phone) {
      phones.value = phones.value.filter((other) => other.openId !== phone.openId)
    },
    messagesOf(phone) {
      const customer = customerOf(phone)
      return (customer && state.messages[customerKey(customer)]) ?? []
    },
    userOf(phone) {
      const customer = customerOf(phone)
      return customer && state.users[customerKey(customer)]
    },
    deliveriesOf(phone) {
      const appId = appOf(phone)?.appId
      return state.deliveries.filter((one) => one.openId === phone.openId && one.appId === appId)
    },
    numberOf(openId) {
      const index = phones.value.findIndex((phone) => phone.openId === openId)
      return index === -1 ? null : index + 1
    },
    close() {
      live.close()
      stop()
    },
  }
}

function defaults({ t }: I18n): PhoneDefaults {
  return {
    sessionFrom: 'goods_1024',
    cardTitle: t.value('shop.title'),
    cardPath: 'pages/goods/detail?id=1024',
  }
}

/** The emulator's clock runs with ours, ahead by what it was advanced, unless it stands still. */
function emulatorNow(state: EmulatorState): { now: Ref<number>; stop: () => void } {
  const real = ref(Date.now())
  const ahead = ref(0)
  const still = ref<number | null>(null)
  watch(
    () => state.clock,
    (clock) => {
      ahead.value = clock.advancedMs
      still.value = clock.fixedAt === undefined ? null : clock.now
      real.value = Date.now()
    },
    { flush: 'sync' },
  )
  const tick = (): void => {
    real.value = Date.now()
  }
  // At once also when a window or a session begins, so that none seems longer than it is.
  watch(() => Object.values(state.users), tick, { flush: 'sync' })
  const timer = setInterval(tick, 1000)
  return {
    now: computed(() => still.value ?? real.value + ahead.value),
    stop: () => {
      clearInterval(timer)
    },
  }
}

function notices(): Pick<Page, 'notice' | 'notify'> {
  const notice: Page['notice'] = ref(null)
  let timer: ReturnType<typeof setTimeout> | undefined
  return {
    notice,
    notify(text, bad = false) {
      notice.value = { text, bad }
      clearTimeout(timer)
      timer = setTimeout(() => {
        notice.value = null
      }, 6000)
    },
  }
}
