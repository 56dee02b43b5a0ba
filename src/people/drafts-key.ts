import type { Agent } from './agent-rows.js'

/** The key and names with which a page keeps an agent's drafts, readable by that agent alone. */
export interface DraftKeeping {
  readonly databaseId: string
  /** 32 bytes, base64url. */
  readonly draftsKey: string
}

export interface DraftKeepingOptions {
  readonly databaseId: () => Promise<string>
  /** 32 bytes for a purpose, of the secret key. */
  readonly derive: (purpose: string) => Buffer
}

/**
 * Each agent's own: a number that was given to another agent before a restore gives another key, also where the
 * restore was not noticed.
 */
export function draftKeeping({
  databaseId,
  derive,
}: DraftKeepingOptions): (agent: Pick<Agent, 'id' | 'createdAt'>) => Promise<DraftKeeping> {
  return async ({ id, createdAt }) => {
    const database = await databaseId()
    const key = derive(`drafts of agent ${id}, made at ${createdAt}, in ${database}`)
    return { databaseId: database, draftsKey: key.toString('base64url') }
  }
}
