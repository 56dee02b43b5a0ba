import type { KeptDraft } from '../composer/machine/events.js'
import type { Submit, Writer } from '../composer/machine/state.js'

/** What one writer's browser keeps: sealed, so that nobody else who uses it reads a word. */
export interface SealedStore {
  /** All that can be read of it, the oldest first. */
  load(): Promise<{ drafts: (KeptDraft & { stamp: string })[]; submits: Submit[] }>
  picture(id: string): Promise<Blob | undefined>
  /** Keeps a draft unless another one than `over` is kept: then it is false, and nothing was done. */
  keepDraft(record: KeptDraft, over: string | null, stamp: string, pictures: Pictures): Promise<boolean>
  /** Removes a draft unless another one than `over` is kept. */
  removeDraft(id: string, over: string): Promise<boolean>
  keepSubmit(submit: Submit, pictures: Pictures): Promise<void>
  forgetSubmit(name: string): Promise<void>
  close(): void
}

/** Pictures that are to be kept, by their names. */
export type Pictures = ReadonlyMap<string, Blob>

interface Row {
  id: string
  /** Whose it is; everything else that tells of people is sealed. */
  owner: string
  type: 'draft' | 'submit' | 'picture'
  stamp: string
  /** Milliseconds since 1970 on this browser's clock: it orders nothing but what is offered first. */
  at: number
  iv: Uint8Array<ArrayBuffer>
  sealed: ArrayBuffer
  /** The pictures that it needs. */
  pictures: string[]
}

export interface SealedStoreOptions {
  indexedDB: IDBFactory
  subtle: SubtleCrypto
  writer: Writer
  /** The writer's own, 32 bytes in base64url; the service gives it to who is signed in. */
  key: string
  now: () => number
}

/** How long what belongs to another database is kept; a restored one may be put back. */
const foreignMs = 90 * 24 * 3_600_000

/** Throws whatever the browser has against it: there is no IndexedDB, or none may be used. */
export async function openSealedStore(options: SealedStoreOptions): Promise<SealedStore> {
  const { indexedDB, subtle, writer, now } = options
  const owner = `${writer.databaseId}/${writer.agentId}`
  const key = await subtle.importKey('raw', bytesOf(options.key), 'AES-GCM', false, ['encrypt', 'decrypt'])
  const db = await open(indexedDB)

  async function seal(row: Omit<Row, 'owner' | 'at' | 'iv' | 'sealed'>, content: BufferSource): Promise<Row> {
    const iv = crypto.getRandomValues(new Uint8Array(12))
    const sealed = await subtle.encrypt({ name: 'AES-GCM', iv, additionalData: bound(row) }, key, content)
    return { ...row, owner, at: now(), iv, sealed }
  }
  /** Nothing can be put in another one's place. */
  function bound({ id, type }: Pick<Row, 'id' | 'type'>): Uint8Array<ArrayBuffer> {
    return new TextEncoder().encode(`${owner} ${type} ${id}`)
  }
  async function unseal(row: Row): Promise<ArrayBuffer | undefined> {
    const { iv, sealed } = row
    return subtle
      .decrypt({ name: 'AES-GCM', iv, additionalData: bound(row) }, key, sealed)
      .catch(() => undefined)
  }
  const json = (value: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(value))
  async function sealPictures(pictures: Pictures): Promise<Row[]> {
    return Promise.all(
      [...pictures].map(async ([id, blob]) => {
        const type = new TextEncoder().encode(`${blob.type}\n`)
        const whole = await new Blob([type, await blob.arrayBuffer()]).arrayBuffer()
        return seal({ id: `p ${id}`, type: 'picture', stamp: '', pictures: [] }, whole)
      }),
    )
  }
  /** Does it in one transaction; resolves to what `act` says when all of it is written. */
  function within<T>(act: (rows: IDBObjectStore, done: (value: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const tx = db.transaction('rows', 'readwrite')
      let result: { value: T } | undefined
      tx.oncomplete = () => {
        if (result) resolve(result.value)
        else reject(new Error('Nothing was done.'))
      }
      tx.onabort = () => {
        reject(tx.error ?? new Error('It was broken off.'))
      }
      act(tx.objectStore('rows'), (value) => {
        result = { value }
      })
    })
  }
  const read = (): IDBObjectStore => db.transaction('rows').objectStore('rows')
  /** Pictures that nothing needs any more go. */
  function sweep(): Promise<undefined> {
    return within<undefined>((store, done) => {
      const found = store.getAll()
      found.onsuccess = () => {
        const rows = found.result as Row[]
        const needed = new Set(rows.filter((row) => row.owner === owner).flatMap(({ pictures }) => pictures))
        for (const { id, type, owner: whose, at } of rows) {
          const isUnneeded = whose === owner && type === 'picture' && !needed.has(id)
          const isForeign = !whose.startsWith(`${writer.databaseId}/`) && at < now() - foreignMs
          if (isUnneeded || isForeign) store.delete(id)
        }
        done(undefined)
      }
    })
  }

  return {
    async load() {
      await sweep()
      const rows = (await asked<Row[]>(read().getAll())).filter(
        (row) => row.owner === owner && row.type !== 'picture',
      )
      rows.sort((a, b) => a.at - b.at)
      const drafts: (KeptDraft & { stamp: string })[] = []
      const submits: Submit[] = []
      for (const row of rows) {
        const bytes = await unseal(row)
        if (bytes === undefined) continue
        // It was sealed by this page, or one of its version.
        const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
        if (row.type === 'draft') drafts.push({ ...(value as KeptDraft), stamp: row.stamp })
        // An earlier page's replaces nothing.
        else submits.push({ replaces: [], ...(value as Omit<Submit, 'replaces'>) })
      }
      return { drafts, submits }
    },
    async picture(id) {
      const row = await asked<Row | undefined>(read().get(`p ${id}`))
      if (row?.owner !== owner) return undefined
      const bytes = await unseal(row)
      if (bytes === undefined) return undefined
      const at = new Uint8Array(bytes).indexOf(10)
      return new Blob([bytes.slice(at + 1)], { type: new TextDecoder().decode(bytes.slice(0, at)) })
    },
    async keepDraft(record, over, stamp, pictures) {
      const id = `d ${record.draft.id}`
      const { pictures: listed, card } = record.draft
      const needed = [...listed, ...(card?.cover ? [card.cover] : [])].map((one) => `p ${one.id}`)
      const row = await seal({ id, type: 'draft', stamp, pictures: needed }, json(record))
      const sealed = await sealPictures(pictures)
      return within<boolean>((rows, done) => {
        const before = rows.get(id)
        before.onsuccess = () => {
          const isSame = ((before.result as Row | undefined)?.stamp ?? null) === over
          if (isSame) {
            rows.put(row)
            for (const picture of sealed) rows.put(picture)
          }
          done(isSame)
        }
      })
    },
    removeDraft(id, over) {
      return within<boolean>((rows, done) => {
        const before = rows.get(`d ${id}`)
        before.onsuccess = () => {
          const isSame = (before.result as Row | undefined)?.stamp === over
          if (isSame) rows.delete(`d ${id}`)
          done(isSame)
        }
      })
    },
    async keepSubmit(submit, pictures) {
      const needed = submit.items.flatMap((item) => ('picture' in item ? [`p ${item.picture.id}`] : []))
      const row = await seal(
        { id: `s ${submit.name}`, type: 'submit', stamp: '', pictures: needed },
        json(submit),
      )
      const sealed = await sealPictures(pictures)
      await within<undefined>((rows, done) => {
        rows.put(row)
        for (const picture of sealed) rows.put(picture)
        done(undefined)
      })
    },
    async forgetSubmit(name) {
      await within<undefined>((rows, done) => {
        rows.delete(`s ${name}`)
        done(undefined)
      })
      await sweep()
    },
    close() {
      db.close()
    },
  }
}

function open(factory: IDBFactory): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open('kefu-desk', 1)
    request.onupgradeneeded = () => {
      request.result.createObjectStore('rows', { keyPath: 'id' })
    }
    request.onsuccess = () => {
      const db = request.result
      // A page of a later version wants it in another form: this one lets it go.
      db.onversionchange = () => {
        db.close()
      }
      resolve(db)
    }
    request.onerror = () => {
      reject(request.error ?? new Error('It could not be opened.'))
    }
    request.onblocked = () => {
      reject(new Error('Another page holds it.'))
    }
  })
}

function asked<T>(request: IDBRequest): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => {
      resolve(request.result as T)
    }
    request.onerror = () => {
      reject(request.error ?? new Error('It could not be read.'))
    }
  })
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}
