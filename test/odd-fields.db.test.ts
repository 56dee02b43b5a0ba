import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Bot, newRun } from '../src/bot/index.js'
import {
  answersOf,
  defaultAllowanceRules,
  everyShard,
  PushHandler,
  type ConversationActions,
  type Job,
} from '../src/conversation/index.js'
import { silentLogger } from '../src/log.js'
import { notePendingMedia } from '../src/media/pending-media.js'
import { restorePush } from '../src/wechat/index.js'
import { customerOf, withCustomer } from '../src/conversation/incoming/customer.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'

const appId = 'wx0123456789abcdef'
const now = 1_900_000_000_000
/** No two characters alike, so that no database makes it short. */
const long = Array.from({ length: 9000 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join('')

/** What only a fault of WeChat's could send, and what has to be kept all the same. */
describe.each(await storeKinds())('pushes with odd fields, on %s', (kind) => {
  let test: TestStore
  let handling: PushHandler

  beforeEach(async () => {
    test = await makeStore(kind)
    handling = new PushHandler({
      store: test.store,
      bot: new Bot<ConversationActions>({
        api: { send: async () => undefined, setTyping: async () => undefined },
        logger: silentLogger,
      }),
      allowance: defaultAllowanceRules,
      shards: everyShard,
      logger: silentLogger,
      now: () => now,
    })
  })
  afterEach(() => test.remove())

  async function handle(fields: Record<string, unknown>): Promise<void> {
    const plaintext = JSON.stringify({ ToUserName: 'gh_1', CreateTime: now / 1000, ...fields })
    const push = withCustomer(restorePush({ appId, plaintext }))
    const { openId } = customerOf(push)
    const row = { dedupeKey: push.id, appId, openId, format: 'json', plaintext, receivedAt: now } as const
    const { id } = await test.store.pushes.append({ ...row, unreadable: push.unreadable?.problem })
    const job: Job = { pushId: id, push, receivedAt: now, run: newRun() }
    expect(await answersOf(handling, [job])).toEqual(['success'])
  }
  const states = async () =>
    (await test.store.db.selectFrom('push').select(['state']).execute()).map(({ state }) => state)
  const contacts = async () =>
    test.store.db.selectFrom('contact').select(['open_id', 'business_id']).orderBy('id').execute()

  it('are kept, however long a field is that something is looked up by', async () => {
    await handle({ FromUserName: 'oA', MsgType: 'text', Content: 'x', MsgId: long })
    await handle({ FromUserName: 'oA', MsgType: 'event', Event: long })
    await handle({ FromUserName: 'oA', MsgType: long })
    await handle({ FromUserName: long, MsgType: 'text', Content: 'x' })
    await handle({ FromUserName: 'oA', MsgType: 'event', Event: 'user_enter_tempsession', SessionFrom: long })
    await handle({ FromUserName: 'oA', MsgType: 'text', Content: 'x', BusinessId: long })
    expect(await states()).toEqual(Array.from({ length: 6 }, () => 'handled'))
  })

  it.each(['o\0a', 'o\ud800', 'o\na', 'o a', 'oA#12', 'o'.repeat(129)])(
    'stand in no conversation where FromUserName is no OpenID: %j',
    async (FromUserName) => {
      await handle({ FromUserName, MsgType: 'text', Content: 'x' })
      expect(await contacts()).toEqual([])
      const kept = await test.store.db.selectFrom('push').select(['unreadable']).execute()
      expect(kept).toEqual([{ unreadable: 'The push’s FromUserName is no OpenID.' }])
    },
  )

  it('are sessions of their own where a BusinessId is odd', async () => {
    const odd = ['a b', 'a_b', 'a\0b', 'b'.repeat(70), 'b'.repeat(71), 0, '0', false]
    for (const BusinessId of odd)
      await handle({ FromUserName: 'oA', MsgType: 'text', Content: 'x', BusinessId })
    const found = await contacts()
    // 0 as a number and as a text is one.
    expect(new Set(found.map(({ open_id }) => open_id)).size).toBe(odd.length - 1)
    expect(found.every(({ business_id }) => /^[\w-]{1,64}$/.test(business_id ?? ''))).toBe(true)
  })

  it('count from when they came where CreateTime is no time', async () => {
    for (const CreateTime of [undefined, 0, -5, 'soon', 1e30, 9007199254740991, now, null])
      await handle({ FromUserName: `oA${String(CreateTime)}`, MsgType: 'text', Content: 'x', CreateTime })
    const rows = await test.store.db.selectFrom('conversation').select(['message_seconds']).execute()
    expect(new Set(rows.map(({ message_seconds }) => Number(message_seconds)))).toEqual(new Set([now / 1000]))
  })

  it('note who took their consent back, whatever else stands there', async () => {
    const event = { MsgType: 'event', Event: 'user_authorization_cancellation' }
    await handle({ FromUserName: 'oA', ...event, OpenID: 'o\0', PluginID: long })
    await handle({ FromUserName: 'oA', ...event, OpenID: `o${long}` })
    expect(await test.store.db.selectFrom('withdrawal').select('id').execute()).toHaveLength(2)
    expect(await states()).toEqual(['handled', 'handled'])
  })

  it('ask for no picture by what is no media id, and hold up no other picture', async () => {
    await handle({ FromUserName: 'oA', MsgType: 'image', MediaId: long, MsgId: 1 })
    await handle({ FromUserName: 'oA', MsgType: 'image', MediaId: 'media-1', MsgId: 2 })
    await notePendingMedia(test.store, now)
    expect(await test.store.db.selectFrom('media').select('media_id').execute()).toEqual([
      { media_id: 'media-1' },
    ])
  })
})
