/** Who wrote a message. */
export type Author =
  | { readonly kind: 'contact' | 'bot' | 'api' | 'system' }
  | { readonly kind: 'rule' | 'assistant'; readonly name: string }
  | { readonly kind: 'agent'; readonly id: number }

/** An author as one string, in the API, in webhooks and in the database. */
export type AuthorText = 'contact' | 'bot' | 'api' | 'system' | RuleAuthor | AssistantAuthor | AgentAuthor
export type RuleAuthor = `rule:${string}`
export type AssistantAuthor = `assistant:${string}`
export type AgentAuthor = `agent:${number}`

/** Whoever answers where no person does: a rule, an assistant, or handlers in code. */
export type BotAuthor = 'bot' | RuleAuthor | AssistantAuthor

export function ruleAuthor(name: string): RuleAuthor {
  return `rule:${name}`
}

export function assistantAuthor(name: string): AssistantAuthor {
  return `assistant:${name}`
}

export function agentAuthor(id: number): AgentAuthor {
  return `agent:${id}`
}

/** Reads an author. Text of a later release that this one does not know is the system's. */
export function parseAuthor(text: string): Author {
  if (text === 'contact' || text === 'bot' || text === 'api') return { kind: text }
  if (text.startsWith('rule:')) return { kind: 'rule', name: text.slice('rule:'.length) }
  if (text.startsWith('assistant:')) return { kind: 'assistant', name: text.slice('assistant:'.length) }
  const [, id] = /^agent:(\d+)$/.exec(text) ?? []
  return id === undefined ? { kind: 'system' } : { kind: 'agent', id: Number(id) }
}

/** Whether the bot wrote it: a rule, an assistant, or handlers in code. */
export function isBot({ kind }: Author): boolean {
  return kind === 'bot' || kind === 'rule' || kind === 'assistant'
}
