import { toJson } from '../store/index.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { checkPeople, checkSends, checkWebhooks, checkWork } from './check-work.js'
import type { Finding } from './finding.js'

const NOW = 1_700_000_000_000
const levels = (findings: readonly Finding[]): Record<string, string> =>
  Object.fromEntries(findings.map(({ check, level }) => [check, level]))

const [kind = 'sqlite'] = await storeKinds()

describe('the work', () => {
  const nothing = async () => ({ depth: 0, oldestAt: undefined })
  const waiting = (ms: number) => async () => ({ depth: 3, oldestAt: NOW - ms })
  const queues = { inbox: nothing, outbox: nothing, webhooks_dead: nothing }

  it('is done when nothing waits for long', async () => {
    const short = { ...queues, inbox: waiting(1000), outbox: waiting(61_000) }
    expect(await checkWork({ queues: short, running: true, now: NOW })).toEqual([])
  })

  it('stands still when pushes or messages wait', async () => {
    const long = { ...queues, inbox: waiting(60_000), outbox: waiting(600_000) }
    const findings = await checkWork({ queues: long, running: true, now: NOW })
    expect(levels(findings)).toEqual({ inbox: 'fail', outbox: 'warn' })
    expect(findings[0]?.found.en).toBe('3 pushes wait to be handled, the oldest for 60 s.')
    expect(await checkWork({ queues: long, running: false, now: NOW })).toEqual([])
  })

  it('has deliveries that were given up', async () => {
    const dead = { ...queues, webhooks_dead: waiting(1) }
    const findings = await checkWork({ queues: dead, running: false, now: NOW })
    expect(levels(findings)).toEqual({ 'webhooks-dead': 'warn' })
    expect(findings[0]?.todo?.en).toContain('/replay')
  })
})

describe('failed sends', () => {
  it('are told with what WeChat means by it', () => {
    const [whitelist, silence] = checkSends([
      { app: 'wx1', errcode: '40164', count: 12 },
      { app: 'wx1', errcode: 'none', count: 1 },
    ])
    expect(whitelist?.found.en).toBe('12 messages could not be sent since the start: errcode 40164.')
    expect(whitelist?.todo?.zh).toContain('白名单')
    expect(silence?.found.en).toContain('WeChat gave no answer')
  })
})

describe('what is kept', () => {
  let test: TestStore
  beforeEach(async () => {
    test = await makeStore(kind)
  })
  afterEach(() => test.remove())

  it('has no admin at first, and one after', async () => {
    expect(levels(await checkPeople(test.store))).toEqual({ admin: 'warn' })
    const row = { apps: toJson<'all'>('all'), password_hash: 'x', seen_at: null, created_at: 1 }
    const add = (name: string, role: 'agent' | 'admin', name_key: string | null) =>
      test.store.db
        .insertInto('agent')
        .values({ name, name_key, role, ...row })
        .execute()
    await add('小王', 'agent', '小王')
    await add('gone', 'admin', null)
    expect(levels(await checkPeople(test.store))).toEqual({ admin: 'warn' })
    await add('boss', 'admin', 'boss')
    expect(await checkPeople(test.store)).toEqual([])
  })

  it('has webhooks that were disabled by themselves', async () => {
    const add = (disabled_reason: 'gone' | 'secret_lost' | null) =>
      test.store.db
        .insertInto('webhook')
        .values({
          url: 'https://example.com/planted',
          description: '',
          events: toJson(['*']),
          enabled: 0,
          disabled_reason,
          cursor: 0,
          created_at: 1,
        })
        .execute()
    await add(null)
    expect(await checkWebhooks(test.store)).toEqual([])
    await add('gone')
    await add('secret_lost')
    const findings = await checkWebhooks(test.store)
    expect(findings.map(({ found }) => found.en)).toEqual([
      'Webhook 2 answered 410 and was disabled.',
      'Webhook 3 lost its secret and was disabled.',
    ])
    expect(JSON.stringify(findings)).not.toContain('planted')
  })
})
