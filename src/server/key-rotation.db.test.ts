import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { Apps } from '../apps/apps.js'
import { databaseTokenStore } from '../apps/database-token-store.js'
import { SecretBox } from '../apps/secret-box.js'
import { openSecrets } from '../apps/secrets.js'
import { BusinessCards } from '../desk/business-cards.js'
import { AddressGuard } from '../hooks/address-guard.js'
import { Endpoints } from '../hooks/endpoints.js'
import { silentLogger } from '../log.js'
import { Submits, type Keep } from '../people/submits.js'
import { movedTables } from '../store/moving/moved-tables.js'
import { rotateKey, type Rotated } from './key-rotation.js'

const now = () => 1_700_000_000_000

describe.each(await storeKinds())('the key of a database on %s', (kind) => {
  let test: TestStore
  let directory: string
  let file: string
  const oldKey = randomBytes(32)
  const newKey = randomBytes(32)
  beforeEach(async () => {
    test = await makeStore(kind)
    directory = mkdtempSync(join(tmpdir(), 'kefu-rotation-'))
    file = join(directory, 'secret.key')
  })
  afterEach(async () => {
    await test.remove()
    rmSync(directory, { recursive: true })
  })

  const rotate = (change: { oldKey?: Buffer; configured?: Buffer | undefined } = {}): Promise<Rotated> =>
    rotateKey({ store: test.store, oldKey, configured: newKey, file, ...change })

  /** The parts that seal, with a key. */
  function partsOf(key: Buffer) {
    const { store } = test
    const box = new SecretBox(key)
    const made = vi.fn(async (keep: Keep<string>) =>
      store.db.transaction().execute(async (tx) => {
        await keep(tx, 'planted-password')
        return 'planted-password'
      }),
    )
    const principal = { kind: 'key', keyId: 7, name: 'k', apps: 'all', role: 'admin' } as never
    return {
      apps: new Apps({
        store,
        secretBox: box,
        environment: undefined,
        pushMaxAgeSeconds: 600,
        connect: () => ({ close: async () => undefined }) as never,
        logger: silentLogger,
        now,
      }),
      tokens: databaseTokenStore({ store, secretBox: box, now, onRenewed: () => undefined }),
      hooks: new Endpoints({
        store,
        secrets: box,
        guard: new AddressGuard([]),
        now,
        onChanged: () => undefined,
      }),
      made,
      submit: () =>
        new Submits({ store, secrets: box, now }).once(
          { principal, what: 'agents', clientId: 'c1', input: { name: 'a' } },
          made,
        ),
      cards: new BusinessCards({
        store,
        secrets: box,
        endpoint: {
          check: () => undefined,
          makeSecret: () => 'planted-cards',
          post: async () => ({ status: 500, body: Buffer.from(''), whole: true }),
          sign: (_event, _body, secret) => ({ secret }),
        },
        logger: silentLogger,
        now,
      }),
    }
  }

  async function sealEverything(): Promise<void> {
    await openSecrets({ store: test.store, configured: oldKey, file })
    const { apps, tokens, hooks, cards, submit } = partsOf(oldKey)
    await apps.save({
      appId: 'wx1',
      name: '云朵',
      appSecret: 'planted-secret',
      token: 'plantedToken',
      encodingAESKey: 'a'.repeat(43),
      mode: 'secure',
    })
    await tokens.set('wx1:stable@host', { accessToken: 'planted-access', expiresAt: now() + 1, forcedAt: [] })
    const { endpoint } = await hooks.create({ url: 'https://example.com/a' })
    await hooks.rotate(endpoint.id)
    await cards.set({ url: 'https://example.com/b', newSecret: true }, { actor: { kind: 'command' } })
    await submit()
  }

  /** Every text in the database. */
  async function everything(): Promise<string> {
    const texts: string[] = []
    for (const table of Object.keys(movedTables)) {
      const { rows } = await sql`select * from ${sql.table(table)}`.execute(test.store.db)
      texts.push(JSON.stringify(rows))
    }
    return texts.join('\n')
  }

  it('is changed for all that is sealed, and what it seals opens as before', async () => {
    await sealEverything()
    const [oldId, newId] = [new SecretBox(oldKey).keyId, new SecretBox(newKey).keyId]
    expect((await everything()).match(new RegExp(`v1\\.${oldId}`, 'g'))).toHaveLength(8)
    expect(await rotate()).toEqual({ outcome: 'done', sealed: 8, lost: [] })
    const after = await everything()
    expect(after).not.toContain(oldId)
    expect(after.match(new RegExp(`v1\\.${newId}`, 'g'))).toHaveLength(8)
    const { apps, tokens, submit, made } = partsOf(newKey)
    await apps.start()
    expect(apps.settingsOf('wx1')).toMatchObject({ appSecret: 'planted-secret', token: 'plantedToken' })
    expect(await tokens.get('wx1:stable@host')).toMatchObject({ accessToken: 'planted-access' })
    expect(await submit()).toBe('planted-password')
    expect(made).not.toHaveBeenCalled()
    await apps.stop()
    await expect(openSecrets({ store: test.store, configured: newKey, file })).resolves.toBeDefined()
    await expect(openSecrets({ store: test.store, configured: oldKey, file })).rejects.toThrow(
      'KEFU_OLD_SECRET_KEY',
    )
  })

  it('is changed once', async () => {
    await sealEverything()
    await rotate()
    const before = await everything()
    expect(await rotate()).toMatchObject({ outcome: 'before' })
    expect(await everything()).toBe(before)
  })

  it('is not changed by a wrong old key, nor by the same', async () => {
    await sealEverything()
    const before = await everything()
    await expect(rotate({ oldKey: randomBytes(32) })).rejects.toThrow('is not the key that this database')
    await expect(rotate({ configured: oldKey })).rejects.toThrow(
      'is the same key as the one in KEFU_SECRET_KEY',
    )
    writeFileSync(file, oldKey.toString('base64'))
    await expect(rotate({ configured: undefined })).rejects.toThrow('is the same key')
    expect(await everything()).toBe(before)
  })

  it('is made in DATA_DIR where there is none, once the old one is shown to be right', async () => {
    await sealEverything()
    await expect(rotate({ configured: undefined, oldKey: randomBytes(32) })).rejects.toThrow('is not the key')
    expect(existsSync(file)).toBe(false)
    expect(await rotate({ configured: undefined })).toMatchObject({ outcome: 'done' })
    expect(readFileSync(file, 'utf8')).not.toContain(oldKey.toString('base64'))
    expect(await rotate({ configured: undefined })).toMatchObject({ outcome: 'before' })
  })

  it('needs none where nothing is sealed', async () => {
    expect(await rotate()).toMatchObject({ outcome: 'nothing' })
  })

  it('leaves what the old key does not open either, and says which', async () => {
    await sealEverything()
    const lost = new SecretBox(randomBytes(32)).encrypt('x', 'access token gone')
    await test.store.db.insertInto('access_token').values({ key: 'gone', sealed_token: lost }).execute()
    expect(await rotate()).toEqual({ outcome: 'done', sealed: 8, lost: ['access token gone'] })
    expect(await everything()).toContain(lost)
  })

  it('is not changed at all where something sealed is not known of', async () => {
    await sealEverything()
    const { db } = test.store
    const value = JSON.stringify({ sealed: new SecretBox(oldKey).encrypt('x', 'of tomorrow') })
    await db.insertInto('setting').values({ key: 'tomorrow', value }).execute()
    const before = await everything()
    await expect(rotate()).rejects.toThrow('tomorrow')
    expect(await everything()).toBe(before)
  })

  it.runIf(kind === 'postgres')('is not changed while a process runs', async () => {
    await sealEverything()
    const { db } = test.store
    await sql`insert into process values ('p', (extract(epoch from clock_timestamp()) * 1000)::bigint + 60000)`.execute(
      db,
    )
    await expect(rotate()).rejects.toThrow('1 processes of kefu run on this database')
    await sql`update process set seen_until = 1`.execute(db)
    expect(await rotate()).toMatchObject({ outcome: 'done' })
  })
})
