import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RecordingLogger } from '../../test/support/recording-logger.js'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { defaultAllowanceRules } from '../conversation/index.js'
import { openStore, type Store } from '../store/index.js'
import { checkRuleSet } from '../doctor/check-rules.js'
import { RuleBook } from './rule-book.js'

const reply = (name: string, enabled?: boolean): object => ({
  name,
  ...(enabled === undefined ? {} : { enabled }),
  when: { text: { equals: [name] } },
  then: [{ reply: { text: `您说${name}` } }],
})

describe.each(await storeKinds())('the rules on %s', (kind) => {
  let test: TestStore
  let logger: RecordingLogger
  let running: RuleBook[]
  async function start(store: Store = test.store): Promise<RuleBook> {
    const book = new RuleBook({ store, allowed: defaultAllowanceRules, logger })
    running.push(book)
    await book.start()
    return book
  }
  beforeEach(async () => {
    test = await makeStore(kind)
    logger = new RecordingLogger()
    running = []
  })
  afterEach(async () => {
    for (const book of running) await book.stop()
    await test.remove()
  })

  it('are none at first', async () => {
    expect((await start()).set).toEqual({ rules: [] })
  })

  it('are replaced as a whole, keep their order, and stay over a restart', async () => {
    const book = await start()
    const many = Array.from({ length: 1200 }, (_, i) => reply(`规则${i}`, i % 7 === 0 ? false : undefined))
    await book.replace({ rules: [reply('old')] })
    await book.replace({ rules: many })
    expect(book.set.rules).toEqual(many)
    expect(book.compiled.rules).toHaveLength(1200)
    expect((await start()).set).toEqual(book.set)
  })

  it('give what is doubtful, and refuse what can’t work with its rule and field', async () => {
    const book = await start()
    const warnings = await book.replace({ rules: [{ name: 'all', when: {}, then: [] }, reply('never')] })
    expect(warnings).toMatchObject([{ rule: 'never', path: 'rules[1].when' }])
    await expect(book.replace({ rules: [{ name: 'bad', when: { text: {} }, then: [] }] })).rejects.toThrow(
      /rules\[0\]\.when\.text.*rule "bad"/,
    )
    expect(book.set.rules).toHaveLength(2)
  })

  it('that an earlier version took go on, and are refused when they are saved again', async () => {
    const book = await start()
    const days = (first: number): string[] =>
      Array.from({ length: 1200 }, (_, i) => new Date(Date.UTC(first, 0, 1 + i)).toISOString().slice(0, 10))
    const hours = {
      outside: '09:00-18:00',
      zone: 'Asia/Shanghai',
      holidays: days(2026),
      workdays: days(2036),
    }
    const many = { ...reply('hi'), when: { hours } }
    await expect(book.replace({ rules: [many] })).rejects.toThrow(/holidays.*more than 1000[^]*workdays/)
    await book.replace({ rules: [reply('hi')] })
    await book.stop()
    const definition = JSON.stringify(many)
    await test.store.db.updateTable('rule').set({ definition }).execute()
    const later = await start()
    expect(later.set).toEqual({ rules: [many] })
    expect(logger.messages('error')).toEqual([])
    await expect(later.replace(later.set)).rejects.toThrow('more than 1000')
    expect(checkRuleSet(later)).toEqual([])
    // What is refused leaves what was there.
    expect((await start()).set).toEqual({ rules: [many] })
  })

  it('whose expressions are more than may be saved go on, and the doctor says that they must get fewer', async () => {
    const book = await start()
    await book.replace({ rules: [reply('hi')] })
    await book.stop()
    const matches = Array.from({ length: 110 }, (_, i) => `[ab]*a[ab]{480}${i}`)
    const definition = JSON.stringify({ ...reply('hi'), when: { text: { matches } } })
    await test.store.db.updateTable('rule').set({ definition }).execute()
    const later = await start()
    expect(later.compiled.rules).toHaveLength(1)
    const [finding, ...more] = checkRuleSet(later)
    expect(more).toEqual([])
    expect(finding).toMatchObject({ check: 'rules-cost', level: 'warn' })
    for (const words of [finding?.found.zh, finding?.found.en]) {
      expect(words).toContain(String(later.programSum))
      expect(words).toContain('50000')
    }
    await expect(later.replace(later.set)).rejects.toThrow('50000')
  })

  it('that can’t work any more are told, and those from before stay', async () => {
    const book = await start()
    await book.replace({ rules: [reply('hi')] })
    // Its own word of the change may come back to it later: then it would tell as well.
    await book.stop()
    await test.store.db.updateTable('rule').set({ definition: '{"name":"hi"}' }).execute()
    const broken = await start()
    expect(broken.set).toEqual({ rules: [] })
    expect(checkRuleSet(broken)).toMatchObject([{ check: 'rules', level: 'fail' }])
    const told = expect.stringMatching(/can’t work/) as string
    expect(logger.messages('error')).toEqual([told])
    await book.start()
    expect(logger.messages('error')).toEqual([told, told])
    expect(book.set.rules).toHaveLength(1)
  })

  it.runIf(kind === 'postgres')('that another process replaces are noticed', async () => {
    const book = await start()
    const elsewhere = await openStore(test.url)
    try {
      await (await start(elsewhere)).replace({ rules: [reply('hi')] })
      await expect.poll(() => book.set.rules).toHaveLength(1)
    } finally {
      await running.pop()?.stop()
      await elsewhere.close()
    }
  })
})
