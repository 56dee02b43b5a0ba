export type Dialect = 'sqlite' | 'postgres'

/**
 * The table of messages, read by the small index of those that wait to be sent: SQLite would take one of all messages.
 * For queries with `state in ('queued', 'sending')`, in these words.
 */
export function messagesToSend(dialect: Dialect): string {
  return dialect === 'postgres' ? 'message' : 'message indexed by message_to_send'
}
