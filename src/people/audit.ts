import { fromJson, toJson, type Store, type Tx } from '../store/index.js'

/** The acts that are written down. */
export type AuditAction =
  | 'setup'
  | 'sign_in'
  | 'sign_in_failed'
  | 'sign_in_limited'
  | 'sign_out'
  | 'key_refused'
  | 'key_limited'
  | 'sessions_ended'
  | 'password_changed'
  | 'agent_added'
  | 'agent_changed'
  | 'agent_removed'
  | 'settings_changed'
  | 'rules_changed'
  | 'take_over'
  | 'exported'
  | 'contact_exported'
  | 'contact_erased'
  | 'withdrawal_dismissed'
  | 'app_added'
  | 'app_changed'
  | 'app_removed'
  | 'api_key_added'
  | 'api_key_removed'
  | 'webhook_added'
  | 'webhook_changed'
  | 'webhook_removed'
  | 'knowledge_imported'
  | 'source_added'
  | 'source_removed'
  | 'assistant_published'
  | 'model_changed'

/** Who did something: an agent, a program by its key (null: KEFU_API_KEY), a command on this machine, or somebody unknown. */
export type AuditActor =
  | { readonly kind: 'agent'; readonly id: number; readonly name: string }
  | { readonly kind: 'program'; readonly keyId: number | null; readonly name: string }
  | { readonly kind: 'command' }
  | { readonly kind: 'nobody' }

export interface AuditEntry {
  readonly actor: AuditActor
  readonly action: AuditAction
  /** The object of the act, such as `conversation:7`. */
  readonly target?: string | undefined
  readonly appId?: string | undefined
  /** The network address that it came from. */
  readonly address?: string | undefined
  /** Facts without secrets and without what customers wrote. */
  readonly detail?: Readonly<Record<string, unknown>> | undefined
}

/** Writes an entry, in the transaction of what it tells where there is one. */
export async function writeAudit(
  db: Store['db'] | Tx,
  now: number,
  { actor, action, target, appId, address, detail = {} }: AuditEntry,
): Promise<void> {
  await db
    .insertInto('audit')
    .values({
      at: now,
      actor: actorWord(actor),
      actor_name: 'name' in actor ? oneLine(actor.name) : null,
      action,
      target: target === undefined ? null : oneLine(target),
      app_id: appId === undefined ? null : oneLine(appId),
      address: address === undefined ? null : oneLine(address),
      detail: toJson(detail),
    })
    .execute()
}

export interface AuditRow {
  readonly id: number
  readonly at: number
  readonly actor: string
  readonly actorName: string | null
  readonly action: string
  readonly target: string | null
  readonly appId: string | null
  readonly address: string | null
  readonly detail: Record<string, unknown>
}

/** Entries, newest first, before an id. */
export async function readAudit(
  store: Store,
  filter: {
    before?: number | undefined
    action?: string | undefined
    actor?: string | undefined
    limit: number
  },
): Promise<AuditRow[]> {
  const { before, action, actor, limit } = filter
  const rows = await store.db
    .selectFrom('audit')
    .selectAll()
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? 0))
    .$if(action !== undefined, (query) => query.where('action', '=', action ?? ''))
    .$if(actor !== undefined, (query) => query.where('actor', '=', actor ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    id: row.id,
    at: row.at,
    actor: row.actor,
    actorName: row.actor_name,
    action: row.action,
    target: row.target,
    appId: row.app_id,
    address: row.address,
    detail: fromJson(row.detail),
  }))
}

function actorWord(actor: AuditActor): string {
  switch (actor.kind) {
    case 'agent':
      return `agent:${actor.id}`
    case 'program':
      return actor.keyId === null ? 'key' : `key:${actor.keyId}`
    case 'command':
    case 'nobody':
      return actor.kind
  }
}

/** A word as one line, without what writes to a terminal: it may come from anyone. */
function oneLine(text: string): string {
  return Array.from(text.slice(0, 200))
    .map((char) =>
      /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(char)
        ? `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`
        : char,
    )
    .join('')
}
