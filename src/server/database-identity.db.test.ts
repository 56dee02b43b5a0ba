import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readDatabaseId } from '../store/index.js'
import { openStore, type Store } from '../store/store.js'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { RecordingLogger } from '../../test/support/recording-logger.js'
import { backUp } from './backup.js'
import { DatabaseIdentity } from './database-identity.js'

let directory: string
let mark: string
let database: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kefu-identity-'))
  mark = join(directory, 'database.mark')
  database = join(directory, 'kefu.db')
})
afterEach(() => {
  rmSync(directory, { recursive: true })
})

const identityOf = (store: Store): DatabaseIdentity =>
  new DatabaseIdentity({ store, file: mark, logger: new RecordingLogger() })

/** One run of the service, in which so much happens; gives what the database was called. */
async function run(work: (store: Store) => Promise<void> = async () => undefined): Promise<string> {
  const store = await openStore(`file:${database}`)
  await store.migrate()
  const identity = identityOf(store)
  await identity.open()
  await work(store)
  const id = await identity.id()
  await identity.close()
  await store.close()
  return id
}

async function happen(store: Store): Promise<void> {
  await store.db
    .updateTable('sequence')
    .set((eb) => ({ value: eb('value', '+', 5) }))
    .where('name', '=', 'workspace')
    .execute()
}

describe('a database’s name on SQLite', () => {
  it('stays over restarts, also one that was killed', async () => {
    const first = await run(happen)
    expect(first).toMatch(/^[\w-]{36}$/)
    expect(await run()).toBe(first)
    const store = await openStore(`file:${database}`)
    await identityOf(store).open()
    await happen(store)
    // Nothing is closed in order.
    await store.close()
    expect(await run()).toBe(first)
  })

  it('is another after a backup is put back, here or elsewhere', async () => {
    const first = await run(happen)
    const backup = join(directory, 'backup.db')
    await backUp(backup, { dataDir: directory, openStore: () => openStore(`file:${database}`) })
    expect(await run()).toBe(first)
    copyFileSync(backup, database)
    const restored = await run()
    expect(restored).not.toBe(first)
    expect(await run()).toBe(restored)
    // The same file once more is another time that goes back.
    copyFileSync(backup, database)
    expect(await run()).not.toBe(restored)
  })

  it('is another after the file itself was copied and put back', async () => {
    const first = await run(happen)
    const copy = join(directory, 'copy.db')
    copyFileSync(database, copy)
    expect(await run()).toBe(first)
    copyFileSync(copy, database)
    expect(await run()).not.toBe(first)
  })

  it('is another after the file was copied in the same run, before something happened', async () => {
    const first = await run()
    const copy = join(directory, 'copy.db')
    const store = await openStore(`file:${database}`)
    const identity = identityOf(store)
    await identity.open()
    await store.file?.compactInto(copy)
    await happen(store)
    await identity.close()
    await store.close()
    rmSync(database)
    copyFileSync(copy, database)
    expect(await run()).not.toBe(first)
  })

  it('is another where DATA_DIR knows nothing of the file', async () => {
    const first = await run(happen)
    rmSync(mark)
    expect(existsSync(mark)).toBe(false)
    expect(await run()).not.toBe(first)
  })

  it('stays where a start was cut off between the two places that know of it', async () => {
    const first = await run(happen)
    const half = await openStore(`file:${database}`)
    const identity = identityOf(half)
    const cutOff = vi.spyOn(half.db, 'transaction').mockImplementation(() => {
      throw new Error('cut off')
    })
    await expect(identity.open()).rejects.toThrow('cut off')
    cutOff.mockRestore()
    await half.close()
    expect(await run()).toBe(first)
  })
})

describe.each(await storeKinds())('a database’s name on %s', (kind) => {
  let test: TestStore
  beforeEach(async () => {
    test = await makeStore(kind)
  })
  afterEach(() => test.remove())

  it('is made for a database of an earlier version, and is one for all processes', async () => {
    expect(await readDatabaseId(test.store)).toBeUndefined()
    await identityOf(test.store).open()
    const id = (await readDatabaseId(test.store))?.id
    expect(id).toBeDefined()
    const second = identityOf(test.store)
    await second.open()
    expect(await second.id()).toBe(id)
    await second.close()
  })

  it('is another as soon as the database is seen to go back under the running service', async () => {
    const identity = identityOf(test.store)
    await identity.open()
    const first = await identity.id()
    await happen(test.store)
    await identity.note()
    expect(await identity.id()).toBe(first)
    await test.store.db.updateTable('sequence').set({ value: 1 }).where('name', '=', 'workspace').execute()
    await identity.note()
    const second = await identity.id()
    expect(second).not.toBe(first)
    await identity.note()
    expect(await identity.id()).toBe(second)
    await identity.close()
  })
})
