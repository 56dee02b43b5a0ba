import type { Effect, KeptDraft, TabWord } from './events.js'
import { emptyComposer, type ComposerState, type Kind, type Submit } from './state.js'

/** One thing that reached the service. */
export interface Delivery {
  agentId: number
  contact: string
  kind: Kind
  content: string
}

/** What one writer's browser keeps: drafts by id with their stamps, and submits. */
export interface Store {
  agentId: number
  drafts: Map<string, KeptDraft & { stamp: string }>
  submits: Map<string, Submit>
}

export const contacts = ['wx1/one', 'wx1/two'] as const

/** A customer's number in a database: after a restore it is another one's. */
export function idOf(contact: string, database: number): number {
  const index = contacts.findIndex((one) => one === contact)
  return 1 + (database % 2 === 0 ? index : contacts.length - 1 - index)
}

export function contactOf(conversationId: number, database: number): string {
  return contacts.find((contact) => idOf(contact, database) === conversationId) ?? ''
}

/** One tab of the browser: its machine, and everything it began and that is not done. */
export class Tab {
  state: ComposerState
  agentId: number | null = null
  toStore: Effect[] = []
  inFlight: Extract<Effect, { type: 'post' | 'upload' }>[] = []
  paused: string[] = []
  preparing: string[] = []
  inbox: TabWord[] = []
  /** Which database's numbers it speaks of. */
  database = 0
  /** What could not be kept of a writer whose session ended; it waits in this page. */
  readonly carried = new Map<number, ComposerState>()
  /** What the page held of whoever was signed in before. */
  left: ComposerState | null = null

  constructor(name: string) {
    this.state = emptyComposer(name)
  }
}
