import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { customerWrote } from '../../../test/support/conversations.js'
import { makeStore, storeKinds, type TestStore } from '../../../test/stores.js'
import { entryUse } from './0026-entry-use.js'

describe.each(await storeKinds())('the migration of uses on %s', (kind) => {
  let test: TestStore
  beforeEach(async () => {
    test = await makeStore(kind)
  })
  afterEach(() => test.remove())

  it('takes from each answer that was kept before which entry it sent', async () => {
    const { db, dialect } = test.store
    const conversationId = await customerWrote(test.store, 'oLin', 1)
    // As the release before had it.
    await db.schema.dropIndex('run_of_entry').execute()
    await db.schema.alterTable('run').dropColumn('entry_id').execute()
    const note = (id: number, isChosen: boolean) => ({ id, version: 1, confidence: 0.5, isChosen })
    const kept = [
      { kind: 'select', outcome: 'answered', entries: [note(3, false), note(9, true)] },
      { kind: 'match', outcome: 'answered', entries: [note(4, true)] },
      { kind: 'words', outcome: 'answered', entries: [] },
      { kind: null, outcome: 'handed_off', entries: [note(5, true)] },
    ] as const
    for (const [index, { kind: how, outcome, entries }] of kept.entries()) {
      const { id } = await db
        .insertInto('turn')
        .values({
          conversation_id: conversationId,
          shard: 0,
          epoch: 0,
          assistant: '售前',
          version: 1,
          first_message_id: 1,
          last_message_id: 1,
          state: 'answered',
          due_at: index,
          deadline_at: index,
          created_at: index,
          ended_at: index,
        })
        .returning('id')
        .executeTakeFirstOrThrow()
      const run = {
        turn_id: id,
        conversation_id: conversationId,
        assistant: '售前',
        kind: how,
        outcome,
        entries: JSON.stringify(entries),
        calls: 0,
        tokens_in: 0,
        tokens_out: 0,
        total_ms: 1,
        at: index,
      }
      await db.insertInto('run').values(run).execute()
    }
    await entryUse(dialect).up(db)
    const runs = await db.selectFrom('run').select('entry_id').orderBy('at').execute()
    expect(runs.map(({ entry_id: id }) => id)).toEqual([9, 4, null, null])
  })
})
