import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { isDatabaseFault } from './database-fault.js'
import { openStore, type Store } from './store.js'

describe.each(await storeKinds())('a failure on %s', (kind) => {
  let test: TestStore
  beforeEach(async () => {
    test = await makeStore(kind)
  })
  afterEach(() => test.remove())

  it('is the work’s own when a row is refused', async () => {
    const { db } = test.store
    const twice = { key: 'a', value: '1' }
    await db.insertInto('setting').values(twice).execute()
    const refused = await reason(db.insertInto('setting').values(twice).execute())
    expect(isDatabaseFault(refused)).toBe(false)
    expect(isDatabaseFault(await reason(sql`select nothing from nowhere`.execute(db)))).toBe(false)
    expect(isDatabaseFault(new TypeError('connection of undefined'))).toBe(false)
    expect(isDatabaseFault('no error')).toBe(false)
  })

  it.runIf(kind === 'sqlite')('is the database’s when the disk is full', async () => {
    const { db } = test.store
    await sql`pragma max_page_count = 1`.execute(db)
    const full = await reason(fill(test.store))
    expect(full).toMatchObject({ message: expect.stringMatching(/full/) as string })
    expect(isDatabaseFault(full)).toBe(true)
  })

  it.runIf(kind === 'postgres')('is the database’s when it goes away or is not there', async () => {
    const { db } = test.store
    const gone = await reason(sql`select pg_terminate_backend(pg_backend_pid())`.execute(db))
    expect(isDatabaseFault(gone)).toBe(true)
    const asleep = await reason(
      db.transaction().execute(async (tx) => {
        const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)
        await sql`set local idle_in_transaction_session_timeout = 1`.execute(tx)
        // Seen by another connection: the server has ended this one.
        await expect
          .poll(
            async () =>
              (await sql`select 1 from pg_stat_activity where pid = ${rows[0]?.pid}`.execute(db)).rows.length,
            { timeout: 20_000 },
          )
          .toBe(0)
        await sql`select 1`.execute(tx)
      }),
    )
    expect(isDatabaseFault(asleep)).toBe(true)
    const nowhere = await reason(openStore('postgres://nobody@127.0.0.1:1/nothing'))
    expect(isDatabaseFault((nowhere as Error).cause)).toBe(true)
  })
})

async function fill({ db }: Store): Promise<never> {
  for (let key = 0; ; key++)
    await db
      .insertInto('setting')
      .values({ key: String(key), value: 'x'.repeat(4000) })
      .execute()
}

async function reason(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => {
      throw new Error('it was to fail')
    },
    (error: unknown) => error,
  )
}
