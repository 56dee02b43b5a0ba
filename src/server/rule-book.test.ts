import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RecordingLogger } from '../../test/support/recording-logger.js'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { defaultAllowanceRules } from '../conversation/index.js'
import { openStore, type Store } from '../store/index.js'
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

  it('that can’t work any more are told, and those from before stay', async () => {
    const book = await start()
    await book.replace({ rules: [reply('hi')] })
    // Its own word of the change may come back to it later: then it would tell as well.
    await book.stop()
    await test.store.db.updateTable('rule').set({ definition: '{"name":"hi"}' }).execute()
    expect((await start()).set).toEqual({ rules: [] })
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
