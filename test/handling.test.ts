import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Bot, newRun } from '../src/bot/index.js'
import {
  defaultAllowanceRules,
  everyShard,
  Handling,
  type Conversing,
  type Job,
} from '../src/conversation/index.js'
import { silentLogger } from '../src/log.js'
import { restorePush } from '../src/wechat/index.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'

const appId = 'wx0123456789abcdef'
const CUSTOMERS = 150
const MESSAGES = 3

/** Many pushes in one transaction. */
describe.each(await storeKinds())('a batch of pushes on %s', (kind) => {
  let test: TestStore
  let handling: Handling

  beforeEach(async () => {
    test = await makeStore(kind)
    const bot = new Bot<Conversing>({
      api: { send: async () => undefined, setTyping: async () => undefined },
      logger: silentLogger,
    })
    bot.hears(/^\d+$/, async (ctx) => {
      ctx.tag(`t${ctx.openId}`)
      await ctx.reply(`答${ctx.match[0]}`)
    })
    handling = new Handling({
      store: test.store,
      bot,
      allowance: defaultAllowanceRules,
      shards: everyShard,
      logger: silentLogger,
      now: Date.now,
    })
  })
  afterEach(() => test.remove())

  /** In turns from all customers. */
  async function jobs(): Promise<Job[]> {
    return Promise.all(
      Array.from({ length: CUSTOMERS * MESSAGES }, async (_, i): Promise<Job> => {
        const openId = `o${i % CUSTOMERS}`
        const receivedAt = Date.now()
        const plaintext = JSON.stringify({
          ToUserName: 'gh_1',
          FromUserName: openId,
          CreateTime: Math.floor(receivedAt / 1000),
          MsgType: 'text',
          Content: String(Math.floor(i / CUSTOMERS)),
          MsgId: i + 1,
        })
        const push = restorePush({ appId, plaintext })
        const row = { dedupeKey: push.id, appId, openId, format: 'json', plaintext, receivedAt } as const
        const { id } = await test.store.pushes.append(row)
        return { pushId: id, push, receivedAt, run: newRun() }
      }),
    )
  }
  const count = async (table: 'message' | 'feed' | 'contact_tag'): Promise<number> => {
    const { rows } = await sql<{ count: number }>`select count(*) as count from ${sql.table(table)}`.execute(
      test.store.db,
    )
    return Number(rows[0]?.count)
  }
  const waiting = async (): Promise<number> =>
    (await test.store.db.selectFrom('push').select('id').where('state', '=', 'new').execute()).length

  it('is handled whole, each conversation in its order, in one sequence', async () => {
    const all = await jobs()
    expect(await handling.run(all)).toEqual(all.map(() => 'success'))
    expect(await waiting()).toBe(0)
    const messages = await test.store.db
      .selectFrom('message')
      .innerJoin('conversation', 'conversation.id', 'message.conversation_id')
      .innerJoin('contact', 'contact.id', 'conversation.contact_id')
      .select(['message.id', 'contact.open_id', 'direction', 'content', 'conversation.last_message_id'])
      .orderBy('message.id')
      .execute()
    expect(messages).toHaveLength(2 * CUSTOMERS * MESSAGES)
    for (let customer = 0; customer < CUSTOMERS; customer++) {
      const own = messages.filter(({ open_id }) => open_id === `o${customer}`)
      expect(own.map(({ content }) => (JSON.parse(content) as { content: string }).content)).toEqual([
        ...['0', '答0', '1', '答1', '2', '答2'],
      ])
      expect(own[0]?.last_message_id).toBe(own.at(-1)?.id)
    }
    // Pages are told in the order of the numbers, and of each message.
    const feed = await test.store.db
      .selectFrom('feed')
      .select(['sequence', 'data'])
      .orderBy('sequence')
      .execute()
    const numbers = [...messages.map(({ id }) => id), ...feed.map(({ sequence }) => sequence)]
    expect(new Set(numbers).size).toBe(numbers.length)
    const told = feed.flatMap(({ data }) => (JSON.parse(data) as { messageId?: number }).messageId ?? [])
    expect(new Set(told)).toEqual(new Set(messages.map(({ id }) => id)))
    expect(await count('contact_tag')).toBe(CUSTOMERS)
  })

  it('leaves nothing when one of its last rows is refused', async () => {
    const all = await jobs()
    const last = all.at(-1)?.push.openId
    // Refuses a message of the last customer, when those of all others were written.
    if (kind === 'sqlite')
      await sql`create trigger refuse before insert on message
        when (select open_id from contact join conversation on contact.id = contact_id where conversation.id = new.conversation_id) = ${sql.lit(last)}
        begin select raise(abort, 'refused'); end`.execute(test.store.db)
    else {
      await sql`create function refuse() returns trigger as $$ begin
        if (select open_id from contact join conversation on contact.id = contact_id where conversation.id = new.conversation_id) = ${sql.lit(last)}
        then raise exception 'refused'; end if; return new; end $$ language plpgsql`.execute(test.store.db)
      await sql`create trigger refuse before insert on message for each row execute function refuse()`.execute(
        test.store.db,
      )
    }
    await expect(handling.run(all)).rejects.toThrow('refused')
    expect(await count('message')).toBe(0)
    expect(await count('feed')).toBe(0)
    expect(await count('contact_tag')).toBe(0)
    expect(await waiting()).toBe(all.length)

    await sql`drop trigger refuse ${sql.raw(kind === 'sqlite' ? '' : 'on message')}`.execute(test.store.db)
    expect(await handling.run(all)).toHaveLength(all.length)
    expect(await waiting()).toBe(0)
    expect(await count('message')).toBe(2 * all.length)
  })
})
