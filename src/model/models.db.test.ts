import { sql } from 'kysely'
import { Agent } from 'undici'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RecordingLogger } from '../../test/support/recording-logger.js'
import type { SecretCipher } from '../store/index.js'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { createEmulator, type Emulator } from '../emulator/index.js'
import { AddressGuard, guardedConnector } from '../hooks/index.js'
import { Models, type ModelAnswer } from './models.js'
import type { ModelSettings } from './model-settings.js'
import { Spending } from './spending.js'

const start = 1_700_000_000_000
/** Not the service's seal: what is kept is another text, and opens for its purpose only. */
const secrets: SecretCipher = {
  encrypt: (text, purpose) => Buffer.from(JSON.stringify([purpose, text])).toString('base64'),
  decrypt(sealed, purpose) {
    const [bound, text] = JSON.parse(Buffer.from(sealed, 'base64').toString()) as [string, string]
    if (bound !== purpose) throw new Error('It was sealed for something else.')
    return text
  },
}

describe.each(await storeKinds())('models on %s', (kind) => {
  let test: TestStore
  let emulator: Emulator
  let logger: RecordingLogger
  let at: number
  let waited: number[]
  const opened: Models[] = []

  beforeEach(async () => {
    test = await makeStore(kind)
    emulator = await createEmulator()
    logger = new RecordingLogger()
    at = start
    waited = []
  })
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.stop()
    await emulator.close()
    await test.remove()
  })

  async function open({
    environment = {},
    dailyTokens = 100_000,
    allowed = ['127.0.0.0/8'],
  }: { environment?: ModelSettings; dailyTokens?: number; allowed?: string[] } = {}): Promise<Models> {
    const models = new Models({
      store: test.store,
      secrets,
      environment,
      spending: new Spending({ store: test.store, dailyTokens, now: () => at }),
      dispatcher: new Agent({ connect: guardedConnector({ guard: new AddressGuard(allowed) }) }),
      logger,
      now: () => at,
      elapsed: () => performance.now(),
      wait: async (ms) => void waited.push(ms),
    })
    opened.push(models)
    await models.start()
    return models
  }
  const main = (change = {}): ModelSettings => ({
    main: { preset: 'openai', url: `${emulator.url}/_model/v1`, model: 'fake', key: 'sk-1', ...change },
  })
  const ask = (models: Models, signal = new AbortController().signal): Promise<ModelAnswer> =>
    models.chat({
      appId: 'wx1',
      messages: [{ role: 'user', content: 'json 在吗' }],
      maxTokens: 100,
      signal,
      withinMs: 5000,
    })

  it('says that none is set up, and asks the one that is', async () => {
    const models = await open()
    expect(models.isReady).toBe(false)
    expect(await ask(models)).toMatchObject({ ok: false, reason: 'not_configured', calls: 0 })
    await models.save(main())
    expect(await ask(models)).toMatchObject({ ok: true, calls: 1, model: 'fake' })
  })

  it('keeps the key sealed, and reads it again', async () => {
    const models = await open()
    await models.save(main({ key: 'sk-planted-9f3' }))
    const rows = await test.store.db.selectFrom('model_provider').selectAll().execute()
    expect(JSON.stringify(rows)).not.toContain('planted')
    const other = await open()
    expect(other.settings.providers.main?.key).toBe('sk-planted-9f3')
    expect(await ask(other)).toMatchObject({ ok: true })
  })

  it('puts the environment before the desk, and then refuses to be set up there', async () => {
    const models = await open({ environment: main({ model: 'of-env' }) })
    await expect(models.save(main())).rejects.toThrow(/KEFU_AI_URL/)
    expect(await ask(models)).toMatchObject({ model: 'of-env' })
  })

  it('asks a busy one once more, after as long as it says, and not when that is too long', async () => {
    const models = await open({ environment: main() })
    emulator.model.fail({ status: 429, retryAfter: 2, times: 1 })
    expect(await ask(models)).toMatchObject({ ok: true, calls: 2 })
    expect(waited).toEqual([2000])
    emulator.model.fail({ status: 429, retryAfter: 120, times: 1 })
    expect(await ask(models)).toMatchObject({ ok: false, reason: 'busy', calls: 1 })
    expect(waited).toEqual([2000])
  })

  it('asks the second provider where the first is in trouble, and not where the content was refused', async () => {
    const second = await createEmulator()
    const environment = {
      ...main(),
      fallback: { preset: 'glm', url: `${second.url}/_model/v1`, model: 'second', key: 'k' } as const,
    }
    second.model.play('glm')
    const models = await open({ environment })
    emulator.model.fail({ status: 500, times: 1 })
    expect(await ask(models)).toMatchObject({ ok: true, model: 'second', calls: 2 })
    emulator.model.fail({ code: 'content_filter', status: 400, times: 1 })
    expect(await ask(models)).toMatchObject({ ok: false, reason: 'refused_content', calls: 1 })
    await second.close()
  })

  it.each([
    [401, 'key'],
    [402, 'no_credit'],
    [404, 'no_model'],
  ] as const)('does not ask again after %i until somebody has checked it', async (status, reason) => {
    const models = await open({ environment: main() })
    emulator.model.fail({ status, times: 1 })
    for (let turn = 0; turn < 10; turn++) expect(await ask(models)).toMatchObject({ ok: false, reason })
    expect(emulator.model.calls).toHaveLength(1)
    expect(models).toMatchObject({ isReady: false, failing: reason })
    expect(await models.check('main', [{ role: 'user', content: 'json' }])).toMatchObject({ ok: true })
    expect(models).toMatchObject({ isReady: true, failing: undefined })
    expect(await ask(models)).toMatchObject({ ok: true })
  })

  it('leaves one alone for half a minute that failed five times, then tries with one call', async () => {
    const models = await open({ environment: main() })
    emulator.model.fail({ status: 500, times: 6 })
    for (let turn = 0; turn < 5; turn++) await ask(models)
    expect(await ask(models)).toMatchObject({ reason: 'breaker', calls: 0 })
    expect(emulator.model.calls).toHaveLength(5)
    at += 30_000
    const both = await Promise.all([ask(models), ask(models)])
    expect(both.map((each) => !each.ok && each.reason).toSorted()).toEqual(['breaker', 'server'])
    at += 30_000
    expect(await ask(models)).toMatchObject({ ok: true })
    expect(await ask(models)).toMatchObject({ ok: true })
  })

  it('never takes more tokens a day than it may by more than one call’s, however many ask at once', async () => {
    const models = await open({ environment: main(), dailyTokens: 500 })
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(models)))
    expect(answers.some((each) => !each.ok && each.reason === 'no_tokens_left')).toBe(true)
    const { used } = await test.store.db
      .selectFrom('model_spending')
      .select(sql<number>`cast(sum(tokens_in + tokens_out) as bigint)`.as('used'))
      .executeTakeFirstOrThrow()
    expect(used).toBeLessThanOrEqual(500)
    at += 24 * 3_600_000
    expect(await ask(models)).toMatchObject({ ok: true })
  })

  it('asks nobody on this machine or in its network unless it is named', async () => {
    const models = await open({ environment: main(), allowed: [] })
    expect(await ask(models)).toMatchObject({ ok: false, reason: 'private_address' })
    const named = await open({ environment: main({ url: 'http://169.254.169.254/v1' }), allowed: [] })
    expect(await ask(named)).toMatchObject({ ok: false, reason: 'private_address' })
    expect(emulator.model.calls).toEqual([])
  })

  it('stops when nobody wants the answer any more, and counts that against nobody', async () => {
    const models = await open({ environment: main() })
    emulator.model.fail({ hang: 'headers', times: 6 })
    for (let turn = 0; turn < 6; turn++) {
      const wanted = new AbortController()
      const asked = ask(models, wanted.signal)
      await expect.poll(() => emulator.model.faults.length).toBeLessThanOrEqual(1)
      wanted.abort()
      expect(await asked).toMatchObject({ ok: false, reason: 'aborted' })
      if (emulator.model.faults.length === 0) break
    }
    emulator.model.heal()
    expect(await ask(models)).toMatchObject({ ok: true })
  })

  it('writes neither prompts nor keys nor what a provider says into the log', async () => {
    const models = await open({ environment: main({ key: 'sk-planted' }) })
    for (const fault of [{ status: 401 }, { status: 500 }, { html: true, status: 502 }])
      emulator.model.fail({ ...fault, times: 1 })
    for (let turn = 0; turn < 3; turn++) await ask(models)
    expect(JSON.stringify(logger.lines)).not.toMatch(/在吗|sk-planted|emulated|nginx/i)
  })
})
