import { agentColumns, agentOf, type Agent, type Role } from './agent-rows.js'
import { toJson, holdSetting, type Store, type Tx } from '../store/index.js'
import { agentNameKey, parseAgentName, NAME_MOST } from './agent-name.js'
import { writeAudit, type AuditActor } from './audit.js'
import { passwordProblem, type Passwords } from './passwords.js'
import type { Scope } from '../http/principal.js'
import { HttpError, httpErrorFor } from '../http/http-error.js'
import { forgetAttempts } from './sign-in-limit.js'
import { isPlainText } from '../http/schemas/plain-input.js'

export interface NewAgent {
  readonly name: string
  readonly role: Role
  readonly apps: Scope
  readonly password: string
  /** Somebody else knows it: it must be changed at the first sign-in, and ends after 7 days. */
  readonly isFirst?: boolean | undefined
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
      .select(agentColumns)
      .where('name_key', 'is not', null)
      .orderBy('name_key')
      .execute()
    return rows.map(agentOf)
  }

  async byId(id: number): Promise<Agent | undefined> {
    const row = await this.#options.store.db
      .selectFrom('agent')
      .select(agentColumns)
      .where('id', '=', id)
      .where('name_key', 'is not', null)
      .executeTakeFirst()
    return row && agentOf(row)
  }

  /** An agent by the name that they sign in with, and the hash of their password. */
  async byName(name: string): Promise<{ agent: Agent; passwordHash: string } | undefined> {
    // Nobody's name, and not every database can be asked for it.
    if (!isPlainText(name)) return undefined
    const row = await this.#options.store.db
      .selectFrom('agent')
      .select([...agentColumns, 'password_hash'])
      .where('name_key', '=', agentNameKey(name))
      .executeTakeFirst()
    return row && { agent: agentOf(row), passwordHash: row.password_hash }
  }

  /** Whether somebody may administer. */
  async hasAdmin(db: Store['db'] | Tx = this.#options.store.db): Promise<boolean> {
    return (await admins(db).limit(1).executeTakeFirst()) !== undefined
  }

  /** Adds an agent; an admin may see all Mini Programs. With `first`, what is done first in the same transaction, and may refuse it. */
  async add(
    input: NewAgent,
    by: By,
    first?: (tx: Tx) => Promise<void>,
    made?: (tx: Tx, agent: Agent) => Promise<void>,
  ): Promise<Agent> {
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
          apps: toJson(apps),
          password_hash: passwordHash,
          password_ends_at: input.isFirst === true ? now() + FIRST_PASSWORD_MS : null,
          created_at: now(),
        })
        .onConflict((oc) => oc.column('name_key').doNothing())
        .returning(agentColumns)
        .executeTakeFirst()
      if (!added) throw taken(name)
      await writeAudit(tx, now(), {
        ...by,
        action: first ? 'setup' : 'agent_added',
        target: `agent:${added.id}`,
        detail: { name, role: input.role, apps },
      })
      await made?.(tx, agentOf(added))
      return added
    })
    return agentOf(row)
  }

  /** Changes an agent. Throws HttpError when it would leave nobody to administer. */
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
          apps: toJson(role === 'admin' ? 'all' : (change.apps ?? before.apps)),
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

  /**
   * Gives an agent another password; their sessions end, and what was tried in vain is forgotten. With `isFirst` it
   * is one that somebody else knows. `made` writes what goes with it, in the same transaction.
   */
  async setPassword(
    id: number,
    password: string,
    by: By,
    { isFirst = false, made }: { isFirst?: boolean; made?: (tx: Tx) => Promise<void> } = {},
  ): Promise<void> {
    const { store, passwords, now, onWeakened } = this.#options
    const agent = await this.byId(id)
    if (!agent) throw missing()
    mustBeGood(password, agent.name)
    const passwordHash = await passwords.hash(password)
    await store.db.transaction().execute(async (tx) => {
      await this.#held(tx, id)
      const endsAt = isFirst ? now() + FIRST_PASSWORD_MS : null
      await tx
        .updateTable('agent')
        .set({ password_hash: passwordHash, password_ends_at: endsAt })
        .where('id', '=', id)
        .execute()
      await forgetAttempts(tx, agentNameKey(agent.name))
      await writeAudit(tx, now(), { ...by, action: 'password_changed', target: `agent:${id}` })
      await made?.(tx)
    })
    await onWeakened(id)
  }

  async setStatus(id: number, status: Agent['status']): Promise<void> {
    await this.#options.store.db.updateTable('agent').set({ status }).where('id', '=', id).execute()
  }

  async #held(tx: Tx, id: number): Promise<Agent> {
    const row = await tx
      .selectFrom('agent')
      .select(agentColumns)
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
    await holdSetting(tx, 'admins', '1')
    if (!(await this.hasAdmin(tx)))
      throw httpErrorFor(
        'last_admin',
        'conflict',
        'Somebody must be left who may administer: make another admin first.',
      )
  }
}

/** How long a password holds that somebody else made. */
const FIRST_PASSWORD_MS = 7 * 24 * 3_600_000

function admins(db: Store['db'] | Tx) {
  return db
    .selectFrom('agent')
    .select('id')
    .where('role', '=', 'admin')
    .where('disabled', '=', 0)
    .where('name_key', 'is not', null)
}

function nameOf(text: string): string {
  const name = parseAgentName(text)
  if (name === undefined)
    throw httpErrorFor(
      'agent_name',
      'invalid',
      `A name is one line of at most ${NAME_MOST} characters, without any that can’t be seen.`,
    )
  return name
}

function mustBeGood(password: string, name: string): void {
  const problem = passwordProblem(password, name)
  if (problem !== undefined) throw httpErrorFor('password', 'invalid', problem)
}

function taken(name: string): HttpError {
  return httpErrorFor('agent_taken', 'conflict', `There is an agent with the name ${name} already.`, { name })
}

function missing(): HttpError {
  return new HttpError('not_found', 'There is no such agent.')
}
