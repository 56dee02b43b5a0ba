import type { Scope } from '../http/principal.js'

export type Role = 'agent' | 'admin'

export interface Agent {
  readonly id: number
  readonly name: string
  readonly role: Role
  readonly apps: Scope
  readonly disabled: boolean
  /** The presence that they chose; whether a page of theirs is open is Presence's to say. */
  readonly status: 'online' | 'busy' | 'offline'
  readonly seenAt: number | null
  readonly createdAt: number
  /** Their password was made by somebody else: until then it must be changed. Null where it is their own. */
  readonly passwordEndsAt: number | null
}

/** The columns of an agent, but for the password. */
export const agentColumns = [
  'id',
  'name',
  'role',
  'apps',
  'disabled',
  'status',
  'seen_at',
  'created_at',
  'password_ends_at',
] as const

interface AgentRow {
  id: number
  name: string
  role: Role
  apps: string
  disabled: number
  status: Agent['status']
  seen_at: number | null
  created_at: number
  password_ends_at: number | null
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
    passwordEndsAt: row.password_ends_at,
  }
}

function scopeOf(json: string): Scope {
  const parsed: unknown = JSON.parse(json)
  if (parsed === 'all') return 'all'
  return Array.isArray(parsed) ? parsed.filter((each) => typeof each === 'string') : []
}
