import { ref, type Ref } from 'vue'
import { storeKey } from './stores/store-key.js'

/** Where the page is: the first part of the hash, and what follows it. */
export interface Route {
  /** `conversations`, `setup`, `settings`, or the name of an administration page. */
  page: string
  /** The conversation's id, the one-time token. */
  argument: string
  /** What of it, such as a Mini Program in the set-up guide. */
  detail: string
}

export interface Router {
  route: Ref<Route>
  go(page: string, argument?: string, detail?: string): void
  /** The same without a step to go back to. */
  replace(page: string, argument?: string, detail?: string): void
  /** Stays where it is when the address changes, and tells where it was to go; until what it gives is called. */
  hold(ask: (to: Route) => void): () => void
}

export const [routerKey, useRouter] = storeKey<Router>('router')

/** The address behind `#`: `#/conversations/12`, `#/setup/TOKEN`, `#/admin/guide/APPID`; nothing is the conversations. */
export function readHash(hash: string): Route {
  const [, page = '', argument = '', detail = ''] = hash.replace(/^#/, '').split('/')
  return { page: page || 'conversations', argument: decode(argument), detail: decode(detail) }
}

export function writeHash({ page, argument, detail }: Route): string {
  const rest = [argument, detail].filter((part) => part !== '')
  return `#/${[page, ...rest.map(encodeURIComponent)].join('/')}`
}

export function createRouter(window: Window): Router {
  const route = ref(readHash(window.location.hash))
  let holder: ((to: Route) => void) | undefined
  window.addEventListener('hashchange', () => {
    const to = readHash(window.location.hash)
    if (holder && writeHash(to) !== writeHash(route.value)) {
      window.history.replaceState(null, '', writeHash(route.value))
      holder(to)
    } else route.value = to
  })
  return {
    route,
    go(page, argument = '', detail = '') {
      window.location.hash = writeHash({ page, argument, detail })
    },
    replace(page, argument = '', detail = '') {
      window.history.replaceState(null, '', writeHash({ page, argument, detail }))
      route.value = { page, argument, detail }
    },
    hold(ask) {
      holder = ask
      return () => {
        if (holder === ask) holder = undefined
      }
    },
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
