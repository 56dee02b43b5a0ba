import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createEmulator, type Emulator } from '../src/emulator/index.js'
import { openStore } from '../src/store/index.js'
import { runKefu, startKefu, type Ended, type KefuServer } from './support/kefu-process.js'
import { planted } from './support/test-service.js'
import { makeStore, storeKinds } from './stores.js'
import { patience } from './support/patience.js'

const appId = planted.WECHAT_APP_ID
const SLOW = 60_000

let cwd: string
let dataDir: string
let emulator: Emulator
let env: Record<string, string>
let server: KefuServer | undefined

beforeEach(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'kefu-process-'))
  dataDir = join(cwd, 'data')
  emulator = await createEmulator(patience)
  env = { ...planted, DATA_DIR: dataDir, WECHAT_API_URL: emulator.url }
})
afterEach(async () => {
  await server?.end('SIGKILL')
  server = undefined
  await emulator.close()
  rmSync(cwd, { recursive: true })
})

async function start(changes: Record<string, string> = {}): Promise<KefuServer> {
  server = await startKefu({ cwd, env: { ...env, ...changes } })
  emulator.addApp({
    appId,
    appSecret: planted.WECHAT_APP_SECRET,
    token: planted.WECHAT_TOKEN,
    encodingAESKey: planted.WECHAT_ENCODING_AES_KEY,
    pushUrl: `${server.url}/wechat/${appId}`,
  })
  return server
}
const kefu = (...args: string[]): Promise<Ended> => runKefu(args, { cwd, env })

function writeRules(): string {
  const file = join(cwd, 'rules.json')
  const rules = [
    { name: 'echo', when: { text: { matches: '(.+)' } }, then: [{ reply: { text: '答{{match.1}}' } }] },
  ]
  writeFileSync(file, JSON.stringify({ rules }))
  return file
}

describe('kefu start', () => {
  it('ends with what is wrong when the configuration can’t work, without the secret', async () => {
    env = { ...env, PORT: '99999', WECHAT_ENCODING_AES_KEY: 'planted-short' }
    const { code, stderr, stdout } = await kefu('start')
    expect(code).toBe(1)
    expect(stderr).toContain('PORT must be a port number')
    expect(stderr).toContain('WECHAT_ENCODING_AES_KEY must be')
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(stderr + stdout).not.toContain('planted')
  })

  it('reads .env, which replaces nothing', async () => {
    writeFileSync(join(cwd, '.env'), 'PORT=99999\nLOG_LEVEL=loud\n')
    const { stderr } = await runKefu(['start'], { cwd, env: { ...env, LOG_LEVEL: 'info' } })
    expect(stderr).toContain('PORT must be')
    expect(stderr).not.toContain('LOG_LEVEL')
  })

  it(
    'is refused on a database that another has, with a clear word, and after a kill -9 it is not',
    async () => {
      await start()
      const { code, stderr } = await runKefu(['start'], { cwd, env: { ...env, PORT: '0' } })
      expect(code).toBe(1)
      expect(stderr).toContain('Another kefu is running on this database')
      await server?.end('SIGKILL')
      await start()
      const { stdout } = await kefu('migrate')
      expect(stdout).toContain('The running server')
    },
    SLOW,
  )

  it(
    'ends well on a signal, and at once on a second one',
    async () => {
      const idle = await start()
      expect(await idle.end()).toMatchObject({ code: 0 })
      expect(existsSync(join(dataDir, 'kefu.sock'))).toBe(false)
      const module = join(cwd, 'bot.mjs')
      writeFileSync(
        module,
        `export default (bot) => bot.hears('慢', () => { console.error('begun'); return new Promise((done) => setTimeout(done, 30000)) })`,
      )
      const busy = await start({ KEFU_BOT: module })
      void emulator.user('oLin').sends('慢')
      await expect.poll(() => busy.log).toContain('begun')
      const first = busy.end()
      await expect.poll(() => busy.log).toContain('"stopping"')
      void busy.end('SIGINT')
      expect(await first).toMatchObject({ code: 1 })
    },
    SLOW,
  )

  it(
    'stops within 10 s under load and loses nothing that it said success for, sends nothing twice',
    async () => {
      await start()
      expect(await kefu('rules', 'import', writeRules())).toMatchObject({ code: 0 })
      const customers = Array.from({ length: 30 }, (_, i) => emulator.user(`o${i}`))
      const answersTo = (customer: ReturnType<Emulator['user']>): string[] =>
        customer.messages
          .filter(({ from }) => from === 'service')
          .map(({ content }) => ('content' in content ? content.content : ''))
      let stopped = false
      const load = Promise.all(
        customers.map(async (customer) => {
          for (let n = 0; n < 20; n++) {
            await customer.sends(`${n}`)
            // Further ahead than the allowance (5, one kept for people), answers would rightly be refused.
            while (!stopped && n - answersTo(customer).length > 1) await delay(5)
          }
        }),
      )
      await expect
        .poll(() => emulator.deliveries.filter(({ state }) => state === 'answered').length)
        .toBeGreaterThan(50)
      const ended = await server?.end()
      expect(ended).toMatchObject({ code: 0, signal: null })
      stopped = true
      await load
      const said = emulator.deliveries.filter(({ answer }) => answer === 'success')
      expect(said.length).toBeLessThan(600)

      await start()
      // All that was taken is handled, and each answered once: the phones show it.
      for (const customer of customers) {
        const taken = said.filter(({ openId }) => openId === customer.openId).length
        await expect.poll(() => answersTo(customer).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(taken)
        const answers = answersTo(customer)
        expect(new Set(answers).size).toBe(answers.length)
        expect(answers).toEqual([...answers].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1))))
      }
    },
    SLOW,
  )

  it(
    'stops within 10 s while WeChat does not answer; what was on its way is then unknown, and not sent again',
    async () => {
      await start()
      await kefu('rules', 'import', writeRules())
      const send = '/cgi-bin/message/custom/send'
      emulator.faults.add({ path: send, delayMs: 60_000 })
      const customer = emulator.user('oLin')
      await customer.sends('一')
      const sends = (): number => emulator.calls.filter(({ request }) => request.path === send).length
      await expect.poll(() => emulator.faults.items).toHaveLength(0)
      expect(await server?.end()).toMatchObject({ code: 0, signal: null })
      await start()
      await customer.sends('二')
      expect((await customer.receives()).content).toMatchObject({
        content: expect.stringMatching(/答[一二]/) as string,
      })
      // What it received may be the first reply, which WeChat took after all.
      await expect.poll(sends, { timeout: 20_000 }).toBe(2)
      await server?.end()
      const store = await openStore(`file:${join(dataDir, 'kefu.db')}`)
      const states = await store.db
        .selectFrom('message')
        .select('state')
        .where('direction', '=', 'outgoing')
        .orderBy('id')
        .execute()
      await store.close()
      expect(states.map(({ state }) => state)).toEqual(['unknown', 'accepted'])
      expect(sends()).toBe(2)
    },
    SLOW,
  )

  it.skipIf(process.getuid?.() === 0)('says what keeps the database from being opened', async () => {
    mkdirSync(dataDir, { mode: 0o500 })
    expect(await kefu('start')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/can’t be opened.*can be written to/) as string,
    })
  })

  it('says that a file is no database of kefu', async () => {
    mkdirSync(dataDir)
    writeFileSync(
      join(dataDir, 'kefu.db'),
      'this is no database, it is a text that is long enough to be one page '.repeat(100),
    )
    const { code, stderr } = await kefu('start')
    expect(code).toBe(1)
    expect(stderr).toMatch(/The database can’t be opened \((SQLITE_NOTADB|ERR_SQLITE_ERROR)\)/)
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  it(
    'tells what nobody caught without a customer’s words, and goes on after a rejection',
    async () => {
      const module = join(cwd, 'bot.mjs')
      writeFileSync(
        module,
        `export default (bot) => {
          bot.hears('拒', (ctx) => { void Promise.reject(Object.assign(new Error('forgotten'), { detail: ctx.text })) })
          bot.hears('炸', () => { setTimeout(() => { throw new Error('out of the blue') }, 1) })
        }`,
      )
      const running = await start({ KEFU_BOT: module })
      await emulator.user('oLin').sends('拒')
      await expect.poll(() => running.log).toContain('forgotten')
      expect(await (await fetch(`${running.url}/readyz`)).json()).toEqual({ status: 'ready' })
      void emulator.user('oWei').sends('炸')
      expect(await running.ended).toMatchObject({ code: 1 })
      expect(running.log).toContain('out of the blue')
      expect(running.log).not.toMatch(/拒|炸/)
    },
    SLOW,
  )
})

describe('commands', () => {
  it(
    'add a file’s entries to what the running server knows, and write them all to a file',
    async () => {
      await start()
      const table = join(cwd, 'table.csv')
      writeFileSync(table, '问题,答案\n怎么退货,七天内\n没有答案,\n')
      expect(await kefu('knowledge', 'import', table)).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/1 entries imported, 0 of them drafts[^]*3: .*no answer/) as string,
      })
      const known = join(cwd, 'known.json')
      expect(await kefu('knowledge', 'export', known)).toMatchObject({ code: 0 })
      expect(JSON.parse(readFileSync(known, 'utf8'))).toMatchObject({
        entries: [{ title: '怎么退货', text: '七天内', state: 'live' }],
      })
      expect(await kefu('knowledge', 'import', known)).toMatchObject({ code: 0 })
      writeFileSync(known, '{"entries":[{"title":""}]}')
      expect(await kefu('knowledge', 'import', known)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('entries.0.title') as string,
      })
    },
    SLOW,
  )

  it(
    'go through the running server: rules, a message, a backup',
    async () => {
      const { url } = await start()
      expect(statSync(join(dataDir, 'kefu.sock')).mode & 0o777).toBe(0o600)
      expect(await kefu('rules', 'import', writeRules())).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('1 rules imported') as string,
      })
      const customer = emulator.user('oLin')
      await customer.sends('一')
      expect((await customer.receives()).content).toMatchObject({ content: '答一' })

      const exported = join(cwd, 'exported.json')
      expect(await kefu('rules', 'export', exported)).toMatchObject({ code: 0 })
      expect(JSON.parse(readFileSync(exported, 'utf8'))).toEqual(
        JSON.parse(readFileSync(writeRules(), 'utf8')),
      )
      writeFileSync(exported, '{"rules":[{"name":"x","when":{"txt":1},"then":[]}]}')
      const refused = await kefu('rules', 'import', exported)
      expect(refused.code).toBe(1)
      expect(refused.stderr).toMatch(/rules\[0\]\.when.*rule "x"/)

      expect(await kefu('send', 'oLin', '二')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('accepted by WeChat') as string,
      })
      expect((await customer.receives()).content).toMatchObject({ content: '二' })
      emulator.faults.add({ path: '/cgi-bin/message/custom/send', errcode: 45015 })
      const failed = await kefu('send', '--app', appId, 'oLin', '三')
      expect(failed.code).toBe(1)
      expect(failed.stdout).toMatch(/failed 45015.*\n.*\n.*48 hours/)
      const stranger = await kefu('send', 'oNobody', '三')
      expect(stranger).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('no conversation') as string,
      })

      const backup = join(cwd, 'backup.db')
      const backedUp = await kefu('backup', backup)
      expect(backedUp).toMatchObject({ code: 0, stderr: '' })
      expect(statSync(backup).mode & 0o777).toBe(0o600)
      expect(existsSync(`${backup}.part`)).toBe(false)
      expect(await kefu('backup', backup)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('is there already') as string,
      })
      expect(await (await fetch(`${url}/readyz`)).text()).toContain('ready')
    },
    SLOW,
  )

  it(
    'work without a server: a message goes at once, a backup too',
    async () => {
      await start()
      await emulator.user('oLin').sends('一')
      await server?.end()
      const sent = await kefu('send', 'oLin', '二')
      expect(sent).toMatchObject({ code: 0, stdout: expect.stringContaining('No server runs') as string })
      expect((await emulator.user('oLin').receives()).content).toMatchObject({ content: '二' })
      expect(await kefu('rules', 'import', writeRules())).toMatchObject({ code: 0 })
      const backup = join(cwd, 'backup.db')
      expect(await kefu('backup', backup)).toMatchObject({ code: 0 })
      const store = await openStore(`file:${backup}`)
      expect(await store.db.selectFrom('rule').select('name').execute()).toEqual([{ name: 'echo' }])
      await store.close()
    },
    SLOW,
  )

  it(
    'a backup that was made under load is restored, and starts; without its key it says so',
    async () => {
      await start()
      await kefu('rules', 'import', writeRules())
      const customers = Array.from({ length: 10 }, (_, i) => emulator.user(`o${i}`))
      let loading = true
      const load = Promise.all(
        customers.map(async (customer) => {
          for (let n = 0; loading; n++) await customer.sends(`${n}`)
        }),
      )
      const before = emulator.deliveries.length
      const backup = join(cwd, 'backup.db')
      expect(await kefu('backup', backup)).toMatchObject({ code: 0 })
      loading = false
      await load
      expect(emulator.deliveries.length).toBeGreaterThan(before)
      await server?.end()

      const key = join(dataDir, 'secret.key')
      dataDir = join(cwd, 'restored')
      env = { ...env, DATA_DIR: dataDir }
      mkdirSync(dataDir)
      copyFileSync(backup, join(dataDir, 'kefu.db'))
      const keyless = await kefu('start')
      expect(keyless).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/key that is not here.*secret\.key/) as string,
      })
      copyFileSync(key, join(dataDir, 'secret.key'))
      await start()
      await emulator.user('oNew').sends('新')
      expect((await emulator.user('oNew').receives()).content).toMatchObject({ content: '答新' })
    },
    SLOW,
  )

  it(
    'go on after the key is lost, once that is said',
    async () => {
      await start()
      await server?.end()
      rmSync(join(dataDir, 'secret.key'))
      expect(await kefu('start')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('--forget-secrets') as string,
      })
      expect(await kefu('migrate', '--forget-secrets')).toMatchObject({ code: 0 })
      await start()
    },
    SLOW,
  )

  it('say that PostgreSQL has its own backup', async () => {
    if (!(await storeKinds()).includes('postgres')) return
    const test = await makeStore('postgres')
    env = { ...env, DATABASE_URL: test.url }
    const { code, stderr } = await kefu('backup', join(cwd, 'x.db'))
    await test.remove()
    expect(code).toBe(1)
    expect(stderr).toContain('pg_dump')
  })
})
