import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { backUp } from '../src/server/backup.js'
import { callControl } from '../src/server/control-client.js'
import { openStore, type Store } from '../src/store/index.js'
import { ApiClient } from './support/api-client.js'
import { addAgent, deskPassword, signIn, type DeskAgent } from './support/desk-agent.js'
import { startHookReceiver, type HookReceiver } from './support/hook-receiver.js'
import { png } from './support/pictures.js'
import { tcpProxy, type TcpProxy } from './support/tcp-proxy.js'
import { planted, startTestService, type TestService } from './support/test-service.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'

const SEND = '/cgi-bin/message/custom/send'
const modelKey = 'sk-plantedModelKey'
const TEXT = '客户的秘密原话'
const apiKey = 'planted-api-key-of-the-secrets-test'
const databasePassword = 'planted-password-of-the-database'
const second = {
  appId: 'wx1111111111111111',
  appSecret: 'feedfacefeedfacefeedfacefeedface',
  token: 'plantedSecondToken',
  encodingAESKey: 'plantedSecondKeyplantedSecondKeyplantedSeco',
}
const patient = { timeout: 20_000 }

/** What a walk over the API needs to be told about a route beside an id: the test fails where it is not told. */
const queries: Readonly<Record<string, Record<string, string>>> = {
  '/reports': { from: '2026-01-01', to: '2026-12-31' },
}

describe.each(await storeKinds())('planted secrets and a planted text, on %s', (kind) => {
  let database: TestStore | undefined
  let between: TcpProxy | undefined
  let hooks: HookReceiver
  let service: TestService
  const secretKey = randomBytes(32).toString('base64')

  beforeEach(async () => {
    hooks = await startHookReceiver()
    let url: URL | undefined
    if (kind === 'postgres') {
      database = await makeStore(kind)
      url = new URL(database.url)
      between = await tcpProxy({ host: url.hostname, port: Number(url.port || 5432) })
      url.host = `127.0.0.1:${between.port}`
      url.password = databasePassword
    }
    service = await startTestService({
      KEFU_API_KEY: apiKey,
      KEFU_SECRET_KEY: secretKey,
      KEFU_ALLOW_PRIVATE_HOOKS: 'loopback',
      KEFU_ALLOW_PRIVATE_MODELS: 'loopback',
      ...(url && { DATABASE_URL: url.href }),
    })
  })
  afterEach(async () => {
    await service.close()
    await between?.close()
    await database?.remove()
    await hooks.close()
    database = between = undefined
  })

  it('are found in no log, error, metric, answer, backup or unencrypted column; the text in no log, error or metric', async () => {
    const { emulator, config, directory } = service
    const module = join(directory, 'bot.mjs')
    writeFileSync(module, `export default (bot) => { bot.hears(/炸/, () => { throw new Error('handler') }) }`)
    await service.restart({ KEFU_BOT: module })
    await callControl(config.dataDir, 'import-rules', {
      rules: [
        { name: 'ask', when: { text: { contains: '问助手' } }, then: [{ assistant: '售前' }] },
        { name: 'echo', when: { text: { matches: '(.*)' } }, then: [{ reply: { text: '{{match.1}}' } }] },
      ],
    })
    const api = new ApiClient(service.url, apiKey)

    // What there can be of each kind, and the secrets that are shown once.
    await addAgent(service, 'Lin', 'admin')
    const lin = await signIn(service.url, 'Lin')
    const key = z.object({ key: z.string() }).parse(await api.ok('POST /api-keys', { body: { name: 'crm' } }))
    const hook = z
      .object({ secret: z.string() })
      .parse(await api.ok('POST /webhooks', { body: { url: hooks.url } }))
    await api.ok('POST /apps', { body: second })
    await lin.api.ok('POST /canned-replies', { body: { title: '稍候', content: '请稍候' } })

    const model = { preset: 'openai', url: `${emulator.url}/_model/v1`, model: 'fake', key: modelKey }
    await api.ok('PUT /model', { body: { main: model } })
    await api.ok('POST /knowledge/entries', { body: { entry: { title: TEXT, text: TEXT } } })
    await api.ok('PUT /assistants/:name', { params: { name: '售前' }, body: {} })
    await api.ok('POST /assistants/:name/publish', { params: { name: '售前' } })
    emulator.model.fail({ status: 500, times: 1 })
    for (const openId of ['oAsk1', 'oAsk2']) await emulator.user(openId).sends(`${TEXT} 问助手`)
    await expect
      .poll(async () => (await api.call('GET /runs/:id', { params: { id: 2 } })).status, patient)
      .toBe(200)

    // Everything that goes well and that goes wrong on the way of a message.
    const faults = [{ errcode: 45015 }, { errcode: 40001 }, { reset: 'before' }, { reset: 'after' }] as const
    for (const [index, fault] of [...faults, { status: 502 }, { errcode: 45011 }].entries()) {
      emulator.faults.add({ path: SEND, openId: `o${index}`, ...fault })
      await emulator.user(`o${index}`).sends(TEXT)
    }
    await emulator.user('oX').sends(`${TEXT} 炸`)
    await emulator.user('oY').sends({ msgType: 'other', type: 'voice', fields: { Recognition: TEXT } })
    await emulator.user('oZ').enters({ sessionFrom: 'order=7' })
    await emulator.user('oZ').sendsImage(png())
    const conversations = z.object({ items: z.array(z.object({ id: z.number(), openId: z.string() })) })
    let id = 0
    // It is answered before it is handled.
    await expect
      .poll(async () => {
        const { items } = conversations.parse(await api.ok('GET /conversations'))
        id = items.find(({ openId }) => openId === 'oZ')?.id ?? 0
        return id
      }, patient)
      .toBeGreaterThan(0)
    const thread = async (): Promise<string> =>
      JSON.stringify(await api.ok('GET /conversations/:id/messages', { params: { id } }))
    // A picture that is under way when the database goes is fetched again two minutes later.
    await expect.poll(thread, patient).toContain('"state":"stored"')
    await lin.api.ok('POST /conversations/:id/take', { params: { id } })
    const message = { msgType: 'text', content: TEXT }
    await lin.api.ok('POST /conversations/:id/messages', {
      params: { id },
      body: { clientId: 'a', message },
    })
    await lin.api.ok('POST /conversations/:id/notes', { params: { id }, body: { content: TEXT } })
    if (between) {
      await between.cut()
      expect((await emulator.user('oDown').sends(TEXT)).answer).toBeNull()
      await between.restore()
      await expect.poll(async () => (await service.get('/readyz')).status, patient).toBe(200)
    }
    emulator.faults.add({ path: '/cgi-bin/stable_token', errcode: 40164, times: 3 })
    const unsigned = `/wechat/${planted.WECHAT_APP_ID}?signature=${planted.WECHAT_TOKEN}&timestamp=1&nonce=1`

    // What is said outside.
    await expect.poll(() => hooks.received.length, patient).toBeGreaterThan(3)
    await expect.poll(async () => (await service.get('/metrics')).text).toMatch(/outcome="unknown".* 3\n/)
    const errors = [
      await post(unsigned, TEXT),
      await post('/wechat', JSON.stringify({ Encrypt: TEXT })),
      await post('/nowhere', TEXT),
      ...(await refusals(api)),
      JSON.stringify(
        await callControl(config.dataDir, 'send', { openId: 'oNobody', text: TEXT }).catch(String),
      ),
    ]
    const metrics = await Promise.all(['/metrics', '/readyz', '/healthz', '/x', '/'].map(page))
    const answers = [
      ...(await walk(lin)),
      JSON.stringify(await callControl(config.dataDir, 'status', null)),
      JSON.stringify(await callControl(config.dataDir, 'doctor', null)),
      JSON.stringify(await callControl(config.dataDir, 'export-rules', null)),
    ]
    const backup = join(directory, 'backup.db')
    if (kind === 'sqlite')
      await backUp(backup, { dataDir: config.dataDir, openStore: () => openStore(config.databaseUrl) })
    const accessTokens = emulator.calls.flatMap(({ request }) => request.query['access_token'] ?? [])
    await service.stop()

    expect(accessTokens.length).toBeGreaterThan(0)
    const secrets: Record<string, string> = {
      appSecret: planted.WECHAT_APP_SECRET,
      token: planted.WECHAT_TOKEN,
      encodingAESKey: planted.WECHAT_ENCODING_AES_KEY,
      secondSecret: second.appSecret,
      secondToken: second.token,
      secondKey: second.encodingAESKey,
      apiKey,
      secretKey,
      databasePassword,
      agentPassword: deskPassword,
      session: lin.cookie.split('=')[1] ?? '',
      madeKey: key.key,
      hookSecret: hook.secret,
      modelKey,
      ...Object.fromEntries([...new Set(accessTokens)].map((token, i) => [`accessToken${i}`, token])),
    }
    const said = { log: service.log, errors: errors.join('\n'), metrics: metrics.join('\n') }
    expect(service.log).toContain('a handler failed')
    for (const [where, words] of Object.entries({ ...said, answers: answers.join('\n') })) {
      expect(words.length, `nothing was looked at: ${where}`).toBeGreaterThan(200)
      for (const [name, secret] of Object.entries(secrets))
        expect(words.includes(secret), `${where}: ${name}`).toBe(false)
    }
    for (const [where, words] of Object.entries(said))
      expect(words.includes(TEXT), `${where} has a customer’s words`).toBe(false)
    // Where they belong they are: else this test looks at nothing.
    expect(answers.join('\n')).toContain(TEXT)

    const store = await openStore(config.databaseUrl)
    const rows = await dump(store)
    await store.close()
    expect(rows).toContain(TEXT)
    for (const [name, secret] of Object.entries(secrets))
      expect(rows.includes(secret), `a column has the ${name}`).toBe(false)
    const files = [...filesIn(config.dataDir), ...(kind === 'sqlite' ? [backup] : [])]
    for (const file of files) {
      const bytes = readFileSync(file, 'latin1')
      for (const [name, secret] of Object.entries(secrets))
        expect(bytes.includes(secret), `${file} has the ${name}`).toBe(false)
    }
  }, 120_000)

  const page = async (path: string): Promise<string> => (await service.get(path)).text
  const post = async (path: string, body: string): Promise<string> =>
    (await fetch(`${service.url}${path}`, { method: 'POST', body })).text()

  /** What every GET route answers, for whoever runs the service and for a signed-in admin, with ids that exist. */
  async function walk(lin: DeskAgent): Promise<string[]> {
    const asked = [{ authorization: `Bearer ${apiKey}` }, lin.headers]
    const get = async (
      path: string,
      headers: Readonly<Record<string, string>>,
    ): Promise<[number, string]> => {
      const cut = new AbortController()
      const answer = await fetch(`${service.url}/api/v1${path}`, { headers, signal: cut.signal })
      if (answer.headers.get('content-type')?.includes('event-stream') !== true)
        return [answer.status, await answer.text()]
      // It has no end: what comes at once.
      const [first] = await Promise.all([answer.body?.getReader().read()])
      cut.abort()
      return [answer.status, Buffer.from(first?.value ?? []).toString('utf8')]
    }
    const idOf = async (resource: string): Promise<string> => {
      if (resource === 'runs') return '1'
      if (resource === 'assistants') return encodeURIComponent('售前')
      const lists: Record<string, string> = {
        contacts: '/conversations',
        media: '/conversations',
        knowledge: '/knowledge/entries',
      }
      const list = lists[resource] ?? `/${resource}`
      const [, text] = await get(list, lin.headers)
      if (resource === 'contacts') return /"contact":\{"id":(\d+)/.exec(text)?.[1] ?? ''
      if (resource !== 'media') return /"(?:id|appId)":"?([\w-]+)/.exec(text)?.[1] ?? ''
      for (const [, id = ''] of text.matchAll(/\{"id":(\d+),"appId"/g)) {
        const [, thread] = await get(`/conversations/${id}/messages`, lin.headers)
        const media = /"media":\{"id":(\d+),"state":"stored"/.exec(thread)?.[1]
        if (media !== undefined) return media
      }
      return ''
    }
    const { paths } = await lin.api.document()
    const answers: string[] = []
    for (const template of Object.keys(paths).filter((path) => paths[path]?.['get'])) {
      const resource = template.split('/')[1] ?? ''
      const id = template.includes('{') ? await idOf(resource) : ''
      const query = new URLSearchParams({
        ...(resource === 'events' && { after: '0' }),
        ...queries[template],
      })
      const path = `${template.replace(/\{\w+\}/, id)}?${query.toString()}`
      const got = await Promise.all(asked.map((headers) => get(path, headers)))
      expect(
        got.some(([status]) => status === 200),
        `GET ${path} answers ${got.map(([status]) => status).join()}: teach this test how to ask`,
      ).toBe(true)
      answers.push(...got.map(([, text]) => text))
    }
    return answers
  }

  /** What every route that changes something says to a body that makes no sense, about things that are not there. */
  async function refusals(api: ApiClient): Promise<string[]> {
    const { paths } = await api.document()
    const answers: string[] = []
    for (const [template, operations] of Object.entries(paths))
      for (const method of Object.keys(operations).filter((each) => each !== 'get')) {
        const path = template.replace(/\{\w+\}/, '999999999')
        const answer = await fetch(`${service.url}/api/v1${path}`, {
          method: method.toUpperCase(),
          headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
          body: JSON.stringify({ content: [TEXT], text: [TEXT], name: [TEXT], rules: [{ name: [TEXT] }] }),
        })
        expect(answer.status, `${method} ${path}`).toBeGreaterThanOrEqual(400)
        answers.push(await answer.text())
      }
    return answers
  }
})

/** Every row of every table, as text. */
async function dump({ db, dialect }: Store): Promise<string> {
  const { rows: tables } =
    dialect === 'sqlite'
      ? await sql<{ name: string }>`select name from sqlite_master where type = 'table'`.execute(db)
      : await sql<{ name: string }>`
          select table_name as name from information_schema.tables where table_schema = 'public'`.execute(db)
  expect(tables.length).toBeGreaterThan(15)
  const texts: string[] = []
  for (const { name } of tables) {
    const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(name)}`.execute(db)
    for (const row of rows)
      for (const [column, value] of Object.entries(row))
        texts.push(
          `${name}.${column} ${value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value)}`,
        )
  }
  return texts.join('\n')
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
}
