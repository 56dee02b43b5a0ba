import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import Koa from 'koa'
import { afterEach, describe, expect, it } from 'vitest'
import { Bot } from '../src/bot/index.js'
import { checkReceiver, type CheckOptions } from '../src/check/check-receiver.js'
import { checkTitles } from '../src/check/check-names.js'
import { summaryText } from '../src/check/check-report.js'
import type { CheckRow } from '../src/check/check-row.js'
import { shapesOf } from '../src/check/odd-shapes.js'
import { MAX_REQUESTS } from '../src/check/receiver-line.js'
import { makeSecrets } from '../src/emulator/index.js'
import { silentLogger } from '../src/log.js'
import { webhook } from '../src/webhook/index.js'
import { failureLine, type Mode, type PushSecrets } from '../src/wechat/index.js'
import { handwrittenReceiver } from './handwritten-receiver.js'
import { startPushReceiver, type PushReceiver, type Received, type ReceiverAnswer } from './push-receiver.js'
import { startKoa } from './support/koa-server.js'

const secrets = makeSecrets()
const modes: readonly Mode[] = ['secure', 'compatible', 'plain']

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function check(url: string, change: Partial<CheckOptions> = {}): Promise<CheckRow[]> {
  const rows: CheckRow[] = []
  const options = {
    url,
    secrets,
    mode: undefined,
    format: undefined,
    // Long enough for a machine that does much else.
    timeoutMs: 20_000,
    quickMs: 20_000,
    now: Date.now,
    random: (least: number, end: number) => randomInt(least, end),
    signal: new AbortController().signal,
    ...change,
  }
  for await (const row of checkReceiver(options)) rows.push(row)
  return rows
}

async function receiver(answer: (request: Received) => ReceiverAnswer): Promise<PushReceiver> {
  const started = await startPushReceiver(answer)
  closing.push(() => started.close())
  return started
}

/** The verdicts that are not `ok`, by the check's name. */
function faults(rows: readonly CheckRow[]): Record<string, string> {
  return Object.fromEntries(
    rows.filter(({ verdict }) => verdict !== 'ok').map(({ check, verdict }) => [check, verdict]),
  )
}

function rowOf(rows: readonly CheckRow[], check: CheckRow['check']): CheckRow {
  const row = rows.find((each) => each.check === check)
  if (!row) throw new Error(`no row ${check}`)
  return row
}

describe('a webhook of kefu’s', () => {
  const start = async (mode: Mode): Promise<{ url: string; texts: string[] }> => {
    const texts: string[] = []
    const bot = new Bot({ api: { send: async () => undefined, setTyping: async () => undefined } })
    bot.on('message:text', (ctx) => texts.push(ctx.message.content))
    const options = { path: '/wechat', ...secrets, mode, logger: silentLogger }
    const server = await startKoa(new Koa().use(webhook(bot, options)))
    closing.push(() => server.close())
    return { url: `http://127.0.0.1:${server.port}/wechat`, texts }
  }

  it.each(modes)('is right in every row, in %s mode and both formats', async (mode) => {
    const { url, texts } = await start(mode)
    const rows = await check(url, { mode })
    expect(faults(rows)).toEqual({})
    for (const format of ['json', 'xml'])
      expect(rows.filter((row) => row.format === format).length).toBeGreaterThan(14)
    expect(texts).toContain('<a><![CDATA[1]]></a>')
    // Three pushes of one message, and two messages of one second.
    expect(texts.filter((text) => text === 'kefu check 1')).toHaveLength(1)
    expect(texts.filter((text) => text === 'kefu check 2')).toHaveLength(1)
  })

  it('is found out to be in secure mode, when nothing is told', async () => {
    const { url } = await start('secure')
    const rows = await check(url)
    const texts = rows.filter((row) => row.check === 'push.text')
    expect(texts.map(({ mode, verdict }) => `${String(mode)} ${verdict}`)).toEqual([
      'secure ok',
      'secure ok',
      'compatible ok',
      'compatible ok',
      'plain skipped',
      'plain skipped',
    ])
    expect(rows.filter(({ verdict }) => verdict === 'wrong' || verdict === 'warn')).toEqual([])
  })
})

describe('a receiver written by hand', () => {
  it.each(modes)('is right in every row, in %s mode', async (mode) => {
    const handled: string[] = []
    const { url, received } = await receiver(handwrittenReceiver({ ...secrets, mode }, handled))
    const rows = await check(url, { mode })
    expect(faults(rows)).toEqual({})
    expect(received.length).toBeLessThanOrEqual(MAX_REQUESTS)
    // Repeats are of one message.
    const msgIds = handled.flatMap((text) => /MsgId\D+(\d+)/.exec(text)?.[1] ?? [])
    expect(new Set(msgIds).size).toBe(msgIds.length)
    // What is pushed is of customers that can be told from real ones.
    const names = handled.map((text) => /FromUserName\W+(?:CDATA\W+)?([\w-]+)/.exec(text)?.[1] ?? '')
    expect(names.filter((name) => !name.startsWith('kefu-check-'))).toEqual([])
  })

  it('gets at most sixty requests when everything must be tried', async () => {
    const answer = handwrittenReceiver({ ...secrets, mode: 'secure' })
    const { url, received } = await receiver(answer)
    const rows = await check(url)
    expect(received.length).toBeLessThanOrEqual(MAX_REQUESTS)
    expect(new Set(rows.map((row) => row.check))).toEqual(new Set(Object.keys(checkTitles)))
  })

  it('gets the body in pieces, without Content-Type, and pretty-printed', async () => {
    const { url, received } = await receiver(handwrittenReceiver({ ...secrets, mode: 'plain' }))
    await check(url, { mode: 'plain' })
    const posts = received.filter(({ method }) => method === 'POST')
    expect(posts.some(({ headers }) => headers['transfer-encoding'] === 'chunked')).toBe(true)
    expect(posts.some(({ headers }) => headers['content-type'] === undefined)).toBe(true)
    expect(posts.some(({ body }) => body.startsWith('{\n') && body.endsWith('}\n'))).toBe(true)
    expect(posts.some(({ body }) => body.includes('[kefu ]]> check]]>'))).toBe(true)
    expect(posts.some(({ body }) => /kefu \u0014check\u001b/.test(body))).toBe(true)
  })
})

describe('a receiver that leaks its echostr', () => {
  it('is wrong where the signature is not good, and right where it is', async () => {
    const right = handwrittenReceiver({ ...secrets, mode: 'secure' })
    const { url } = await receiver((request) =>
      request.method === 'GET' ? (request.query['echostr'] ?? '') : right(request),
    )
    const rows = await check(url, { mode: 'secure', format: 'json' })
    expect(faults(rows)).toEqual({ 'url.forged': 'wrong', 'url.unsigned': 'wrong' })
    expect(rowOf(rows, 'url.forged').meaning?.zh).toContain('任何人')
  })

  it('also when it leaks it in a page of its own', async () => {
    const { url } = await receiver(({ query }) => ({ status: 403, body: `bad: ${query['echostr'] ?? ''}` }))
    expect(rowOf(await check(url, { mode: 'plain' }), 'url.forged').verdict).toBe('wrong')
  })

  it.each([
    ['in quotes', (text: string) => `"${text}"`, '引号'],
    ['with a line feed', (text: string) => `${text}\n`, '换行'],
    ['behind a byte order mark', (text: string) => `\uFEFF${text}`, 'BOM'],
    ['as a number', (text: string) => String(Number(text)), '数字'],
    ['in a page', (text: string) => `<p>${text}</p>`, '之外'],
    ['not at all', () => '', '空'],
  ])('names an echostr that is answered %s', async (_, change, words) => {
    const { url } = await receiver(({ query }) => change(query['echostr'] ?? ''))
    const row = rowOf(await check(url, { mode: 'plain' }), 'url.good')
    expect(row).toMatchObject({ verdict: 'wrong' })
    expect(row.found.zh).toContain(words)
  })
})

describe('a broken receiver', () => {
  const plain: PushSecrets = { ...secrets, mode: 'plain' }
  const reply = '{"ToUserName":"kefu-check","MsgType":"text","Content":"您好"}'

  /** Breaks in another way for each shape. */
  function broken(request: Received): ReceiverAnswer {
    const { method, body, headers, query } = request
    if (method === 'GET') return handwrittenReceiver(plain)(request)
    if (body.includes('user_enter_tempsession')) return { status: 500, body: 'a stack trace' }
    if (body.includes('user_authorization_revoke')) return { status: 302, body: '' }
    if (body.includes('"image"')) return () => undefined
    if (body.includes('miniprogrampage')) return 'ok'
    if (body.includes('👋')) return reply
    if (headers['transfer-encoding'] === 'chunked') return (res) => res.destroy()
    if (headers['content-type'] === undefined) return ''
    if (body.includes('kefu check 2')) return { status: 404, body: '' }
    if (query['signature'] === undefined) return { status: 500, body: '' }
    return 'success'
  }

  it('is told what each of its answers means', async () => {
    const { url } = await receiver(broken)
    const rows = await check(url, { mode: 'plain', format: 'json', timeoutMs: 3000 })
    expect(faults(rows)).toEqual({
      'push.enter': 'wrong',
      'push.image': 'wrong',
      'push.card': 'wrong',
      'odd.emoji': 'wrong',
      'odd.capital': 'wrong',
      'odd.chunked': 'wrong',
      'repeat.sameSecond': 'wrong',
      'forged.signature': 'wrong',
      'forged.unsigned': 'warn',
      'forged.stale': 'warn',
    })
    expect(rowOf(rows, 'push.enter')).toMatchObject({ ms: expect.any(Number) as number })
    expect(rowOf(rows, 'push.enter').found.zh).toContain('500')
    expect(rowOf(rows, 'push.enter').meaning?.zh).toContain(`「${failureLine}」`)
    expect(rowOf(rows, 'push.image').found.en).toBe('No answer within 3 s, which WeChat counts as none.')
    expect(rowOf(rows, 'push.image').ms).toBeGreaterThanOrEqual(2900)
    expect(rowOf(rows, 'odd.emoji').found.en).toContain('a Mini Program replies through the API')
    expect(rowOf(rows, 'odd.capital').found.zh).toContain('微信不跟随跳转')
    expect(rowOf(rows, 'odd.untyped').found.zh).toContain('空串')
    expect(JSON.stringify(rows)).not.toContain('a stack trace')
  })

  it('is told that a repeat was handled again, where the repeat is transferred and the first was not', async () => {
    const counts = new Map<string, number>()
    const { url } = await receiver((request) => {
      const right = handwrittenReceiver(plain)(request)
      if (request.method === 'GET' || typeof right !== 'string') return right
      const count = (counts.get(request.body) ?? 0) + 1
      counts.set(request.body, count)
      if (count < 3) return right
      const { FromUserName, ToUserName } = JSON.parse(request.body) as Record<string, string>
      return JSON.stringify({
        ToUserName: FromUserName,
        FromUserName: ToUserName,
        CreateTime: 1,
        MsgType: 'transfer_customer_service',
      })
    })
    const rows = await check(url, { mode: 'plain', format: 'json' })
    expect(faults(rows)).toEqual({ 'repeat.later': 'wrong' })
    expect(rowOf(rows, 'repeat.later').found.zh).toContain('转接')
  })

  it('is told once when it answers nothing, and the rest is not tried', async () => {
    const { url, received } = await receiver(() => ({ status: 500, body: '' }))
    const rows = await check(url)
    expect(received).toHaveLength(9)
    expect(rows.filter(({ check }) => check === 'push.text').map(({ verdict }) => verdict)).toEqual(
      new Array(6).fill('wrong'),
    )
    expect(summaryText(rows)).toContain('没有一种推送得到应答')
  })

  it('is told where nothing listens', async () => {
    const gone = await startPushReceiver()
    await gone.close()
    const rows = await check(gone.url, { mode: 'plain', format: 'json' })
    expect(rowOf(rows, 'push.text').found.en).toContain('nothing listens there')
    expect(rowOf(rows, 'url.good').verdict).toBe('wrong')
  })
})

describe('a receiver that takes anything', () => {
  it('is wrong for each forgery', async () => {
    const { url } = await receiver(({ method, query }) =>
      method === 'GET' ? (query['echostr'] ?? '') : 'success',
    )
    expect(faults(await check(url, { mode: 'secure', format: 'xml' }))).toEqual({
      'url.forged': 'wrong',
      'url.unsigned': 'wrong',
      'forged.signature': 'wrong',
      'forged.unsigned': 'wrong',
      'forged.stale': 'warn',
      'forged.tampered': 'wrong',
      'forged.appId': 'wrong',
      'forged.plaintext': 'wrong',
    })
  })

  it('is wrong as well when it answers everything with nothing, which WeChat takes for success', async () => {
    const { url } = await receiver(() => '')
    const rows = await check(url, { mode: 'secure', format: 'xml' })
    expect(rowOf(rows, 'forged.signature').verdict).toBe('wrong')
  })

  it('may take plain text when it is not told that secure mode is chosen', async () => {
    const { url } = await receiver(({ method }) => (method === 'GET' ? '' : 'success'))
    expect(rowOf(await check(url), 'forged.plaintext').verdict).toBe('warn')
  })
})

describe('docs/check.md', () => {
  it('has a line for each check, and no others', () => {
    const text = readFileSync(new URL('../docs/check.md', import.meta.url), 'utf8')
    const names = [...text.matchAll(/^\| `(\w+\.\w+)`/gm)].map(([, name]) => name)
    expect(names.sort()).toEqual(Object.keys(checkTitles).sort())
  })
})

describe('the shapes', () => {
  it.each(['json', 'xml'] as const)('are each of a name of its own, in %s', (format) => {
    const names = shapesOf(format).map((shape) => shape.check)
    expect(new Set(names).size).toBe(names.length)
  })
})
