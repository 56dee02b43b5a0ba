import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Bot } from '../src/bot/index.js'
import {
  BatchWorker,
  defaultAllowanceRules,
  everyShard,
  PushHandler,
  Inbox,
  type ConversationActions,
} from '../src/conversation/index.js'
import { silentLogger } from '../src/log.js'
import { openStore, type Store } from '../src/store/index.js'
import { pushReceiver, type PushReceiver, type RefusedRequest } from '../src/webhook/index.js'
import { decodeAESKey, encrypt, sign, type Mode, type PushSecrets } from '../src/wechat/index.js'
import { oddPlaintext, random, type Random } from './support/odd-pushes.js'
import { runs } from './support/property-runs.js'

const count = runs(100_000, 2_000)
const AT_ONCE = 250
const modes: readonly Mode[] = ['plain', 'compatible', 'secure']
const apps = modes.map((mode, i): PushSecrets & { encodingAESKey: string; mode: Mode } => ({
  appId: `wx${mode}`,
  token: `token-of-${mode}`,
  encodingAESKey: `${i}`.repeat(43),
  mode,
}))

interface Request {
  readonly query: string
  readonly body: string
}

/** The service's way of a push, from the request to the database, without a socket for each. */
class Door {
  readonly store: Store
  readonly refused: RefusedRequest[] = []
  readonly #inbox: Inbox
  readonly #receive: PushReceiver

  private constructor(store: Store) {
    this.store = store
    const around = { store, shards: everyShard, logger: silentLogger, now: Date.now, wait }
    const bot = new Bot<ConversationActions>({ api: () => undefined, logger: silentLogger })
    const handling = new PushHandler({ ...around, bot, allowance: defaultAllowanceRules })
    const worker = new BatchWorker({ ...around, handling, onHandled: () => undefined })
    this.#inbox = new Inbox({ ...around, worker, mayTransfer: () => false })
    this.#receive = pushReceiver(this.#inbox, {
      apps,
      path: '/wechat',
      logger: silentLogger,
      onRefused: (_problem, request) => this.refused.push(request),
    })
  }

  static async open(file: string): Promise<Door> {
    const store = await openStore(`file:${file}`)
    await store.migrate()
    const door = new Door(store)
    door.#inbox.start()
    return door
  }

  async push({ query, body }: Request): Promise<string> {
    const req = new IncomingMessage(new Socket())
    const request = { method: 'POST', path: '/wechat', querystring: query, req, parsed: { rawBody: body } }
    const reply = await this.#receive(request)
    return reply ? `${reply.status} ${reply.body}` : 'nobody'
  }

  async close(): Promise<void> {
    await this.#inbox.stop(30_000)
    await this.store.close()
  }
}

const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

function encoded(plaintext: string, next: Random, forged = false): Request {
  const app = apps[next(apps.length)] ?? apps[0]
  if (!app) throw new Error('There is no app.')
  const [timestamp, nonce] = [`${Math.floor(Date.now() / 1000)}`, `${next(2 ** 31)}`]
  const token = forged ? `no token ${next(2 ** 31)}` : app.token
  const signature = sign(token, timestamp, nonce)
  if (app.mode === 'plain') return { query: queryOf({ timestamp, nonce, signature }), body: plaintext }
  const encrypted = encrypt(plaintext, decodeAESKey(app.encodingAESKey), app.appId)
  const isXml = /^\s*</.test(plaintext)
  const head = app.mode === 'compatible' && next(2) === 0 ? ['Extra', 'x'] : ['ToUserName', 'gh_1']
  const body = isXml
    ? `<xml><${head[0]}><![CDATA[${head[1]}]]></${head[0]}><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`
    : JSON.stringify({ [head[0] ?? '']: head[1], Encrypt: encrypted })
  const msg_signature = sign(token, timestamp, nonce, encrypted)
  const bare = forged && next(2) === 0
  return { query: queryOf({ timestamp, nonce, msg_signature, ...(bare ? {} : { signature }) }), body }
}

const queryOf = (query: Record<string, string>): string => new URLSearchParams(query).toString()

describe(`${count} pushes of random shape`, () => {
  let directory: string
  let door: Door
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'kefu-door-'))
    door = await Door.open(join(directory, 'kefu.db'))
  })
  afterAll(async () => {
    await door.close()
    rmSync(directory, { recursive: true })
  })

  it('that are WeChat’s are all answered success and all found again, none twice, through a restart', async () => {
    const next = random(9)
    for (let sent = 0, restarted = false; sent < count;) {
      const batch: Request[] = []
      while (batch.length < AT_ONCE && sent < count) {
        const request = encoded(oddPlaintext(next, sent++), next)
        batch.push(request)
        // WeChat repeats some, at the same moment or a little later.
        if (next(20) === 0) batch.push(request)
      }
      const answers = await Promise.all(batch.map((request) => door.push(request)))
      expect(new Set(answers)).toEqual(new Set(['200 success']))
      if (restarted || sent < count / 2) continue
      restarted = true
      await door.close()
      door = await Door.open(join(directory, 'kefu.db'))
      for (const request of batch.slice(0, 50)) expect(await door.push(request)).toBe('200 success')
    }
    expect(door.refused).toEqual([])
    const { db } = door.store
    const waiting = async (): Promise<number> =>
      (await db.selectFrom('push').select('id').where('state', '=', 'new').limit(1).execute()).length
    await expect.poll(waiting, { timeout: 60_000, interval: 50 }).toBe(0)

    // Each is told by its number, which stands in it: once among the pushes, and once where people look.
    const kept = await numbersOf(db.selectFrom('push').select('plaintext as text'))
    expect(kept).toEqual(Array.from({ length: count }, (_, i) => i))
    const listed = await numbersOf(
      db
        .selectFrom('push')
        .select('plaintext as text')
        .where('unreadable', 'is not', null)
        .where('open_id', '=', ''),
    )
    const shown = await numbersOf(
      db.selectFrom('message').select('content as text').where('direction', '=', 'incoming'),
    )
    expect(listed.length).toBeGreaterThan(count / 50)
    expect([...listed, ...shown].sort((a, b) => a - b)).toEqual(kept)
  }, 600_000)

  it('that are nobody’s are all refused, parsed not once, and leave nothing', async () => {
    const before = await door.store.db
      .selectFrom('push')
      .select((eb) => eb.fn.max('id').as('id'))
      .executeTakeFirst()
    const next = random(10)
    for (let sent = 0; sent < count;) {
      const batch = Array.from({ length: Math.min(AT_ONCE, count - sent) }, () =>
        encoded(oddPlaintext(next, sent++), next, true),
      )
      const answers = await Promise.all(batch.map((request) => door.push(request)))
      expect(new Set(answers)).toEqual(new Set(['403 forbidden']))
    }
    expect(door.refused).toHaveLength(count)
    expect(door.refused.filter(({ parses }) => parses > 0)).toEqual([])
    const after = await door.store.db
      .selectFrom('push')
      .select((eb) => eb.fn.max('id').as('id'))
      .executeTakeFirst()
    expect(after).toEqual(before)
  }, 600_000)
})

async function numbersOf(query: { execute(): Promise<{ text: string }[]> }): Promise<number[]> {
  return (await query.execute())
    .map(({ text }) => Number(/#(\d+)#/.exec(text)?.[1] ?? -1))
    .sort((a, b) => a - b)
}
