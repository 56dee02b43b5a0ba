import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Bot } from '../src/bot/index.js'
import {
  BatchWorker,
  defaultAllowanceRules,
  everyShard,
  PushHandler,
  Inbox,
  LeasedShards,
  type ConversationActions,
} from '../src/conversation/index.js'
import { silentLogger } from '../src/log.js'
import { restorePush, type Answer, type Push } from '../src/wechat/index.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'

/** When WeChat is answered, with handling held up until the test lets it go. */
describe.each(await storeKinds())('the answer to a push on %s', (kind) => {
  let test: TestStore
  let inbox: Inbox
  let letGo: () => void
  let end: () => Promise<void>

  beforeEach(async () => {
    test = await makeStore(kind)
    const around = { store: test.store, logger: silentLogger, now: Date.now, wait: delay }
    const shards =
      kind === 'sqlite'
        ? everyShard
        : new LeasedShards({ ...around, onGained: () => inbox.readBack(), onLeaving: async () => undefined })
    const bot = new Bot<ConversationActions>({
      api: { send: async () => undefined, setTyping: async () => undefined },
      logger: silentLogger,
    })
    bot.hears(/^人工/, (ctx) => ctx.transfer())
    const parts = { ...around, shards, allowance: defaultAllowanceRules, onHandled: () => undefined }
    const handling = new PushHandler({ ...parts, bot })
    const gate = new Promise<void>((resolve) => {
      letGo = resolve
    })
    const worker = new BatchWorker({
      ...parts,
      handling: {
        handle: async (steps) => {
          await gate
          return handling.handle(steps)
        },
        fail: (job) => handling.fail(job),
      },
    })
    inbox = new Inbox({
      ...parts,
      worker,
      mayTransfer: (message) => message.msgType === 'text' && message.content === '人工',
    })
    await shards.start()
    inbox.start()
    end = async () => {
      letGo()
      await inbox.stop(5000)
      await shards.stop()
    }
  })
  afterEach(async () => {
    await end()
    await test.remove()
  })

  const kept = () => test.store.db.selectFrom('push').select(['state', 'answer']).orderBy('id').execute()

  it('is success once it is safe, where nothing can transfer it; it is handled afterwards', async () => {
    const accepted = await inbox.accept(pushOf('在吗'))
    expect(await accepted.answer).toBe('success')
    expect(await kept()).toEqual([{ state: 'new', answer: 'success' }])
    const again = await inbox.accept(pushOf('在吗'))
    expect([await again.answer, again.repeat]).toEqual(['success', true])
    letGo()
    await expect.poll(kept, { timeout: 10_000 }).toEqual([{ state: 'handled', answer: 'success' }])
  })

  it('waits for the handlers where they may transfer', async () => {
    const accepted = await inbox.accept(pushOf('人工'))
    let answer: Answer | undefined
    void accepted.answer.then((decided) => (answer = decided))
    await inbox.accept(pushOf('在吗')).then((other) => other.answer)
    expect(answer).toBeUndefined()
    letGo()
    expect(await accepted.answer).toBe('transfer')
  })

  it('is never changed: what is transferred after it was answered is handed to people here', async () => {
    expect(await (await inbox.accept(pushOf('人工客服'))).answer).toBe('success')
    letGo()
    await expect
      .poll(() => test.store.db.selectFrom('conversation').select('status').execute(), { timeout: 10_000 })
      .toEqual([{ status: 'waiting' }])
    expect(await kept()).toEqual([{ state: 'handled', answer: 'success' }])
  })
})

let msgId = 0
const ids = new Map<string, number>()

/** The same text is the same message. */
function pushOf(content: string): Push {
  const id = ids.get(content) ?? ++msgId
  ids.set(content, id)
  const fields = {
    FromUserName: 'oLin',
    CreateTime: 1_700_000_000,
    MsgType: 'text',
    Content: content,
    MsgId: id,
  }
  return restorePush({ appId: 'wx1', plaintext: JSON.stringify(fields) })
}
