import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createEmulator, type Emulator } from '../src/emulator/index.js'
import { openStore } from '../src/store/index.js'
import { runKefu, startKefu, type KefuServer } from './support/kefu-process.js'
import { planted } from './support/test-service.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'
import { patience } from './support/patience.js'

const SEND = '/cgi-bin/message/custom/send'
const CUSTOMERS = 12

describe.each(await storeKinds())('SIGTERM under load, on %s', (kind) => {
  let cwd: string
  let emulator: Emulator
  let database: TestStore | undefined
  let server: KefuServer | undefined

  beforeEach(async () => {
    cwd = mkdtempSync(join(tmpdir(), 'kefu-stop-'))
    emulator = await createEmulator(patience)
    if (kind === 'postgres') database = await makeStore(kind)
  })
  afterEach(async () => {
    await server?.end('SIGKILL')
    server = undefined
    await emulator.close()
    await database?.remove()
    database = undefined
    rmSync(cwd, { recursive: true })
  })

  it.each(['rules', 'handlers in code'])(
    'while %s answer and WeChat is slow: ends within 10 s; what was taken is kept and answered once, what was on its way is accepted or unknown',
    async (who) => {
      const url = database?.url ?? `file:${join(cwd, 'kefu.db')}`
      const env: Record<string, string> = {
        ...planted,
        DATA_DIR: join(cwd, 'data'),
        DATABASE_URL: url,
        WECHAT_API_URL: emulator.url,
      }
      if (who === 'rules') {
        const rules = [
          { name: 'echo', when: { text: { matches: '(.+)' } }, then: [{ reply: { text: '答{{match.1}}' } }] },
        ]
        writeFileSync(join(cwd, 'rules.json'), JSON.stringify({ rules }))
        expect(await runKefu(['rules', 'import', 'rules.json'], { cwd, env })).toMatchObject({ code: 0 })
      } else {
        env['KEFU_BOT'] = join(cwd, 'bot.mjs')
        const wait = 'new Promise((done) => setTimeout(done, Math.random() * 100))'
        const bot = `export default (bot) => bot.hears(/./, async (ctx) => { await ${wait}; await ctx.reply('答' + ctx.text) })`
        writeFileSync(join(cwd, 'bot.mjs'), bot)
      }
      const start = async (): Promise<KefuServer> => {
        server = await startKefu({ cwd, env })
        emulator.addApp({
          appId: planted.WECHAT_APP_ID,
          appSecret: planted.WECHAT_APP_SECRET,
          token: planted.WECHAT_TOKEN,
          encodingAESKey: planted.WECHAT_ENCODING_AES_KEY,
          pushUrl: `${server.url}/wechat`,
        })
        return server
      }
      const first = await start()
      const openIds = Array.from({ length: CUSTOMERS }, (_, i) => `o${i}`)
      // Some are answered while the service stops, some never in time.
      for (const openId of openIds.slice(0, 4))
        emulator.faults.add({ path: SEND, openId, delayMs: 1000, times: 50 })
      for (const openId of openIds.slice(4, 6)) emulator.faults.add({ path: SEND, openId, delayMs: 60_000 })
      const load = Promise.all(
        openIds.map(async (openId, i) => {
          // Each text once, so that each request is known again; it ends where the service has ended. Where WeChat is
          // slow no more than the bot's share of the allowance, else the rest is people's.
          for (let n = 0; n < (i < 6 ? 3 : 60); n++) {
            const customer = emulator.user(openId)
            if ((await customer.sends(`${openId} ${n}`)).answer === null) return
            if (i >= 6) await customer.receives({ timeoutMs: 4000 }).catch(() => undefined)
          }
        }),
      )
      const answered = (): number => emulator.deliveries.filter(({ answer }) => answer === 'success').length
      await expect.poll(answered, { timeout: 30_000 }).toBeGreaterThan(5 * CUSTOMERS)
      expect(await first.end()).toMatchObject({ code: 0, signal: null })
      await load

      const taken = emulator.deliveries
        .filter(({ answer }) => answer === 'success')
        .map(({ plaintext }) => contentOf(plaintext))
      const kept = await read(url, async ({ db }) => ({
        pushes: (await db.selectFrom('push').select('plaintext').execute()).map((row) =>
          contentOf(row.plaintext),
        ),
        states: await db
          .selectFrom('message')
          .select(['state', 'content'])
          .where('direction', '=', 'outgoing')
          .execute(),
      }))
      expect(taken.filter((text) => !kept.pushes.includes(text))).toEqual([])
      expect(new Set(kept.pushes).size).toBe(kept.pushes.length)

      emulator.faults.clear()
      const second = await start()
      const outbox = async (): Promise<string> => (await fetch(`${second.url}/metrics`)).text()
      await expect
        .poll(outbox, { timeout: 60_000 })
        .toMatch(/depth\{queue="inbox"\} 0\n[^]*depth\{queue="outbox"\} 0\n/)
      expect(await second.end()).toMatchObject({ code: 0 })
      const sent = await read(url, ({ db }) =>
        db
          .selectFrom('message')
          .select(['state', 'content'])
          .where('direction', '=', 'outgoing')
          .orderBy('id')
          .execute(),
      )
      const texts = sent.map(({ content }) => (JSON.parse(content) as { content: string }).content)
      expect(new Set(texts).size).toBe(texts.length)
      expect(taken.filter((text) => !texts.includes(`答${text}`))).toEqual([])
      // Unknown at most where one was on its way when it ended: one in each conversation that WeChat kept waiting.
      const unknown = sent.filter(({ state }) => state !== 'accepted')
      expect(unknown.every(({ state }) => state === 'unknown')).toBe(true)
      expect(unknown.length).toBeLessThanOrEqual(6)
      const asked = emulator.calls
        .filter(({ request }) => request.path === SEND)
        .map(({ request }) => (JSON.parse(request.body) as { text: { content: string } }).text.content)
      expect(new Set(asked).size).toBe(asked.length)
      for (const openId of openIds) {
        const shown = emulator
          .user(openId)
          .messages.filter(({ from }) => from === 'service')
          .map(({ content }) => ('content' in content ? Number(content.content.split(' ')[1]) : NaN))
        expect(shown).toEqual([...shown].sort((a, b) => a - b))
      }
    },
    150_000,
  )
})

function contentOf(plaintext: string): string {
  return (JSON.parse(plaintext) as { Content: string }).Content
}

async function read<T>(
  url: string,
  look: (store: Awaited<ReturnType<typeof openStore>>) => Promise<T>,
): Promise<T> {
  const store = await openStore(url)
  try {
    return await look(store)
  } finally {
    await store.close()
  }
}
