import { createHash, randomBytes } from 'node:crypto'
import { fromJson, toJson, type Store, type Tx } from '../store/index.js'
import { writeAudit, type AuditActor } from './audit.js'
import type { Program, Scope } from '../http/principal.js'

/** A key as it is shown: never the key itself. */
export interface ApiKeyView {
  readonly id: number
  readonly name: string
  readonly hint: string
  readonly apps: Scope
  readonly createdAt: number
  readonly usedAt: number | null
}

/** A key as it is shown once. */
export interface NewApiKey extends ApiKeyView {
  readonly key: string
}

export interface ApiKeysOptions {
  readonly store: Store
  readonly now: () => number
}

/** When a key was used is noted this often. */
const USED_MS = 60_000
/** The characters of a key that are shown: too few to guess the rest from. */
const HINT = 9

/** Whether a key has the form of those that are made here. */
export function isMadeKey(key: string): boolean {
  return /^kefu_[\w-]{43}$/.test(key)
}

/** Keys of programs, kept as hashes: 256 random bits need no slow one. */
export class ApiKeys {
  readonly #options: ApiKeysOptions

  constructor(options: ApiKeysOptions) {
    this.#options = options
  }

  /** The program of a key; undefined when there is no such key. */
  async find(key: string): Promise<Program | undefined> {
    const { store, now } = this.#options
    const row = await store.db
      .selectFrom('api_key')
      .selectAll()
      .where('key_hash', '=', hashOf(key))
      .executeTakeFirst()
    if (!row) return undefined
    if ((row.used_at ?? 0) < now() - USED_MS)
      await store.db.updateTable('api_key').set({ used_at: now() }).where('id', '=', row.id).execute()
    return { kind: 'program', keyId: row.id, name: row.name, apps: fromJson(row.apps) }
  }

  async list(): Promise<ApiKeyView[]> {
    const rows = await this.#options.store.db.selectFrom('api_key').selectAll().orderBy('id').execute()
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      hint: row.hint,
      apps: fromJson(row.apps),
      createdAt: row.created_at,
      usedAt: row.used_at,
    }))
  }

  /** Makes a key, which is never to be had again. */
  async add(
    { name, apps }: { name: string; apps: Scope },
    actor: AuditActor,
    made?: (tx: Tx, key: NewApiKey) => Promise<void>,
  ): Promise<NewApiKey> {
    const { store, now } = this.#options
    const key = `kefu_${randomBytes(32).toString('base64url')}`
    const row = {
      name,
      key_hash: hashOf(key),
      hint: key.slice(0, HINT),
      apps: toJson(apps),
      created_at: now(),
    }
    return store.db.transaction().execute(async (tx) => {
      const added = await tx.insertInto('api_key').values(row).returning('id').executeTakeFirstOrThrow()
      const target = `api_key:${added.id}`
      await writeAudit(tx, now(), { actor, action: 'api_key_added', target, detail: { name, apps } })
      const shown = { name, hint: row.hint, apps, createdAt: row.created_at, usedAt: null, key }
      await made?.(tx, { id: added.id, ...shown })
      return { id: added.id, ...shown }
    })
  }

  /** Forgets a key, also in streams that are open with it; false when there is none. */
  async remove(id: number, actor: AuditActor): Promise<boolean> {
    const { store, now } = this.#options
    const removed = await store.db.transaction().execute(async (tx) => {
      const row = await tx.deleteFrom('api_key').where('id', '=', id).returning('name').executeTakeFirst()
      if (!row) return false
      const target = `api_key:${id}`
      await writeAudit(tx, now(), { actor, action: 'api_key_removed', target, detail: { name: row.name } })
      return true
    })
    if (removed) await store.signals.send('api-keys', '')
    return removed
  }
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}
