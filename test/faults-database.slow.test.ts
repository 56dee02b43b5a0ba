import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createEmulator } from '../src/emulator/index.js'
import { callControl } from '../src/server/control-client.js'
import { openStore } from '../src/store/index.js'
import { startKefu, type KefuServer } from './support/kefu-process.js'
import { tcpProxy, type TcpProxy } from './support/tcp-proxy.js'
import { planted, startTestService, type TestService } from './support/test-service.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'
import { patience } from './support/patience.js'

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
      const heard = new Promise<string>((resolve) => store.signals.on('erased', resolve))
      const row = { appId: 'wx1', openId: 'o1', format: 'json', plaintext: '{}', receivedAt: 1 } as const
      await store.pushes.append({ ...row, dedupeKey: 'a' })
      network.lose()
      await expect(store.pushes.append({ ...row, dedupeKey: 'b' })).rejects.toThrow()
      expect(await store.pushes.append({ ...row, dedupeKey: 'c' })).toMatchObject({ inserted: true })
      // Also the one that listens: what is said while it is made again is missed.
      const said = setInterval(() => void store.signals.send('erased', 'word').catch(() => undefined), 100)
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
    ['noting an attempt', ['update push set attempts', 'commit']],
    ['a reply', ['insert into message', 'commit']],
    ['the end of a run', ['answer = $3::text where id', 'commit']],
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

describe.each(await storeKinds())('a row that the database refuses, on %s', (kind) => {
  let database: TestStore | undefined
  let service: TestService

  beforeEach(async () => {
    if (kind === 'postgres') database = await makeStore(kind)
    service = await startTestService(database ? { DATABASE_URL: database.url } : {})
    await callControl(service.config.dataDir, 'import-rules', echo)
  })
  afterEach(async () => {
    await service.close()
    await database?.remove()
    database = undefined
  })

  it.each(['rules', 'handlers in code'])(
    'is tried three times where %s answer, then its push is marked failed and people get the customer; others go on',
    async (who) => {
      const module = join(service.directory, 'bot.mjs')
      writeFileSync(module, `export default (bot) => { bot.hears(/./, (ctx) => ctx.reply('答' + ctx.text)) }`)
      await service.stop()
      const refusing = await openStore(service.config.databaseUrl)
      await (
        kind === 'sqlite'
          ? sql`create trigger refuse before insert on message when new.content like '%毒%'
              begin select raise(abort, 'refused'); end`
          : sql`alter table message add constraint refuse check (content not like '%毒%')`
      ).execute(refusing.db)
      await refusing.close()
      await service.restart(who === 'rules' ? {} : { KEFU_BOT: module })
      const [bad, good] = [service.emulator.user('oBad'), service.emulator.user('oGood')]
      const taken = await Promise.all([bad.sends('毒'), good.sends('一')])
      expect(taken.map(({ answer }) => answer)).toEqual(['success', 'success'])
      expect(await good.receivesText({ timeoutMs: 20_000 })).toBe('答一')
      await expect.poll(() => service.log, { timeout: 20_000 }).toContain('is marked failed')
      expect(service.log.match(/could not be handled; (they wait|it is)/g)?.length).toBeLessThanOrEqual(4)
      // People can answer them: WeChat allows it, whatever of it could be kept.
      const { dataDir } = service.config
      expect(await callControl(dataDir, 'send', { openId: 'oBad', text: '在' })).toMatchObject({
        result: [{ state: 'accepted' }],
      })
      // What they say later is kept.
      await bad.sends('二')
      await expect
        .poll(async () => (await service.get('/metrics')).text, { timeout: 20_000 })
        .toContain('kefu_queue_depth{queue="inbox"} 0\n')
      await service.stop()
      const store = await openStore(service.config.databaseUrl)
      const rows = await store.db
        .selectFrom('push')
        .innerJoin('contact', 'contact.open_id', 'push.open_id')
        .innerJoin('conversation', 'conversation.contact_id', 'contact.id')
        .select(['push.open_id', 'push.state', 'conversation.status'])
        .orderBy('push.id')
        .execute()
      await store.close()
      expect(rows.filter(({ open_id: openId }) => openId === 'oBad')).toMatchObject([
        { state: 'failed', status: 'waiting' },
        { state: 'handled' },
      ])
      expect(rows.filter(({ open_id: openId }) => openId === 'oGood')).toMatchObject([
        { state: 'handled', status: 'bot' },
      ])
    },
    SLOW,
  )
})

describe('a handler that ends the process', () => {
  it(
    'is run three times, then its push is marked failed and people get the customer: the service stays up',
    async () => {
      const cwd = mkdtempSync(join(tmpdir(), 'kefu-ends-'))
      const emulator = await createEmulator(patience)
      const databaseUrl = `file:${join(cwd, 'kefu.db')}`
      const env = {
        ...planted,
        DATA_DIR: join(cwd, 'data'),
        DATABASE_URL: databaseUrl,
        WECHAT_API_URL: emulator.url,
        KEFU_BOT: join(cwd, 'bot.mjs'),
      }
      writeFileSync(env.KEFU_BOT, `export default (bot) => bot.hears('炸', () => process.exit(9))`)
      let server: KefuServer | undefined
      try {
        server = await startKefu({ cwd, env })
        emulator.addApp({
          appId: planted.WECHAT_APP_ID,
          appSecret: planted.WECHAT_APP_SECRET,
          token: planted.WECHAT_TOKEN,
          encodingAESKey: planted.WECHAT_ENCODING_AES_KEY,
          pushUrl: `${server.url}/wechat`,
        })
        void emulator.user('oLin').sends('炸')
        expect(await server.ended).toMatchObject({ code: 9 })
        // Twice more, perhaps before it is ready.
        for (let n = 2; n <= 3; n++)
          await startKefu({ cwd, env }).then(
            async ({ ended }) => expect(await ended).toMatchObject({ code: 9 }),
            (error: unknown) => expect(String(error)).toContain('kefu start ended'),
          )
        server = await startKefu({ cwd, env })
        const running = server
        const { url } = running
        await expect.poll(async () => (await fetch(`${url}/readyz`)).status).toBe(200)
        await expect.poll(() => server?.log, { timeout: 15_000 }).toContain('is marked failed')
        expect(await running.end()).toMatchObject({ code: 0 })
        const store = await openStore(databaseUrl)
        expect(await store.db.selectFrom('push').select('state').execute()).toEqual([{ state: 'failed' }])
        expect(await store.db.selectFrom('conversation').select('status').execute()).toEqual([
          { status: 'waiting' },
        ])
        await store.close()
      } finally {
        await server?.end('SIGKILL')
        await emulator.close()
        rmSync(cwd, { recursive: true })
      }
    },
    2 * SLOW,
  )
})
