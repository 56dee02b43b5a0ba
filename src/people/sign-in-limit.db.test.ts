import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { ATTEMPTS_PER_ACCOUNT, ATTEMPTS_PER_ADDRESS, SignInLimit } from './sign-in-limit.js'

describe.each(await storeKinds())('attempts to sign in on %s', (kind) => {
  let database: TestStore
  let limit: SignInLimit
  let at = 1_000_000
  beforeEach(async () => {
    database = await makeStore(kind)
    limit = new SignInLimit({ store: database.store, now: () => at })
  })
  afterEach(() => database.remove())

  it('on an account are limited, also at once and from many addresses, and again later', async () => {
    const all = await Promise.all(
      Array.from({ length: ATTEMPTS_PER_ACCOUNT + 5 }, (_, i) => limit.attempt('lin', `10.0.0.${i}`)),
    )
    expect(all.filter(({ allowed }) => allowed)).toHaveLength(ATTEMPTS_PER_ACCOUNT)
    expect(all.filter(({ first }) => first)).toHaveLength(1)
    expect((await limit.attempt('wang', '10.0.0.1')).allowed).toBe(true)
    const refused = await limit.attempt('lin', '10.0.0.99')
    expect(refused).toMatchObject({ allowed: false, first: false, retryAfter: 900 })
    at += 15 * 60_000
    expect((await limit.attempt('lin', '10.0.0.1')).allowed).toBe(true)
  })

  it('from an address are limited whatever account they try, and then block no account', async () => {
    for (let i = 0; i < ATTEMPTS_PER_ADDRESS; i++)
      expect((await limit.attempt(`name-${i}`, '10.0.0.1')).allowed).toBe(true)
    for (let i = 0; i < ATTEMPTS_PER_ACCOUNT + 1; i++)
      expect((await limit.attempt('lin', '10.0.0.1')).allowed).toBe(false)
    expect((await limit.attempt('lin', '10.0.0.2')).allowed).toBe(true)
  })

  it('from one IPv6 network count together', async () => {
    for (let i = 0; i < ATTEMPTS_PER_ADDRESS; i++)
      await limit.attempt(`name-${i}`, `2001:db8:0:1::${i.toString(16)}`)
    expect((await limit.attempt('a', '2001:0db8:0000:0001:ffff::1')).allowed).toBe(false)
    expect((await limit.attempt('b', '2001:db8:0:2::1')).allowed).toBe(true)
  })

  it('that succeed forget those in vain, and cost the address nothing', async () => {
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < ATTEMPTS_PER_ACCOUNT - 1; i++) await limit.attempt('lin', `10.0.${round}.${i}`)
      const good = await limit.attempt('lin', '10.1.1.1')
      expect(good.allowed).toBe(true)
      await good.succeeded()
    }
    for (let i = 0; i < ATTEMPTS_PER_ADDRESS; i++)
      expect((await limit.attempt(`name-${i}`, '10.1.1.1')).allowed).toBe(true)
  })

  it('leave nothing behind when they are over, and no name that was typed', async () => {
    await limit.attempt('my-password', '10.0.0.1')
    const rows = await database.store.db.selectFrom('sign_in_attempt').selectAll().execute()
    expect(JSON.stringify(rows)).not.toMatch(/my-password|10\.0\.0\.1/)
    at += 15 * 60_000
    await (await limit.attempt('lin', '10.0.0.2')).succeeded()
    expect(await database.store.db.selectFrom('sign_in_attempt').selectAll().execute()).toHaveLength(1)
  })
})
