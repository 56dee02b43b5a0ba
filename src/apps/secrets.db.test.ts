import { toJson } from '../store/index.js'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { forgetSecrets, openSecrets } from './secrets.js'

describe.each(await storeKinds())('the secrets of a database on %s', (kind) => {
  let test: TestStore
  let directory: string
  let file: string
  beforeEach(async () => {
    test = await makeStore(kind)
    directory = mkdtempSync(join(tmpdir(), 'kefu-secrets-'))
    file = join(directory, 'secret.key')
  })
  afterEach(async () => {
    await test.remove()
    rmSync(directory, { recursive: true })
  })

  it('are sealed with a key that is made at the first start, and found at the next', async () => {
    const first = await openSecrets({ store: test.store, configured: undefined, file })
    const next = await openSecrets({ store: test.store, configured: undefined, file })
    expect(next.decrypt(first.encrypt('planted', 'p'), 'p')).toBe('planted')
  })

  it('are sealed with the configured key, and then no file is made', async () => {
    const configured = randomBytes(32)
    const box = await openSecrets({ store: test.store, configured, file })
    const again = await openSecrets({ store: test.store, configured, file })
    expect(again.keyId).toBe(box.keyId)
    expect(existsSync(file)).toBe(false)
  })

  it('do not open for another key: it is refused before anything is sealed with it', async () => {
    await openSecrets({ store: test.store, configured: randomBytes(32), file })
    const other = openSecrets({ store: test.store, configured: randomBytes(32), file })
    await expect(other).rejects.toThrow(/sealed with another key than the one in KEFU_SECRET_KEY/)
    if (kind === 'postgres')
      await expect(other).rejects.toThrow(/Several processes.*need the same KEFU_SECRET_KEY/)
  })

  it('need their key: when it is gone, none is made in its place', async () => {
    await openSecrets({ store: test.store, configured: undefined, file })
    rmSync(file)
    await expect(openSecrets({ store: test.store, configured: undefined, file })).rejects.toThrow(
      /secret\.key is missing and KEFU_SECRET_KEY is not set/,
    )
    expect(existsSync(file)).toBe(false)
  })

  it('can be forgotten when the key is lost; what is not sealed stays', async () => {
    const { db } = test.store
    await openSecrets({ store: test.store, configured: undefined, file })
    const row = {
      mode: 'plain',
      sealed_secret: 'v1.x.y',
      sealed_token: 'v1.x.y',
      sealed_aes_key: null,
    } as const
    await db
      .insertInto('app')
      .values({ app_id: 'wx1', name: 'shop', created_at: 1, ...row })
      .execute()
    await db.insertInto('setting').values({ key: 'other', value: '1' }).execute()
    await db
      .insertInto('webhook')
      .values({
        url: 'https://example.com',
        description: '',
        events: toJson(['*']),
        enabled: 1,
        sealed_secret: 'v1.x.y',
        cursor: 0,
        created_at: 1,
      })
      .execute()
    rmSync(file)
    await forgetSecrets(test.store)
    await openSecrets({ store: test.store, configured: undefined, file })
    expect(await db.selectFrom('webhook').selectAll().execute()).toMatchObject([
      { url: 'https://example.com', enabled: 0, disabled_reason: 'secret_lost', sealed_secret: null },
    ])
    expect(await db.selectFrom('app').selectAll().execute()).toEqual([])
    expect(await db.selectFrom('setting').select('key').where('key', '=', 'other').execute()).toHaveLength(1)
  })

  it('have one key when several processes start at once, each with its own', async () => {
    const starts = await Promise.allSettled(
      Array.from({ length: 5 }, () => openSecrets({ store: test.store, configured: randomBytes(32), file })),
    )
    expect(starts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})
