import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { makeStore, storeKinds } from '../../test/stores.js'
import { newMessagesQuery } from './pending-media.js'

it.each(await storeKinds())('new pictures are looked for in their index alone, on %s', async (kind) => {
  const database = await makeStore(kind)
  const { db } = database.store
  const query = newMessagesQuery(7)
  if (kind === 'sqlite') {
    // SQLite refuses a query that can't use the index it names.
    const text = query.compile(db).sql.replace('message m', 'message m indexed by message_with_media')
    expect((await sql.raw(text.replace('?', '7')).execute(db)).rows).toEqual([])
  } else
    await db.transaction().execute(async (tx) => {
      // Of an empty table PostgreSQL would read the whole.
      await sql`set local enable_seqscan = off`.execute(tx)
      const { rows } = await sql`explain ${query}`.execute(tx)
      expect(JSON.stringify(rows)).toContain('on message_with_media')
    })
  await database.remove()
})
