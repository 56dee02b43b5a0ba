import type { Schema } from '../schema.js'

/**
 * How each table goes to another database: `rows` as they are; `bytes` by whoever knows where pictures lie; `stays`
 * where it says what processes do now. Tables stand behind those that they refer to.
 */
export const movedTables = {
  app: 'rows',
  app_setup: 'rows',
  contact: 'rows',
  contact_tag: 'rows',
  conversation: 'rows',
  push: 'rows',
  withdrawal: 'rows',
  message: 'rows',
  feed: 'rows',
  sequence: 'rows',
  shard: 'rows',
  process: 'stays',
  rule: 'rows',
  access_token: 'rows',
  setting: 'rows',
  api_key: 'rows',
  agent: 'rows',
  session: 'rows',
  sign_in_attempt: 'rows',
  audit: 'rows',
  media: 'rows',
  message_media: 'rows',
  media_bytes: 'bytes',
  webhook: 'rows',
  webhook_delivery: 'rows',
  canned_reply: 'rows',
  wait: 'rows',
  message_count: 'rows',
  active_day: 'rows',
  submit: 'rows',
  knowledge_source: 'rows',
  knowledge_entry: 'rows',
  knowledge_version: 'rows',
  knowledge_vector: 'rows',
  exam_case: 'rows',
  model_provider: 'rows',
  model_spending: 'rows',
  assistant: 'rows',
  assistant_version: 'rows',
  turn: 'rows',
  run: 'rows',
} as const satisfies Record<keyof Schema, 'rows' | 'bytes' | 'stays'>

export type Table = keyof Schema

/** The tables whose rows are copied and compared, in the order in which they are copied. */
export const rowTables = (Object.keys(movedTables) as Table[]).filter((name) => movedTables[name] === 'rows')

/** Tables to which the migrations give rows: in an empty database they have these. */
export const seededTables: readonly Table[] = ['sequence', 'shard']

/** Settings that are each database's own: its name, how far its index is, and what is noted of a move. */
export const ownSettings: readonly string[] = [
  'database_id',
  'message_index_up_to',
  'message_index_renewed_up_to',
  'move',
  'moved',
]
