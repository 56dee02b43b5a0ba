import type { Store, Tx } from '../store/index.js'
import { agentNameKey, parseAgentName, NAME_MOST } from './agent-name.js'
import { writeAudit, type AuditActor } from './audit.js'
import { passwordProblem, type Passwords } from './passwords.js'
import type { Scope } from './principal.js'
import { Refusal, refusalFor } from './refusal.js'

export type Role = 'agent' | 'admin'

export interface Agent {
  readonly id: number
  readonly name: string
  readonly role: Role
  readonly apps: Scope
  readonly disabled: boolean
  /** What they chose to be; whether a page of theirs is open is Presence's to say. */
  readonly status: 'online' | 'busy' | 'offline'
  readonly seenAt: number | null
  readonly createdAt: number
}

export interface NewAgent {
  readonly name: string
  readonly role: Role
  readonly apps: Scope
  readonly password: string
}

export interface AgentChange {
  readonly name?: string | undefined
  readonly role?: Role | undefined
  readonly apps?: Scope | undefined
  readonly disabled?: boolean | undefined
}

/** Who did it, and from where. */
export interface By {
  readonly actor: AuditActor
  readonly address?: string | undefined
}

export interface AgentsOptions {
  readonly store: Store
  readonly passwords: Passwords
  readonly now: () => number
  /** Told after each commit that took something from an agent: their sessions end. */
  readonly onWeakened: (agentId: number) => Promise<void>
}

/** The people who answer. There is none until one is added: no account exists that anybody could know beforehand. */
export class Agents {
  readonly #options: AgentsOptions

  constructor(options: AgentsOptions) {
    this.#options = options
  }

  /** All that were not removed, in the order of their names. */
  async list(): Promise<Agent[]> {
    const rows = await this.#options.store.db
      .selectFrom('agent')
      .select(columns)
      .where('name_key', 'is not', null)
      .orderBy('name_key')
      .execute()
    return rows.map(agentOf)
  }

  async byId(id: number): Promise<Agent | undefined> {
    const row = await this.#options.store.db
      .selectFrom('agent')
      .select(columns)
      .where('id', '=', id)
      .where('name_key', 'is not', null)
      .executeTakeFirst()
    return row && agentOf(row)
  }

  /** An agent by the name that they sign in with, and the hash of their password. */
  async byName(name: string): Promise<{ agent: Agent; passwordHash: string } | undefined> {
    const row = await this.#options.store.db
      .selectFrom('agent')
      .select([...columns, 'password_hash'])
      .where('name_key', '=', agentNameKey(name))
      .executeTakeFirst()
    return row && { agent: agentOf(row), passwordHash: row.password_hash }
  }

  /** Whether somebody may administer. */
  async hasAdmin(db: Store['db'] | Tx = this.#options.store.db): Promise<boolean> {
    return (await admins(db).limit(1).executeTakeFirst()) !== undefined
  }

  /** Adds an agent; an admin may see all Mini Programs. With `first`, what is done first in the same transaction, and may refuse it. */
  async add(input: NewAgent, by: By, first?: (tx: Tx) => Promise<void>): Promise<Agent> {
    const { store, passwords, now } = this.#options
    const name = nameOf(input.name)
    mustBeGood(input.password, name)
    const passwordHash = await passwords.hash(input.password)
    const apps = input.role === 'admin' ? 'all' : input.apps
    const row = await store.db.transaction().execute(async (tx) => {
      await first?.(tx)
      const added = await tx
        .insertInto('agent')
        .values({
          name,
          name_key: agentNameKey(name),
          role: input.role,
          apps: JSON.stringify(apps),
          password_hash: passwordHash,
          created_at: now(),
        })
        .onConflict((oc) => oc.column('name_key').doNothing())
        .returning(columns)
        .executeTakeFirst()
      if (!added) throw taken(name)
      await writeAudit(tx, now(), {
        ...by,
        action: first ? 'setup' : 'agent_added',
        target: `agent:${added.id}`,
        detail: { name, role: input.role, apps },
      })
      return added
    })
    return agentOf(row)
  }

  /** Changes an agent. Throws Refusal when it would leave nobody to administer. */
  async change(id: number, change: AgentChange, by: By): Promise<Agent> {
    const { store, now, onWeakened } = this.#options
    const name = change.name === undefined ? undefined : nameOf(change.name)
    const { before, after } = await store.db.transaction().execute(async (tx) => {
      const before = await this.#held(tx, id)
      const role = change.role ?? before.role
      if (name !== undefined) {
        const other = await tx
          .selectFrom('agent')
          .select('id')
          .where('name_key', '=', agentNameKey(name))
          .where('id', '!=', id)
          .executeTakeFirst()
        if (other) throw taken(name)
      }
      await tx
        .updateTable('agent')
        .set({
          name: name ?? before.name,
          name_key: agentNameKey(name ?? before.name),
          role,
          apps: JSON.stringify(role === 'admin' ? 'all' : (change.apps ?? before.apps)),
          disabled: (change.disabled ?? before.disabled) ? 1 : 0,
        })
        .where('id', '=', id)
        .execute()
      await this.#mustLeaveAdmin(tx, before)
      await writeAudit(tx, now(), {
        ...by,
        action: 'agent_changed',
        target: `agent:${id}`,
        detail: { ...change },
      })
      return { before, after: await this.#held(tx, id) }
    })
    const sameScope = JSON.stringify(before.apps) === JSON.stringify(after.apps)
    if (after.disabled || before.role !== after.role || !sameScope) await onWeakened(id)
    return after
  }

  /** Removes an agent; what they wrote keeps their name. */
  async remove(id: number, by: By): Promise<void> {
    const { store, now, onWeakened } = this.#options
    await store.db.transaction().execute(async (tx) => {
      const before = await this.#held(tx, id)
      await tx
        .updateTable('agent')
        .set({ name_key: null, password_hash: '', disabled: 1 })
        .where('id', '=', id)
        .execute()
      await this.#mustLeaveAdmin(tx, before)
      await writeAudit(tx, now(), {
        ...by,
        action: 'agent_removed',
        target: `agent:${id}`,
        detail: { name: before.name },
      })
    })
    await onWeakened(id)
  }

  /** Gives an agent another password; their sessions end. */
  async setPassword(id: number, password: string, by: By): Promise<void> {
    const { store, passwords, now, onWeakened } = this.#options
    const agent = await this.byId(id)
    if (!agent) throw missing()
    mustBeGood(password, agent.name)
    const passwordHash = await passwords.hash(password)
    await store.db.transaction().execute(async (tx) => {
      await this.#held(tx, id)
      await tx.updateTable('agent').set({ password_hash: passwordHash }).where('id', '=', id).execute()
      await writeAudit(tx, now(), { ...by, action: 'password_changed', target: `agent:${id}` })
    })
    await onWeakened(id)
  }

  async setStatus(id: number, status: Agent['status']): Promise<void> {
    await this.#options.store.db.updateTable('agent').set({ status }).where('id', '=', id).execute()
  }

  async #held(tx: Tx, id: number): Promise<Agent> {
    const row = await tx
      .selectFrom('agent')
      .select(columns)
      .where('id', '=', id)
      .where('name_key', 'is not', null)
      .$if(this.#options.store.dialect === 'postgres', (query) => query.forUpdate())
      .executeTakeFirst()
    if (!row) throw missing()
    return agentOf(row)
  }

  /** Two admins that make each other agents at once must not both succeed: the setting's row is held to the commit. */
  async #mustLeaveAdmin(tx: Tx, before: Agent): Promise<void> {
    if (before.role !== 'admin' || before.disabled) return
    await tx
      .insertInto('setting')
      .values({ key: 'admins', value: '1' })
      .onConflict((oc) => oc.column('key').doUpdateSet({ value: '1' }))
      .execute()
    if (!(await this.hasAdmin(tx)))
      throw refusalFor(
        'last_admin',
        'conflict',
        'Somebody must be left who may administer: make another admin first.',
      )
  }
}

const columns = ['id', 'name', 'role', 'apps', 'disabled', 'status', 'seen_at', 'created_at'] as const

function admins(db: Store['db'] | Tx) {
  return db
    .selectFrom('agent')
    .select('id')
    .where('role', '=', 'admin')
    .where('disabled', '=', 0)
    .where('name_key', 'is not', null)
}

interface AgentRow {
  id: number
  name: string
  role: Role
  apps: string
  disabled: number
  status: Agent['status']
  seen_at: number | null
  created_at: number
}

export function agentOf(row: AgentRow): Agent {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    apps: scopeOf(row.apps),
    disabled: row.disabled !== 0,
    status: row.status,
    seenAt: row.seen_at,
    createdAt: row.created_at,
  }
}

function scopeOf(json: string): Scope {
  const parsed: unknown = JSON.parse(json)
  if (parsed === 'all') return 'all'
  return Array.isArray(parsed) ? parsed.filter((each) => typeof each === 'string') : []
}

function nameOf(text: string): string {
  const name = parseAgentName(text)
  if (name === undefined)
    throw refusalFor(
      'agent_name',
      'invalid',
      `A name is one line of at most ${NAME_MOST} characters, without any that can’t be seen.`,
    )
  return name
}

function mustBeGood(password: string, name: string): void {
  const problem = passwordProblem(password, name)
  if (problem !== undefined) throw refusalFor('password', 'invalid', problem)
}

function taken(name: string): Refusal {
  return refusalFor('agent_taken', 'conflict', `There is an agent with the name ${name} already.`)
}

function missing(): Refusal {
  return new Refusal('not_found', 'There is no such agent.')
}
