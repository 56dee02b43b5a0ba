import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { conversationView, type ConversationView } from '../src/desk/schemas/conversation-view.js'
import { listOf } from '../src/http/schemas/list.js'
import { uploadedPicture } from '../src/media/schemas/media.js'
import { messageView } from '../src/desk/schemas/message-view.js'
import { callControl } from '../src/server/control-client.js'
import { openStore } from '../src/store/index.js'
import { ApiClient } from './support/api-client.js'
import { addAgent, signIn } from './support/desk-agent.js'
import { gate, type Gate } from './support/gate.js'
import { startHookReceiver, type HookReceiver } from './support/hook-receiver.js'
import { jpeg } from './support/pictures.js'
import { planted, startTestService, type TestService } from './support/test-service.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'

const kinds = await storeKinds()
const apiKey = 'a-key-of-the-erasure-test-0123456789'
const waiting = { timeout: 30_000, interval: 50 }

/** Words that nobody else says. */
const who = 'oPlantedPersonOfTheErasure'
const words = {
  openId: who,
  text: '种下的话一二三',
  reply: '答：种下的话一二三',
  person: 'planted-words-of-an-agent 𪛖',
  // As the search index keeps it.
  piece: '𪛖',
  note: 'planted-note-of-a-colleague',
  tag: 'planted-tag',
  entry: 'planted-session-from',
  card: 'planted-title-of-a-card',
  picture: 'PLANTEDPICTUREBYTES',
  sentPicture: 'PLANTEDSENTPICTURE',
}
const exported = z.object({
  exportedAt: z.number(),
  conversation: conversationView,
  messages: z.array(messageView),
  pictures: z.array(z.object({ id: z.number(), state: z.string(), base64: z.string().nullable() })),
  pushes: z.array(z.object({ receivedAt: z.number(), state: z.string(), plaintext: z.string() })),
})

// The machine may be busy.
describe.each(kinds)('a customer, on %s', { timeout: 60_000 }, (kind) => {
  let service: TestService
  let database: TestStore | undefined
  let receiver: HookReceiver
  let api: ApiClient
  let environment: Record<string, string>

  beforeEach(async () => {
    database = kind === 'postgres' ? await makeStore('postgres') : undefined
    receiver = await startHookReceiver()
    environment = {
      KEFU_API_KEY: apiKey,
      KEFU_ALLOW_PRIVATE_HOOKS: '127.0.0.0/8',
      ...(database && { DATABASE_URL: database.url, KEFU_SECRET_KEY: randomBytes(32).toString('base64') }),
    }
    service = await startTestService(environment)
    api = new ApiClient(service.url, apiKey)
    await callControl(service.config.dataDir, 'import-rules', {
      rules: [
        {
          name: 'a',
          when: { text: { matches: '^(种下.*)$' } },
          then: [{ reply: { text: '答：{{match.1}}' } }],
        },
        { name: 'b', when: { event: 'user_enter_tempsession' }, then: [] },
      ],
    })
  })
  afterEach(async () => {
    await service.close()
    await receiver.close()
    await database?.remove()
  })

  async function conversationOf(openId: string): Promise<ConversationView | undefined> {
    const { items } = await api.get(listOf(conversationView), 'GET /conversations')
    return items.find((each) => each.openId === openId)
  }
  const messagesOf = async (id: number) =>
    (await api.get(listOf(messageView), 'GET /conversations/:id/messages', { params: { id } })).items

  /** Which of the words are anywhere in what is kept. */
  async function found(): Promise<string[]> {
    const tables = database === undefined ? '' : await everyRow(database.url)
    return Object.entries(words).flatMap(([name, word]) =>
      tables.includes(word) || inFiles(word, service.config.dataDir) ? [name] : [],
    )
  }

  /** Somebody of whom everything is kept that can be. */
  async function plant(openId: string): Promise<ConversationView> {
    const customer = service.emulator.user(openId)
    await customer.enters({ sessionFrom: words.entry })
    await customer.sends(words.text)
    await customer.receives({ timeoutMs: 20_000 })
    await customer.sendsImage(jpeg(30, 20, Buffer.from(words.picture)))
    await customer.sends({ msgType: 'miniprogrampage', title: words.card, pagePath: 'pages/x' })
    await customer.sends({ msgType: 'other', type: 'voice', fields: { Recognition: words.text } })
    await customer.sends({
      msgType: 'event',
      event: 'subscribe_msg_popup_event',
      fields: { List: words.text },
    })
    await expect.poll(() => conversationOf(openId), waiting).toBeDefined()
    const { id } = (await conversationOf(openId)) ?? { id: 0 }
    const answer = await fetch(`${service.url}/api/v1/media?appId=${planted.WECHAT_APP_ID}`, {
      method: 'POST',
      body: jpeg(9, 9, Buffer.from(words.sentPicture)),
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'image/jpeg' },
    })
    const { mediaId } = uploadedPicture.parse(await answer.json())
    const send = (clientId: string, message: object): Promise<unknown> =>
      api.ok('POST /conversations/:id/messages', { params: { id }, body: { clientId, message } })
    await send('picture', { msgType: 'image', mediaId })
    await send('text', { msgType: 'text', content: words.person })
    await api.ok('POST /conversations/:id/notes', { params: { id }, body: { content: words.note } })
    await api.ok('PUT /conversations/:id/tags', { params: { id }, body: { tags: [words.tag, 'vip'] } })
    await expect
      .poll(async () => {
        const messages = await messagesOf(id)
        const sent = messages.filter(({ direction }) => direction === 'outgoing')
        const pictures = messages.filter(({ media }) => media?.state === 'stored')
        return [sent.length, sent.every(({ state }) => state === 'accepted'), pictures.length]
      }, waiting)
      .toEqual([3, true, 2])
    const view = await conversationOf(openId)
    if (!view) throw new Error('There is no conversation.')
    return view
  }
  const others = async (): Promise<void> => {
    for (let i = 0; i < 20; i++)
      await service.emulator.user(`oOther${i % 5}`).sends(`别的话 ${i} ${'x'.repeat(i * 40)}`)
  }

  it('is erased from every table and file, and begins anew', async () => {
    await api.ok('POST /webhooks', { body: { url: receiver.url, events: ['message.received'] } })
    await others()
    const before = await plant(who)
    await others()
    await expect.poll(() => receiver.received.length, waiting).toBeGreaterThan(5)
    expect(await found()).toEqual(Object.keys(words))
    const search = async (): Promise<number> =>
      (await api.get(listOf(conversationView), 'GET /conversations', { query: { q: words.piece } })).items
        .length
    expect(await search()).toBe(1)

    const events = await fetch(`${service.url}/api/v1/events`, {
      headers: { authorization: `Bearer ${apiKey}` },
    })
    const contact = { params: { id: before.contact.id } }
    expect((await api.call('DELETE /contacts/:id', contact)).status).toBe(204)
    expect(await found()).toEqual([])
    expect(await search()).toBe(0)
    // Pages show nothing of them any more.
    await untilSaid(events, 'event: reset')
    expect((await api.call('DELETE /contacts/:id', contact)).status).toBe(404)
    expect((await api.call('GET /contacts/:id/export', contact)).status).toBe(404)
    expect(await conversationOf(who)).toBeUndefined()
    expect((await api.call('GET /conversations/:id/messages', { params: { id: before.id } })).status).toBe(
      404,
    )
    // The others are as they were.
    const { items } = await api.get(listOf(conversationView), 'GET /conversations')
    expect(items.map(({ openId }) => openId).sort()).toEqual([0, 1, 2, 3, 4].map((i) => `oOther${i}`))
    expect(JSON.stringify(await api.ok('GET /audit'))).toContain(
      `"contact_erased","target":"contact:${before.contact.id}"`,
    )

    await service.emulator.user(who).sends('新的开始')
    await expect
      .poll(() => conversationOf(who), waiting)
      .toMatchObject({ epoch: 1, contact: { tags: [], sessionFrom: null } })
    expect((await conversationOf(who))?.id).not.toBe(before.id)
    expect(await found()).toEqual(['openId'])

    const again = (await conversationOf(who))?.contact.id ?? 0
    await api.ok('DELETE /contacts/:id', { params: { id: again } })
    await service.stop()
    expect(await found()).toEqual([])
  })

  it('can have all that is kept of them', async () => {
    await others()
    const { contact, id } = await plant(who)
    const answer = await fetch(`${service.url}/api/v1/contacts/${contact.id}/export`, {
      headers: { authorization: `Bearer ${apiKey}` },
    })
    expect(answer.headers.get('content-disposition')).toBe(
      `attachment; filename="contact-${contact.id}.json"`,
    )
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const text = await answer.text()
    const all = exported.parse(JSON.parse(text))
    expect(all.conversation).toMatchObject({ id, openId: who, contact: { sessionFrom: words.entry } })
    expect(all.messages.map((message) => message.id)).toEqual(
      (await messagesOf(id)).map((message) => message.id).reverse(),
    )
    expect(all.pushes).toHaveLength(6)
    expect(all.pictures.map(({ base64 }) => Buffer.from(base64 ?? '', 'base64').toString('latin1'))).toEqual([
      expect.stringContaining(words.picture),
      expect.stringContaining(words.sentPicture),
    ])
    for (const word of [words.text, words.reply, words.person, words.note, words.tag])
      expect(text).toContain(word)
    expect(text).not.toContain('oOther')
    expect((await fetch(`${service.url}/api/v1/contacts/${contact.id}/export`)).status).toBe(401)
    expect((await fetch(`${service.url}/api/v1/contacts/${contact.id}`, { method: 'DELETE' })).status).toBe(
      401,
    )
    expect(await conversationOf(who)).toBeDefined()
  })

  it('is given out and erased by admins only', async () => {
    await service.emulator.user(who).sends(words.text)
    await expect.poll(() => conversationOf(who), waiting).toBeDefined()
    const contact = { params: { id: (await conversationOf(who))?.contact.id ?? 0 } }
    for (const [name, role, status] of [
      ['helper', 'agent', 403],
      ['boss', 'admin', 204],
    ] as const) {
      await addAgent(service, name, role)
      const agent = await signIn(service.url, name)
      const given = await fetch(`${service.url}/api/v1/contacts/${contact.params.id}/export`, agent)
      expect([name, given.status]).toEqual([name, status === 204 ? 200 : status])
      await given.text()
      expect([name, (await agent.api.call('DELETE /contacts/:id', contact)).status]).toEqual([name, status])
    }
    expect(await found()).toEqual([])
    const audit = JSON.stringify(await api.ok('GET /audit'))
    expect(audit).toMatch(/"actor":"agent:\d+","actorName":"boss","action":"contact_erased"/)
    expect(audit).not.toMatch(/"actorName":"helper","action":"contact/)
  })

  it('is erased only when their last message is handled, also one that takes long', async () => {
    const gates: Gate[] = []
    Object.assign(globalThis, {
      kefuErasureTest: () => {
        const next = gate()
        gates.push(next)
        return next.opened
      },
    })
    const module = join(service.directory, 'bot.mjs')
    writeFileSync(
      module,
      `export default (bot) => { bot.on('message', async (ctx) => { await globalThis.kefuErasureTest(); await ctx.reply('${words.reply}') }) }`,
    )
    await service.restart({ ...environment, KEFU_BOT: module })
    api = new ApiClient(service.url, apiKey)
    await service.emulator.user(who).enters()
    await expect.poll(() => conversationOf(who), waiting).toBeDefined()
    const { contact } = (await conversationOf(who)) ?? { contact: { id: 0 } }
    const sent = service.emulator.user(who).sends(words.text)
    await expect.poll(() => gates.length, waiting).toBe(1)
    const erased = api.call('DELETE /contacts/:id', { params: { id: contact.id } })
    gates[0]?.open()
    expect((await erased).status).toBe(204)
    await sent
    expect(await found()).toEqual([])
    expect(await conversationOf(who)).toBeUndefined()
  })

  it('keeps the pictures that others were sent as well', async () => {
    const first = await plant(who)
    const { items } = await api.get(listOf(messageView), 'GET /conversations/:id/messages', {
      params: { id: first.id },
    })
    const picture = items.find(({ direction, mediaId }) => direction === 'outgoing' && mediaId !== undefined)
    await service.emulator.user('oOther0').sends('你好')
    await expect.poll(() => conversationOf('oOther0'), waiting).toBeDefined()
    const other = await conversationOf('oOther0')
    await api.ok('POST /conversations/:id/messages', {
      params: { id: other?.id ?? 0 },
      body: { clientId: 'x', message: { msgType: 'image', mediaId: picture?.mediaId ?? '' } },
    })
    await api.ok('DELETE /contacts/:id', { params: { id: first.contact.id } })
    expect(await found()).toEqual(['sentPicture'])
    const [shown] = (await messagesOf(other?.id ?? 0)).filter(({ direction }) => direction === 'outgoing')
    expect(shown?.media).toMatchObject({ id: picture?.media?.id, state: 'stored' })
  })
})

describe('a database that was too large to be scrubbed at once', () => {
  it('is scrubbed at the next start', async () => {
    const service = await startTestService()
    try {
      await service.stop()
      const store = await openStore(service.config.databaseUrl)
      await store.db.insertInto('setting').values({ key: 'scrub_due', value: 'true' }).execute()
      await store.close()
      await service.restart()
      expect(service.log).toContain('free space is overwritten, because a customer was erased')
      await service.stop()
      const after = await openStore(service.config.databaseUrl)
      expect(
        await after.db.selectFrom('setting').select('key').where('key', '=', 'scrub_due').execute(),
      ).toEqual([])
      await after.close()
    } finally {
      await service.close()
    }
  })
})

/** Reads a stream of events until it says something. */
async function untilSaid({ body }: Response, words: string): Promise<void> {
  let said = ''
  for await (const chunk of body ?? []) {
    said += Buffer.from(chunk as Uint8Array).toString('utf8')
    if (said.includes(words)) return
  }
  throw new Error(`The stream ended without ${words}.`)
}

/** Whether a word is in a file, in a process of its own: closing the file in this one would drop SQLite's lock on it. */
function inFiles(word: string, directory: string): boolean {
  try {
    execFileSync('grep', ['-rqaF', word, directory])
    return true
  } catch (error) {
    if (error instanceof Error && 'status' in error && error.status === 1) return false
    throw error
  }
}

/** All that PostgreSQL shows of all tables. */
async function everyRow(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public'`,
    )
    let all = ''
    for (const { name } of rows) {
      const table = await client.query(`select * from "${name}"`)
      for (const row of table.rows as Record<string, unknown>[])
        for (const value of Object.values(row))
          all += `${Buffer.isBuffer(value) ? value.toString('latin1') : String(value)}\n`
    }
    return all
  } finally {
    await client.end()
  }
}
