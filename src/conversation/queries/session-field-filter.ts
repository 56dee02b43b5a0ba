import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql } from 'kysely'
import { sessionFields } from './session-fields.js'
import type { ViewSource } from './view-source.js'

/** A field of a customer's last `session-from`, and its value where one is meant. */
export interface SessionField {
  readonly key: string
  readonly value?: string | undefined
}

/** So many are read between two turns of the event loop: acks come before lists. */
const SLICE = 500

/** The conversations of customers whose last `session-from` has a field. */
export async function conversationsWithField(
  { store: { db, dialect } }: Pick<ViewSource, 'store'>,
  { key, value }: SessionField,
): Promise<number[]> {
  const position = sql.raw(dialect === 'sqlite' ? 'instr' : 'strpos')
  // Rows that may have it; encoded or escaped ones may have it in other letters.
  const { rows } = await sql<{ id: number; sessionFrom: string }>`
    select conversation.id, session_from as "sessionFrom"
    from contact join conversation on conversation.contact_id = contact.id
    where session_from is not null and (${position}(session_from, ${key}) > 0
      or ${position}(session_from, '%') > 0 or ${position}(session_from, '\\') > 0
      or ${key} = 'path')`.execute(db)
  const found: number[] = []
  for (const [index, { id, sessionFrom }] of rows.entries()) {
    if (index > 0 && index % SLICE === 0) await nextTurn()
    const has = sessionFields(sessionFrom).some(
      ([name, one]) => name === key && (value === undefined || one === value),
    )
    if (has) found.push(id)
  }
  return found
}
