import type { NamesOf } from '../conversation/index.js'

/** Answers the API's questions about people at the desk. */
export interface AgentDirectory {
  readonly namesOf: NamesOf
  /** Whether there is such an agent who may have conversations of the Mini Program. */
  mayHave(agentId: number, appId: string): Promise<boolean>
}

/** A desk at which nobody works: programs do everything. */
export const noAgents: AgentDirectory = {
  namesOf: async () => new Map(),
  mayHave: async () => false,
}
