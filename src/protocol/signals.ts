/**
 * The signals between processes that share a database, with the payload of each. Processes of two
 * releases may run side by side during an upgrade: a channel keeps its name and the form of its payload.
 */
export interface SignalMap {
  /** The feed has grown. */
  feed: ''
  /** A message waits to be sent. */
  queued: ''
  /** Pushes wait to be handled: their shards, such as `3,17`. */
  push: string
  /** Pushes have their answers: `[id, answer][]` as JSON. */
  answered: string
  /** Mini Programs were changed. */
  apps: ''
  /** Rules or business hours were changed. */
  rules: ''
  /** Knowledge was changed. */
  knowledge: ''
  /** The models that are asked were changed. */
  model: ''
  /** Assistants were changed. */
  assistants: ''
  /** Webhooks: `changed` or `queued`. */
  webhooks: string
  /** A contact was erased: the appid. */
  erased: string
  /** Sessions have ended. */
  'session-ended': ''
  /** API keys have ended. */
  'api-keys': ''
  /** The conversation that an agent looks at, as JSON. */
  presence: string
  /** An agent's status was changed. */
  agents: ''
}
export type Channel = keyof SignalMap
