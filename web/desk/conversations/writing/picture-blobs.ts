import { shallowReactive } from 'vue'
import type { KeptDraft } from '../composer/machine/events.js'
import type { ComposerState, Draft, Submit } from '../composer/machine/state.js'
import type { SealedStore } from './sealed-store.js'

/** The bytes of the pictures that are written with, by the pictures' names. */
export interface PictureBlobs {
  /** Addresses of the pictures, for the page. */
  readonly urls: ReadonlyMap<string, string>
  get: (id: string) => Blob | undefined
  set: (id: string, blob: Blob) => void
  /** Those of the pictures that the store does not have as they are now. */
  unkept: (ids: readonly string[]) => Map<string, Blob>
  noteKept: (bytes: ReadonlyMap<string, Blob>) => void
  /** Reads those that are not here from the store. */
  read: (store: SealedStore, ids: Iterable<string>) => Promise<void>
  /** Everything, for another session of the same page. */
  copy: () => Map<string, Blob>
  /** Gives the addresses back to the browser. */
  release: () => void
  clear: () => void
}

export function createPictureBlobs(carried: ReadonlyMap<string, Blob> | undefined): PictureBlobs {
  const urls = shallowReactive(new Map<string, string>())
  const blobs = new Map<string, Blob>(carried)
  /** Which bytes of each picture are kept. */
  const kept = new Map<string, Blob>()
  for (const [id, blob] of blobs) urls.set(id, URL.createObjectURL(blob))

  function set(id: string, blob: Blob): void {
    const before = urls.get(id)
    if (before !== undefined) URL.revokeObjectURL(before)
    blobs.set(id, blob)
    urls.set(id, URL.createObjectURL(blob))
  }

  return {
    urls,
    get: (id) => blobs.get(id),
    set,
    unkept(ids) {
      const found = new Map<string, Blob>()
      for (const id of ids) {
        const blob = blobs.get(id)
        if (blob && kept.get(id) !== blob) found.set(id, blob)
      }
      return found
    },
    noteKept(bytes) {
      for (const [id, blob] of bytes) kept.set(id, blob)
    },
    async read(store, ids) {
      for (const id of ids) {
        if (blobs.has(id)) continue
        const blob = await store.picture(id)
        if (!blob) continue
        set(id, blob)
        kept.set(id, blob)
      }
    },
    copy: () => new Map(blobs),
    release() {
      for (const url of urls.values()) URL.revokeObjectURL(url)
    },
    clear() {
      blobs.clear()
      kept.clear()
    },
  }
}

/** The pictures of a draft, that of its card included. */
export function picturesOfDraft({ pictures, card }: Pick<Draft, 'pictures' | 'card'>): string[] {
  return [...pictures, ...(card?.cover ? [card.cover] : [])].map(({ id }) => id)
}

export function picturesOfSubmit({ items }: Pick<Submit, 'items'>): string[] {
  return items.flatMap((item) => ('picture' in item ? [item.picture.id] : []))
}

export function picturesOfKept(
  drafts: readonly KeptDraft[],
  submits: ComposerState['submits'],
): ReadonlySet<string> {
  return new Set([
    ...drafts.flatMap(({ draft }) => picturesOfDraft(draft)),
    ...submits.flatMap((submit) => picturesOfSubmit(submit)),
  ])
}
