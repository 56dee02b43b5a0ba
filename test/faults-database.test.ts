import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { callControl } from '../src/server/control-client.js'
import { openStore } from '../src/store/index.js'
import { tcpProxy, type TcpProxy } from './support/tcp-proxy.js'
import { startTestService, type TestService } from './support/test-service.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'

const SEND = '/cgi-bin/message/custom/send'
const SLOW = 60_000
const echo = {
  rules: [
    { name: 'echo', when: { text: { matches: '(.+)' } }, then: [{ reply: { text: '答{{match.1}}' } }] },
  ],
}

describe.runIf((await storeKinds()).includes('postgres'))('PostgreSQL behind a network that fails', () => {
  let database: TestStore
  let between: TcpProxy
  let service: TestService

  beforeEach(async () => {
    database = await makeStore('postgres')
    const { hostname, port } = new URL(database.url)
    between = await tcpProxy({ host: hostname, port: Number(port || 5432) })
    const url = new URL(database.url)
    url.host = `127.0.0.1:${between.port}`
    service = await startTestService({ DATABASE_URL: url.href })
    await callControl(service.config.dataDir, 'import-rules', echo)
  })
  afterEach(async () => {
    await between.restore()
    await service.close()
    await between.close()
    await database.remove()
  })

  /** The thread as it is kept, read beside the service. */
  async function thread(openId: string): Promise<string[]> {
    const rows = await database.store.db
      .selectFrom('message')
      .innerJoin('conversation', 'conversation.id', 'message.conversation_id')
      .innerJoin('contact', 'contact.id', 'conversation.contact_id')
      .select(['message.direction', 'message.state', 'message.content'])
      .where('contact.open_id', '=', openId)
      .orderBy('message.id')
      .execute()
    return rows.map(({ direction, state, content }) => {
      const { content: text, line } = JSON.parse(content) as { content?: string; line?: string }
      return `${state ?? direction} ${text ?? line ?? ''}`
    })
  }
  const calls = (openId: string): number =>
    service.emulator.calls.filter((call) => call.request.path === SEND && call.openId === openId).length

  it(
    'is away and comes back: nothing is lost, nothing is sent twice, and the service goes on by itself',
    async () => {
      const { emulator } = service
      const customer = emulator.user('oLin')
      await customer.sends('一')
      expect(await customer.receivesText({ timeoutMs: 15_000 })).toBe('答一')
      // One that WeChat has, and whose outcome can't be noted for now.
      emulator.faults.add({ path: SEND, openId: 'oLin', delayMs: 1500 })
      await customer.sends('二')
      await expect.poll(() => emulator.faults.items).toHaveLength(0)
      await between.cut()
      const refused = await emulator.user('oWei').sends('三')
      expect(refused).toMatchObject({ state: 'failed', answer: null })
      expect(refused.attempts.map(({ response }) => response?.status)).toEqual([500, 500, 500])
      expect((await service.get('/healthz')).status).toBe(200)
      expect((await service.get('/readyz')).status).toBe(503)
      await expect
        .poll(() => service.log, { timeout: 15_000 })
        .toContain('outcome could not be committed yet')

      await between.restore()
      await expect.poll(async () => (await service.get('/readyz')).status, { timeout: 15_000 }).toBe(200)
      await expect.poll(() => thread('oLin'), { timeout: 15_000 }).toContain('accepted 答二')
      await customer.sends('四')
      await expect
        .poll(() => thread('oLin'), { timeout: 15_000 })
        .toEqual([
          'incoming 一',
          'accepted 答一',
          'incoming 二',
          'accepted 答二',
          'incoming 四',
          'accepted 答四',
        ])
      expect(calls('oLin')).toBe(3)
      // What was answered 500 is not here: WeChat has it, and told the customer.
      expect(await thread('oWei')).toEqual([])
      const told = await emulator.user('oWei').receives()
      expect(told.content).toMatchObject({ msgType: 'system', kind: 'failure' })
      await emulator.user('oWei').sends('三')
      expect(await emulator.user('oWei').receivesText({ timeoutMs: 15_000 })).toBe('答三')
    },
    SLOW,
  )

  it('answers no more without a word: its connections are given up, and new ones serve', async () => {
    const { hostname, port } = new URL(database.url)
    const network = await tcpProxy({ host: hostname, port: Number(port || 5432) })
    const url = new URL(database.url)
    url.host = `127.0.0.1:${network.port}`
    const store = await openStore(url.href, { silenceMs: 500 })
    try {
      const heard = new Promise<string>((resolve) => store.signals.on('test', resolve))
      const row = { appId: 'wx1', openId: 'o1', format: 'json', plaintext: '{}', receivedAt: 1 } as const
      await store.pushes.append({ ...row, dedupeKey: 'a' })
      network.lose()
      await expect(store.pushes.append({ ...row, dedupeKey: 'b' })).rejects.toThrow()
      expect(await store.pushes.append({ ...row, dedupeKey: 'c' })).toMatchObject({ inserted: true })
      // Also the one that listens: what is said while it is made again is missed.
      const said = setInterval(() => void store.signals.send('test', 'word').catch(() => undefined), 100)
      expect(await heard).toBe('word')
      clearInterval(said)
    } finally {
      await store.close()
      await network.close()
    }
  })

  it.each([
    ['receiving', ['insert into push']],
    ['handling', ['update push set state', 'commit']],
    ['noting that one leaves', ['update message set state', 'commit']],
  ])(
    'breaks just after a commit of %s, before the word of it: it is done once all the same',
    async (_what, words) => {
      const broken = between.loseAnswer(words)
      const customer = service.emulator.user('oLin')
      await customer.sends('一')
      await broken
      expect(await customer.receivesText({ timeoutMs: 20_000 })).toBe('答一')
      await customer.sends('二')
      await expect
        .poll(() => thread('oLin'), { timeout: 20_000 })
        .toEqual(['incoming 一', 'accepted 答一', 'incoming 二', 'accepted 答二'])
      expect(calls('oLin')).toBe(2)
    },
    SLOW,
  )

  it(
    'breaks just after an outcome was noted, before the word of it: it is not sent again',
    async () => {
      service.emulator.faults.add({ path: SEND, delayMs: 500 })
      const customer = service.emulator.user('oLin')
      await customer.sends('一')
      await expect.poll(() => service.emulator.faults.items).toHaveLength(0)
      await between.loseAnswer(['update message set state', 'commit'])
      await customer.sends('二')
      await expect
        .poll(() => thread('oLin'), { timeout: 20_000 })
        .toEqual(['incoming 一', 'accepted 答一', 'incoming 二', 'accepted 答二'])
      expect(calls('oLin')).toBe(2)
    },
    SLOW,
  )

  it.each([
    ['noting an attempt', ['update "push" set "attempts"', 'commit']],
    ['a reply', ['insert into message', 'commit']],
    ['the end of a run', ['update "push" set "state"', 'commit']],
  ])(
    'breaks just after a commit of handlers in code, %s: the reply is sent once all the same',
    async (_what, words) => {
      const module = join(service.directory, 'bot.mjs')
      writeFileSync(module, `export default (bot) => { bot.hears(/./, (ctx) => ctx.reply('答' + ctx.text)) }`)
      const { DATABASE_URL } = { DATABASE_URL: service.config.databaseUrl }
      await service.restart({ DATABASE_URL, KEFU_BOT: module })
      const broken = between.loseAnswer(words)
      const customer = service.emulator.user('oLin')
      await customer.sends('一')
      await broken
      expect(await customer.receivesText({ timeoutMs: 20_000 })).toBe('答一')
      await customer.sends('二')
      await expect
        .poll(() => thread('oLin'), { timeout: 20_000 })
        .toEqual(['incoming 一', 'accepted 答一', 'incoming 二', 'accepted 答二'])
      expect(calls('oLin')).toBe(2)
    },
    SLOW,
  )
})
