import { useEventListener } from '@vueuse/core'
import type { Me } from '../../api/calls.js'
import { DeskError, type Client } from '../../api/client.js'
import { openSealedStore } from './sealed-store.js'
import { hasUnkept } from '../composer/machine/look.js'
import { contactOf, type Writer } from '../composer/machine/state.js'
import type { I18n } from '../../locales/i18n.js'
import { prepareImage } from '../../text/image-file.js'
import { browserStorage } from '../../stores/browser-storage.js'
import { newId } from '../../stores/new-id.js'
import { olderLeftovers, removeOlder, sealedMark, type OlderLeftovers } from './older-page.js'
import type { Threads } from '../thread/threads.js'
import type { Toasts } from '../../stores/toasts.js'
import { createWriting, type Carried, type Writing } from './writing.js'

export type { Carried, Writing }

export interface OpenWritingOptions {
  client: Client
  i18n: I18n
  toasts: Toasts
  threads: Threads
  carried: Carried | null
  offersOlder: boolean
}

/** What an agent writes, with this browser around it, for as long as the effect scope lasts. */
export function openWriting(me: Me, options: OpenWritingOptions): Writing {
  const { client, i18n, toasts, threads, carried, offersOlder } = options
  const { databaseId, draftsKey } = me
  const writer: Writer = { databaseId, agentId: me.agent.id }
  // Over http in a network there is no WebCrypto: nothing is kept there rather than readably.
  const subtle = globalThis.isSecureContext ? globalThis.crypto.subtle : undefined
  const openStore = async () => {
    if (!subtle) throw new Error('There is nothing to seal with.')
    return openSealedStore({ indexedDB: globalThis.indexedDB, subtle, writer, key: draftsKey, now: Date.now })
  }
  const writing = createWriting({
    client,
    writer,
    openStore: subtle ? openStore : null,
    newId,
    now: Date.now,
    carried,
    channel: 'BroadcastChannel' in globalThis ? new BroadcastChannel('kefu.desk.writing') : null,
    locks: 'locks' in navigator ? navigator.locks : null,
    prepareImage,
    onSent: threads.putNew,
    say(what) {
      toasts.say(i18n.t.value(`writing.${what}`), what === 'pictureStays' ? 'plain' : 'bad')
    },
  })
  useEventListener('beforeunload', (event) => {
    // What could not be kept would be gone: the browser asks first.
    if (hasUnkept(writing.state.value)) event.preventDefault()
  })
  if (offersOlder) void offerOlder(client, writing)
  else {
    removeOlder(browserStorage)
    browserStorage.setItem(sealedMark, '1')
  }
  return writing
}

/** How long a service that can't be reached is left alone. */
const pauseMs = 3000

/** What a page of an earlier version left, to whoever may see that conversation; one tab of the browser offers it. */
async function offerOlder(client: Client, writing: Writing): Promise<void> {
  const offer = async (): Promise<void> => {
    for (let left = olderLeftovers(browserStorage); left.length > 0;) {
      left = await offerSome(left, client, writing)
      // Under the next session it would be asked about in another's name.
      if (writing.state.value.isEnded) return
      if (left.length > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
    // Where nothing can be kept it is still there, for the next page.
    if (olderLeftovers(browserStorage).length === 0) browserStorage.setItem(sealedMark, '1')
  }
  if (!('locks' in navigator)) return offer()
  await navigator.locks.request('kefu.desk.older', { ifAvailable: true }, (lock) =>
    lock === null ? undefined : offer(),
  )
}

/** Gives what could not be asked about. */
async function offerSome(
  leftovers: readonly OlderLeftovers[],
  client: Client,
  writing: Writing,
): Promise<OlderLeftovers[]> {
  const later: OlderLeftovers[] = []
  for (const one of leftovers) {
    const { conversationId, texts, messages } = one
    try {
      const view = await client.conversation(conversationId)
      await opened(writing)
      if (writing.state.value.isEnded) return []
      writing.send({ type: 'foundOlder', contact: contactOf(view), conversationId, texts, messages })
      if (writing.state.value.keeping === 'memory') continue
    } catch (error) {
      if (!(error instanceof DeskError)) throw error
      if (error.isPassing) {
        later.push(one)
        continue
      }
    }
    removeOlder(browserStorage, conversationId)
  }
  return later
}

/** Resolves when what is kept was read, or the session is over. */
function opened(writing: Writing): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      const { keeping, isEnded } = writing.state.value
      if (keeping === 'opening' && !isEnded) setTimeout(look, 20)
      else resolve()
    }
    look()
  })
}
