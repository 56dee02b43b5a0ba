import { databaseNow } from '../store/index.js'
import type { UnitOfWork } from './unit-of-work.js'

/** How long a close or a release can be undone, in milliseconds by the database's clock. */
export const UNDO_MS = 8000

/** What a close or a release is undone by, until somebody acts. */
export interface UndoRecord {
  readonly what: 'close' | 'release'
  /** The epoch that it made. */
  readonly epoch: number
  /** Who did it, and gets the conversation back. */
  readonly agentId: number
  /** When, in milliseconds by the database's clock. */
  readonly at: number
  /** Since when the customer waited for an answer then. */
  readonly waitingSince: number | null
  /** Once undone: the epoch that the undoing made. */
  readonly undoneAs?: number
}

export type UndoVerdict = 'undo' | 'done_already' | 'nothing' | 'acted' | 'not_yours' | 'late'

/**
 * Whether a close or release can be undone. The customer and the bot may have gone on meanwhile, that is what it is
 * for; `acted` is a person or a program. `at` is by the database's clock, which may have been put back a little.
 */
export function undoVerdict(
  record: UndoRecord | null,
  asked: { readonly epoch: number; readonly agentId: number | null },
  now: { readonly epoch: number; readonly at: number },
): UndoVerdict {
  if (record === null) return 'nothing'
  if (record.epoch !== asked.epoch) return 'acted'
  if (record.agentId !== asked.agentId) return 'not_yours'
  if (record.undoneAs !== undefined) return record.undoneAs === now.epoch ? 'done_already' : 'acted'
  return Math.abs(now.at - record.at) <= UNDO_MS ? 'undo' : 'late'
}

export async function readUndo(unit: UnitOfWork, conversationId: number): Promise<UndoRecord | null> {
  const row = await unit.tx
    .selectFrom('conversation')
    .select('undo')
    .where('id', '=', conversationId)
    .executeTakeFirst()
  return row?.undo == null ? null : (JSON.parse(row.undo) as UndoRecord)
}

/** Notes how the change that was just made is undone; null: not at all, as somebody has acted since. */
export async function writeUndo(
  unit: UnitOfWork,
  conversationId: number,
  record: UndoRecord | null,
): Promise<void> {
  await unit.tx
    .updateTable('conversation')
    .set({ undo: record && JSON.stringify(record) })
    .where('id', '=', conversationId)
    .$if(record === null, (query) => query.where('undo', 'is not', null))
    .execute()
}

/** The time by which an undo is judged. */
export function undoNow(unit: UnitOfWork): Promise<number> {
  return databaseNow(unit.tx, unit.dialect, unit.now)
}
