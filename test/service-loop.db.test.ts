import { setTimeout as delay } from 'node:timers/promises'
import Koa from 'koa'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Api, remedyFor } from '../src/api/index.js'
import { Bot, newRun } from '../src/bot/index.js'
import {
  BatchWorker,
  defaultAllowanceRules,
  everyShard,
  LeasedShards,
  type Shards,
  PushHandler,
  Inbox,
  Outbox,
  type ConversationActions,
  type Job,
} from '../src/conversation/index.js'
import { createEmulator, type Emulator } from '../src/emulator/index.js'
import { silentLogger } from '../src/log.js'
import { listen, type Listening } from '../src/http/listen.js'
import { webhook } from '../src/webhook/index.js'
import type { PushRow } from '../src/store/index.js'
import { restorePush, type Push } from '../src/wechat/index.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'
import { patience } from './support/patience.js'

const secrets = { appId: 'wx0123456789abcdef', appSecret: 's', token: 't', encodingAESKey: 'k'.repeat(43) }

describe.each(await storeKinds())('the loop on %s', (kind) => {
  let test: TestStore
  let emulator: Emulator
  let server: Listening
  let inbox: Inbox
  let outbox: Outbox
  let bot: Bot<ConversationActions>
  let shards: Shards

  beforeEach(async () => {
    test = await makeStore(kind)
    emulator = await createEmulator(patience)
    const api = new Api({ ...secrets, url: emulator.url })
    bot = new Bot<ConversationActions>({ api })
    shards =
      kind === 'sqlite'
        ? everyShard
        : new LeasedShards({
            store: test.store,
            logger: silentLogger,
            onGained: (gained) => {
              inbox.readBack()
              void outbox.adopt(gained)
            },
            onLeaving: (leaving) => outbox.leave(leaving),
          })
    const common = { store: test.store, shards, logger: silentLogger, now: Date.now, wait: delay }
    outbox = new Outbox({ ...common, allowance: defaultAllowanceRules, senderOf: () => api, remedyFor })
    const handling = new PushHandler({ ...common, bot, allowance: defaultAllowanceRules })
    const worker = new BatchWorker({ ...common, handling, onHandled: () => outbox.wake() })
    inbox = new Inbox({ ...common, worker })
    await shards.start()
    await outbox.start()
    inbox.start()
    const app = new Koa().use(webhook(inbox, secrets))
    server = await listen(app.callback(), { host: '127.0.0.1', port: 0, variable: 'PORT' })
    emulator.addApp({ ...secrets, pushUrl: server.url })
  })
  afterEach(async () => {
    await server.close()
    await inbox.stop(1000)
    await outbox.stop()
    await shards.stop()
    await emulator.close()
    await test.remove()
  })

  it('brings a message in and its reply out', async () => {
    bot.hears('你好', (ctx) => ctx.reply('您好!'))
    const customer = emulator.user('oLin')
    const delivery = await customer.sends('你好')
    expect(delivery.answer).toBe('success')
    expect((await customer.receives()).content).toMatchObject({ content: '您好!' })
    await outbox.stop()
    const messages = await test.store.db.selectFrom('message').selectAll().orderBy('id').execute()
    expect(messages.map(({ direction, author, state }) => [direction, author, state])).toEqual([
      ['incoming', 'contact', null],
      ['outgoing', 'bot', 'accepted'],
    ])
  })

  it('transfers in time, and hands over what nothing answers', async () => {
    bot.hears('人工', (ctx) => ctx.transfer())
    expect((await emulator.user('oA').sends('人工')).answer).toBe('transfer')
    expect((await emulator.user('oB').sends('?')).answer).toBe('success')
    const conversations = await test.store.db
      .selectFrom('conversation')
      .select('status')
      .orderBy('id')
      .execute()
    expect(conversations.map((each) => each.status)).toEqual(['bot', 'waiting'])
  })

  it('keeps each conversation in order under load, once each', async () => {
    bot.on('message:text', (ctx) => ctx.reply(`re:${ctx.message.content}`))
    const customers = Array.from({ length: 20 }, (_, i) => emulator.user(`o${i}`))
    await Promise.all(
      customers.map(async (customer) => {
        for (let n = 0; n < 3; n++) await customer.sends(`${n}`)
      }),
    )
    for (const customer of customers)
      for (let n = 0; n < 3; n++)
        expect((await customer.receives()).content).toMatchObject({ content: `re:${n}` })
  })

  it('is not stopped by half a character or a NUL in what a customer brings', async () => {
    bot.on('event:user_enter_tempsession', (ctx) => ctx.reply('您好!'))
    bot.on('message:text', (ctx) => ctx.reply('在的'))
    const customer = emulator.user('oLin')
    expect((await customer.enters({ sessionFrom: '商品\0页 \ud83d' })).answer).toBe('success')
    expect(await customer.receivesText()).toBe('您好!')
    await customer.sends('在吗\0\udc00')
    expect(await customer.receivesText()).toBe('在的')
    const kept = await test.store.db.selectFrom('contact').select('session_from').executeTakeFirst()
    expect(kept?.session_from).toBe('商品\uFFFD页 \uFFFD')
  })

  it('marks a push that can not be handled as failed, hands its customer over, and handles the others', async () => {
    // The inbox would read them back.
    await inbox.stop(1000)
    const { db } = test.store
    const bad = await test.store.pushes.append(rowOf('oBad'))
    const good = await test.store.pushes.append(rowOf('oGood'))
    const common = {
      store: test.store,
      shards,
      logger: silentLogger,
      now: Date.now,
      wait: async () => undefined,
    }
    const handling = new PushHandler({ ...common, bot, allowance: defaultAllowanceRules })
    const worker = new BatchWorker({
      ...common,
      onHandled: () => undefined,
      handling: {
        fail: (job) => handling.fail(job),
        handle: async (steps) => {
          if (steps.some(({ job: { push } }) => push.openId === 'oBad')) throw new Error('the row is refused')
          return handling.handle(steps)
        },
      },
    })
    bot.on('message:text', (ctx) => ctx.reply('在的'))
    await Promise.all([bad, good].map(({ id }, i) => worker.add(jobOf(id, i === 0 ? 'oBad' : 'oGood'))))
    const pushes = await db.selectFrom('push').select(['open_id', 'state']).orderBy('id').execute()
    expect(pushes).toEqual([
      { open_id: 'oBad', state: 'failed' },
      { open_id: 'oGood', state: 'handled' },
    ])
    const waiting = await db
      .selectFrom('conversation')
      .select('status')
      .where('status', '=', 'waiting')
      .execute()
    expect(waiting).toHaveLength(1)
  })
})

function rowOf(openId: string): PushRow {
  const { id, appId, format, plaintext } = pushOf(openId)
  return { dedupeKey: id, appId, openId, format, plaintext, receivedAt: Date.now() }
}

function jobOf(pushId: number, openId: string): Job {
  return { pushId, push: pushOf(openId), receivedAt: Date.now(), run: newRun() }
}

function pushOf(openId: string): Push {
  const plaintext = JSON.stringify({
    ToUserName: 'gh_1',
    FromUserName: openId,
    CreateTime: Math.floor(Date.now() / 1000),
    MsgType: 'text',
    Content: '在吗',
    MsgId: 1,
  })
  return restorePush({ appId: secrets.appId, plaintext })
}
