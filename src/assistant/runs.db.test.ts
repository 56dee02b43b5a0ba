import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { customerWrote } from '../../test/support/conversations.js'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { mayAskModel, purgeTurns } from './runs.js'

const start = 1_700_000_000_000
const minute = 60_000
const day = 86_400_000

describe.each(await storeKinds())('what is kept of answers on %s', (kind) => {
  let test: TestStore
  let conversationId: number
  beforeEach(async () => {
    test = await makeStore(kind)
    conversationId = await customerWrote(test.store, 'oLin', start)
  })
  afterEach(() => test.remove())

  async function ran(at: number, calls = 1): Promise<void> {
    const { id } = await test.store.db
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
        due_at: at,
        deadline_at: at,
        created_at: at,
        ended_at: at,
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    await test.store.db
      .insertInto('run')
      .values({
        turn_id: id,
        conversation_id: conversationId,
        assistant: '售前',
        outcome: 'answered',
        entries: '[]',
        calls,
        tokens_in: 0,
        tokens_out: 0,
        total_ms: 1,
        at,
      })
      .execute()
  }
  const may = (at: number): Promise<boolean> => mayAskModel(test.store, conversationId, at)

  it('allows six answers of a model a minute, and counts no others', async () => {
    for (let at = 0; at < 5; at++) await ran(start + at)
    for (let at = 0; at < 9; at++) await ran(start + at, 0)
    expect(await may(start + 10)).toBe(true)
    await ran(start + 5)
    expect(await may(start + 10)).toBe(false)
    expect(await may(start + minute + 6)).toBe(true)
  })

  it('allows twenty a day', async () => {
    for (let at = 0; at < 20; at++) await ran(start + at * minute)
    expect(await may(start + 30 * minute)).toBe(false)
    expect(await may(start + day)).toBe(true)
  })

  it('deletes old turns with their runs, the oldest first', async () => {
    for (const at of [0, 1, 2]) await ran(start + at * day)
    expect(await purgeTurns(test.store, start + 2 * day, 1)).toBe(1)
    expect(await purgeTurns(test.store, start + 2 * day, 10)).toBe(1)
    const left = await test.store.db.selectFrom('run').select('at').execute()
    expect(left).toEqual([{ at: start + 2 * day }])
  })
})
