/**
 * What assistants cost: WeChat's wait while so many turns are open, beside none, in pairs; and how long an answer takes
 * beyond its quiet time and the model. The model is the emulator's, in this process. See README.md.
 *
 *   node turns.js [--rounds 5] [--turns 200] [--rate 200] [--seconds 4] [--questions 100]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createEmulator } from '../modules/emulator/index.js'
import { open, readAnswer } from './connection.js'
import { openIdOf, preparePush } from './pushes.js'
import { loadAverage, table } from './report.js'
import { KEY, percentile, start } from './start.js'
import { pushSteadily } from './steady-load.js'
import { startWechat } from './subjects/wechat-process.js'

/** What is promised: how many times the slowest answers may be what they are without turns, and what an answer may take beside. */
const promised = { p99: 1.2, beyondMs: 50 }
const MODEL_MS = 300
const QUIET_MS = 600
const question = '请问一下，你们店里的杯子什么时候发货呀？'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    turns: { type: 'string', default: '200' },
    rate: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '4' },
    questions: { type: 'string', default: '100' },
  },
})
const [rounds, turns, rate, seconds, questions] = ['rounds', 'turns', 'rate', 'seconds', 'questions'].map(
  (name) => Number(options[name]),
)

const wechat = await startWechat()
const emulator = await createEmulator()
const loadBefore = loadAverage()
let number = 0
const results = []
for (let round = 0; round < rounds; round++) {
  // Which of both comes first changes with each round.
  const order = round % 2 === 0 ? [0, turns] : [turns, 0]
  const pair = new Map()
  for (const count of order) pair.set(count, await acks(count))
  results.push({ without: pair.get(0), with: pair.get(turns), beyond: await answers() })
  console.error(`round ${round + 1} of ${rounds}`)
}
await emulator.close()

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const of = (part, key) => median(results.map((result) => result[part][key]))
const times = (key) => median(results.map((result) => result.with[key] / result.without[key]))
const rows = ['p50', 'p95', 'p99'].map((key) => ({
  'ms until WeChat is answered': key,
  'no turns': of('without', key).toFixed(2),
  [`${turns} turns`]: of('with', key).toFixed(2),
  times: times(key).toFixed(2),
  'answer beyond quiet time and model': of('beyond', key).toFixed(0),
}))
const holds = times('p99') <= promised.p99 && of('beyond', 'p95') <= promised.beyondMs
console.log(
  [
    `${new Date().toISOString().slice(0, 10)} · ${cpus().length} cores (${cpus()[0].model.trim()}) · Node ${process.versions.node} · load average ` +
      `${loadBefore.toFixed(1)} before, ${loadAverage().toFixed(1)} after · ${rate} pushes a second for ${seconds} s, ${questions} questions, ${rounds} rounds`,
    table(rows, 1),
    `promised: p99 ≤ ${promised.p99} times, an answer within ${promised.beyondMs} ms beyond at p95: ${holds ? 'kept' : 'NOT KEPT'}`,
  ].join('\n\n'),
)
process.exit(holds ? 0 : 1)

/** How long WeChat waits while so many turns are open: the model never answers them. */
async function acks(count) {
  return withShop(async (service) => {
    emulator.model.heal()
    // Warm, and the same in both.
    await pushSteadily({ port: service.port, rate, seconds: 2, first: next(rate * 2) })
    emulator.model.fail({ delayMs: 60_000 })
    await ask(service.port, count)
    // Past the quiet time: the model has them.
    await wait(QUIET_MS + 400)
    const first = next(rate * seconds)
    const taken = await pushSteadily({ port: service.port, rate, seconds, first })
    const ended = await endedTurns(service.url)
    if (ended > 0) throw new Error(`${ended} of ${count} turns had ended before the end`)
    emulator.model.heal()
    return figures(taken)
  })
}

/** What an answer takes beyond the quiet time and the model, from the customer's message to the queued answer. */
async function answers() {
  return withShop(async (service) => {
    emulator.model.heal()
    emulator.model.fail({ delayMs: MODEL_MS })
    const customers = await ask(service.port, questions, 40)
    const beyond = []
    for (const customer of customers) {
      const { id } = await until(async () => {
        const page = await api(service.url, 'GET', `/conversations?q=${openIdOf(customer)}`)
        return page.items[0]?.turn === null ? page.items[0] : undefined
      })
      const { items } = await api(service.url, 'GET', `/conversations/${id}/messages`)
      const [answer, asked] = ['outgoing', 'incoming'].map((way) =>
        items.find((item) => item.direction === way),
      )
      if (!answer) throw new Error(`${openIdOf(customer)} had no answer: ${JSON.stringify(items)}`)
      beyond.push(answer.createdAt - asked.createdAt - QUIET_MS - MODEL_MS)
    }
    emulator.model.heal()
    return figures(beyond)
  })
}

async function withShop(work) {
  const folder = mkdtempSync(join(tmpdir(), 'kefu-turns-'))
  const service = await start({
    DATA_DIR: folder,
    WECHAT_API_URL: wechat.url,
    KEFU_ALLOW_PRIVATE_MODELS: 'loopback',
  })
  try {
    const { url } = service
    await api(url, 'PUT', '/rules', {
      rules: [
        { name: '助手', when: { text: { contains: ['请问'] } }, then: [{ assistant: '店员' }] },
        { name: '其余', when: {}, then: [] },
      ],
    })
    for (let i = 0; i < 50; i++)
      await api(url, 'POST', '/knowledge/entries', {
        entry: { title: `第${i}号杯子的容量是多少`, text: `第${i}号杯子 ${100 + i} 毫升。` },
      })
    await api(url, 'POST', '/knowledge/entries', {
      entry: { title: '什么时候发货', text: '付款后两天内发货。' },
    })
    const main = { preset: 'openai', url: `${emulator.url}/_model/v1`, model: 'fake', key: 'sk-bench' }
    await api(url, 'PUT', '/model', { main })
    const at = `/assistants/${encodeURIComponent('店员')}`
    await api(url, 'PUT', at, {})
    await api(url, 'POST', `${at}/publish`)
    return await work(service)
  } finally {
    await service.stop()
    rmSync(folder, { recursive: true })
  }
}

/** So many customers ask, with a pause between them; gives their numbers. */
async function ask(port, count, pauseMs = 0) {
  const customers = []
  if (count === 0) return customers
  const socket = await open(port)
  for (let i = 0; i < count; i++) {
    const each = next(1)
    const customer = 20_000 + i
    customers.push(customer)
    await new Promise((resolve, reject) => {
      let received = ''
      socket.removeAllListeners('data').on('data', (chunk) => {
        received += chunk.latin1Slice()
        const answer = readAnswer(received)
        if (!answer) return
        if (answer.body === 'success') resolve()
        else reject(new Error(`answered ${answer.status} ${answer.body}`))
      })
      socket.write(preparePush(each, 'json', question, customer))
    })
    if (pauseMs > 0) await wait(pauseMs)
  }
  socket.destroy()
  return customers
}

/** How many turns have ended, however. */
async function endedTurns(url) {
  const metrics = await (
    await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${KEY}` } })
  ).text()
  return [...metrics.matchAll(/^kefu_turns_total\{[^}]*\} (\d+)$/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  )
}

async function api(url, method, path, body) {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status} ${await answer.text()}`)
  return answer.status === 204 ? undefined : answer.json()
}

async function until(holds) {
  for (const began = performance.now(); performance.now() - began < 60_000;) {
    const found = await holds()
    if (found) return found
    await wait(50)
  }
  throw new Error('waited a minute in vain')
}

function wait(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

function next(count) {
  number += count
  return number - count
}

function figures(values) {
  return Object.fromEntries(
    [0.5, 0.95, 0.99].map((share) => [`p${Math.round(share * 100)}`, percentile(values, share)]),
  )
}
