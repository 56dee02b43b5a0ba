import { Agent } from 'undici'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { embeddingServer, type EmbeddingServer } from '../../test/support/embedding-server.js'
import { createEmulator } from '../emulator/index.js'
import { Embeddings } from './embeddings.js'

let server: EmbeddingServer
let log = ''
let spent: number[]
let left: boolean
beforeEach(async () => {
  server = await embeddingServer((text) => (text === '零' ? [0, 0] : [text.length, 0]))
  log = ''
  spent = []
  left = true
})
afterEach(() => server.close())

function note(...said: unknown[]): void {
  log += JSON.stringify(said)
}
function embeddings(url = server.url): Embeddings {
  return new Embeddings({
    provider: { url, key: 'sk-planted-embedding-key', model: 'text-embedding-v4' },
    spending: {
      reserve: async (appId, tokens) => (left ? { day: '2026-12-01', appId, tokens } : undefined),
      settle: async (_reserved, took) => {
        spent.push(took?.tokensIn ?? -1)
      },
    },
    dispatcher: new Agent(),
    logger: { debug: note, info: note, warn: note, error: note },
    now: Date.now,
    elapsed: () => performance.now(),
  })
}
const within = (withinMs = 5000, signal = new AbortController().signal) => ({
  appId: 'wx1',
  signal,
  withinMs,
})

it('gives vectors of length 1 in the texts’ order, and counts what they took', async () => {
  const vectors = await embeddings().embed(['一', '一二三'], within())
  expect(vectors?.map((vector) => [...vector])).toEqual([
    [1, 0],
    [1, 0],
  ])
  expect(server.asked).toEqual([['一', '一二三']])
  expect(server.keys).toEqual(['Bearer sk-planted-embedding-key'])
  expect(spent).toEqual([14])
})

it('reads what the emulated providers answer', async () => {
  const emulator = await createEmulator()
  try {
    const vectors = await embeddings(`${emulator.url}/_model/v1`).embed(['发货', '发货', '退款'], within())
    expect(vectors).toHaveLength(3)
    expect(vectors?.[0]).toEqual(vectors?.[1])
    expect(vectors?.[0]).not.toEqual(vectors?.[2])
  } finally {
    await emulator.close()
  }
})

it.each([
  ['an error', 500, '{}'],
  ['no JSON', 200, '<html>'],
  ['a vector less', 200, JSON.stringify({ data: [{ index: 0, embedding: [1] }] })],
  [
    'a vector that says nothing',
    200,
    JSON.stringify({ data: [0, 1].map((index) => ({ index, embedding: [0] })) }),
  ],
  ['the same place twice', 200, JSON.stringify({ data: [0, 0].map((index) => ({ index, embedding: [1] })) })],
])('is none where the answer is %s, and is asked again', async (_what, status, body) => {
  const asking = embeddings()
  server.answer = (res) => res.writeHead(status).end(body)
  expect(await asking.embed(['一', '二'], within())).toBeUndefined()
  server.answer = undefined
  expect(await asking.embed(['一', '二'], within())).toHaveLength(2)
  expect(log).not.toMatch(/planted|一|二/)
})

it('asks nobody any more with a key that is refused', async () => {
  const asking = embeddings()
  server.answer = (res) => res.writeHead(401).end('{}')
  expect(await asking.embed(['一'], within())).toBeUndefined()
  server.answer = undefined
  expect(await asking.embed(['一'], within())).toBeUndefined()
  expect(server.asked).toHaveLength(1)
})

it('leaves a provider alone that failed five times', async () => {
  const asking = embeddings()
  server.answer = (res) => res.writeHead(503).end()
  for (let i = 0; i < 8; i++) await asking.embed(['一'], within())
  expect(server.asked).toHaveLength(5)
})

it('waits no longer than it may, and not past a signal', async () => {
  server.answer = () => undefined
  const asking = embeddings()
  expect(await asking.embed(['一'], within(50))).toBeUndefined()
  const ends = new AbortController()
  const answer = asking.embed(['一'], within(60_000, ends.signal))
  await expect.poll(() => server.asked.length).toBe(2)
  ends.abort()
  expect(await answer).toBeUndefined()
})

it('waits no longer for an answer that begins and does not end', async () => {
  server.answer = (res) => res.writeHead(200, { 'content-type': 'application/json' }).write('{"data":[')
  // undici itself would wait five minutes.
  expect(await embeddings().embed(['一'], within(200))).toBeUndefined()
  expect(log).toContain('timeout_total')
})

it('reads no more than any answer has', async () => {
  server.answer = (res) => res.writeHead(200).end(' '.repeat(9 * 1024 * 1024))
  expect(await embeddings().embed(['一'], within())).toBeUndefined()
  expect(log).toContain('too_long')
})

it('asks for nothing when the day has no tokens left', async () => {
  left = false
  expect(await embeddings().embed(['一'], within())).toBeUndefined()
  expect(server.asked).toEqual([])
})
