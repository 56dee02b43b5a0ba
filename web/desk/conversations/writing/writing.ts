import { shallowRef, type ShallowRef } from 'vue'
import type { Client } from '../../api/client.js'
import type { MessageView } from '../../api/views.js'
import type { ComposerEvent, Effect, Saying, TabWord } from '../composer/machine/events.js'
import { hasUnkept } from '../composer/machine/look.js'
import { step } from '../composer/machine/machine.js'
import { createHandingOver } from './handing-over.js'
import { createPictureBlobs, picturesOfDraft, picturesOfKept, picturesOfSubmit } from './picture-blobs.js'
import type { SealedStore } from './sealed-store.js'
import {
  emptyComposer,
  type ComposerState,
  type Contact,
  type Kind,
  type Writer,
} from '../composer/machine/state.js'
import type { PreparedImage } from '../../text/image-file.js'
import { storeKey } from '../../stores/store-key.js'

/** What an agent writes at this page: the machine, and the world that it acts on. */
export interface Writing {
  readonly state: Readonly<ShallowRef<ComposerState>>
  /** Why nothing can be kept, while that is so. */
  readonly whyNotKept: Readonly<ShallowRef<WhyNotKept | null>>
  /** Addresses of the pictures that the page has, by their names. */
  readonly urls: ReadonlyMap<string, string>
  send(event: ComposerEvent): void
  /** Pictures that were picked, pasted or dropped. */
  addPictures(contact: Contact, kind: Kind, files: readonly Blob[], hasOther?: boolean): void
  /** A picture that a form needs, ready as it is; gives its name. */
  addReady(blob: Blob): string
  /** The network is said to be back. */
  online(): void
  /**
   * Ends it: what can be kept is, and then the key is gone. Resolves to what only this page has, or to all of it when
   * its writer goes on at once.
   */
  end(goesOn?: boolean): Promise<Carried | null>
}

export const [writingKey, useWriting] = storeKey<Writing>('writing')

/** Why a browser keeps nothing: it has no safe place, it does not allow it, or it is full. */
export type WhyNotKept = 'insecure' | 'forbidden' | 'full'

/** What could not be kept, for its writer when they are here again. */
export interface Carried {
  readonly state: ComposerState
  readonly blobs: ReadonlyMap<string, Blob>
}

export interface WritingOptions {
  readonly client: Pick<Client, 'send' | 'note' | 'upload'>
  readonly writer: Writer
  /** Opens what the writer keeps in this browser; null where it can't be sealed. */
  readonly openStore: (() => Promise<SealedStore>) | null
  readonly newId: () => string
  readonly now: () => number
  readonly carried: Carried | null
  /** The other pages of this browser. */
  readonly channel: Pick<BroadcastChannel, 'postMessage' | 'addEventListener' | 'close'> | null
  readonly locks: Pick<LockManager, 'request' | 'query'> | null
  readonly prepareImage: (file: Blob) => Promise<PreparedImage | undefined>
  readonly onSent: (message: MessageView) => void
  readonly say: (what: Saying) => void
}

/** How long what is kept is waited for before the page does without. */
const openingMs = 8000
/** How long the end of a session waits for answers that are under way. */
const endingMs = 3000
const lockName = (tab: string): string => `kefu.desk.writing.${tab}`

export function createWriting(options: WritingOptions): Writing {
  const { client, writer, openStore, newId, now, carried, channel, locks, onSent, say } = options
  const tab = newId().slice(0, 20)
  const state = shallowRef<ComposerState>(carried ? { ...carried.state, tab, named: 0 } : emptyComposer(tab))
  const whyNotKept = shallowRef<WhyNotKept | null>(null)
  const blobs = createPictureBlobs(carried?.blobs)
  const handOver = createHandingOver({ client, blobOf: blobs.get, now, onSent, send })
  const timers = new Set<ReturnType<typeof setTimeout>>()
  const underWay = new Set<Promise<void>>()
  const early: TabWord[] = []
  let store: SealedStore | null = null
  let chain: Promise<void> = Promise.resolve()
  let isOver = false
  let letGo: () => void = () => undefined

  function send(event: ComposerEvent): void {
    if (isOver) return
    const next = step(state.value, event)
    state.value = next.state
    if (next.state.keeping === 'kept') whyNotKept.value = null
    for (const effect of next.effects) act(effect)
  }

  function act(effect: Effect): void {
    switch (effect.type) {
      case 'keep':
      case 'unkeep':
      case 'keepSubmit':
      case 'forgetSubmit':
        chain = chain.then(() => keep(effect))
        return
      case 'upload':
      case 'post':
        void track(handOver(effect))
        return
      case 'prepare':
        void track(prepare(effect.picture))
        return
      case 'pause': {
        const timer = setTimeout(() => {
          timers.delete(timer)
          send({ type: 'due', name: effect.name })
        }, effect.ms)
        timers.add(timer)
        return
      }
      case 'say':
        say(effect.what)
    }
  }

  async function track(work: Promise<void>): Promise<void> {
    underWay.add(work)
    await work
    underWay.delete(work)
  }

  async function keep(effect: KeepingEffect): Promise<void> {
    try {
      if (!store) throw new Error('Nothing is kept here.')
      switch (effect.type) {
        case 'keep': {
          const { record, over, stamp } = effect
          const { id } = record.draft
          const bytes = blobs.unkept(picturesOfDraft(record.draft))
          if (await store.keepDraft(record, over, stamp, bytes)) {
            blobs.noteKept(bytes)
            tell({ ...record, id, stamp })
            send({ type: 'kept', id, stamp, isGone: false })
          } else send({ type: 'conflicted', id, stamp })
          return
        }
        case 'unkeep': {
          const { word, over, stamp } = effect
          const { id } = word
          if (await store.removeDraft(id, over)) {
            tell(word)
            send({ type: 'kept', id, stamp, isGone: true })
          } else send({ type: 'conflicted', id, stamp })
          return
        }
        case 'keepSubmit': {
          const { submit, then } = effect
          const bytes = blobs.unkept(picturesOfSubmit(submit))
          await store.keepSubmit(submit, bytes)
          blobs.noteKept(bytes)
          for (const next of then) if (isKeeping(next)) await keep(next)
          return
        }
        case 'forgetSubmit':
          await store.forgetSubmit(effect.name)
      }
    } catch (error) {
      whyNotKept.value ??= nameOf(error) === 'QuotaExceededError' ? 'full' : 'forbidden'
      if (effect.type === 'keep') send({ type: 'notKept', id: effect.record.draft.id, stamp: effect.stamp })
      else if (effect.type === 'unkeep') send({ type: 'notKept', id: effect.word.id, stamp: effect.stamp })
      else if (effect.type === 'keepSubmit') send({ type: 'submitNotKept' })
    }
  }
  function tell(word: TabWord): void {
    const { contact, kind, id, version, stamp, draft } = word
    channel?.postMessage({ writer, word: { contact, kind, id, version, stamp, draft } satisfies TabWord })
  }

  async function prepare(picture: string): Promise<void> {
    const blob = blobs.get(picture)
    const made = blob && (await options.prepareImage(blob))
    if (made === undefined) send({ type: 'unreadable', picture })
    else {
      blobs.set(picture, made.blob)
      send({ type: 'prepared', picture, bytes: made.blob.size, isMade: made.isMade })
    }
  }

  async function open(): Promise<void> {
    if (openStore === null) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error('It took too long.'))
      }, openingMs)
    })
    try {
      const opened = await Promise.race([openStore(), late])
      const { drafts, submits } = await Promise.race([opened.load(), late])
      await Promise.race([blobs.read(opened, picturesOfKept(drafts, submits)), late])
      const held = (await locks?.query())?.held ?? []
      if (isOver) {
        opened.close()
        return
      }
      store = opened
      const liveTabs = held.flatMap(({ name = '' }) =>
        name.startsWith(lockName('')) ? [name.slice(lockName('').length)] : [],
      )
      send({ type: 'loaded', drafts, submits, liveTabs, now: now() })
      for (const word of early.splice(0)) void hear(word)
    } catch {
      whyNotKept.value = 'forbidden'
      send({ type: 'cannotKeep' })
    } finally {
      clearTimeout(timer)
    }
  }

  /** Another page of the same writer kept something: its pictures are read, as this page has none of them. */
  async function hear(word: TabWord): Promise<void> {
    if (store)
      for (const { id } of word.draft?.pictures ?? []) await blobs.read(store, [id]).catch(() => undefined)
    send({ type: 'told', word })
  }
  channel?.addEventListener('message', (event) => {
    const { writer: from, word } = event.data as { writer: Writer; word: TabWord }
    if (from.agentId !== writer.agentId || from.databaseId !== writer.databaseId) return
    if (state.value.keeping === 'opening') early.push(word)
    else void hear(word)
  })
  if (locks)
    void locks.request(
      lockName(tab),
      () =>
        new Promise<void>((resolve) => {
          letGo = resolve
        }),
    )

  if (openStore === null) whyNotKept.value = 'insecure'
  send({ type: 'entered', writer, canKeep: openStore !== null })
  void open()

  return {
    state,
    whyNotKept,
    urls: blobs.urls,
    send,
    addPictures(contact, kind, files, hasOther = false) {
      const pictures = files.map((file) => {
        const id = newId()
        blobs.set(id, file)
        return id
      })
      send({ type: 'pasted', contact, kind, pictures, hasOther })
    },
    addReady(blob) {
      const id = newId()
      blobs.set(id, blob)
      return id
    },
    online() {
      send({ type: 'online' })
    },
    async end(goesOn = false) {
      send({ type: 'ended' })
      for (const timer of timers) clearTimeout(timer)
      const answers = Promise.allSettled([...underWay])
      await Promise.race([
        answers,
        new Promise((resolve) => setTimeout(resolve, underWay.size > 0 ? endingMs : 0)),
      ])
      // Each thing that is kept may want another one kept.
      for (let last; last !== chain;) {
        last = chain
        await last
      }
      isOver = true
      letGo()
      channel?.close()
      store?.close()
      store = null
      blobs.release()
      const left = goesOn || hasUnkept(state.value) ? { state: state.value, blobs: blobs.copy() } : null
      blobs.clear()
      return left
    },
  }
}

type KeepingEffect = Extract<Effect, { type: 'keep' | 'unkeep' | 'keepSubmit' | 'forgetSubmit' }>

function isKeeping(effect: Effect): effect is KeepingEffect {
  return ['keep', 'unkeep', 'keepSubmit', 'forgetSubmit'].includes(effect.type)
}

function nameOf(error: unknown): string {
  return error instanceof Error || error instanceof DOMException ? error.name : ''
}
