/**
 * What handlers in code (KEFU_BOT) cost WeChat: so many customers write at once, and once more when all of them have
 * their reply; with --again each as soon as WeChat is answered, which nobody writes. Each round measures the service three times, in turns: without code, with a handler that can't match, and
 * with one that gets every message and passes it on. The same rule answers every message. See README.md.
 *
 *   node code.js [--rounds 5] [--customers 150] [--messages 20] [--again]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { open, readAnswer } from './connection.js'
import { preparePush } from './pushes.js'
import { loadAverage, table } from './report.js'
import { KEY, percentile, start } from './start.js'
import { answering } from './subjects/rules.js'
import { startWechat } from './subjects/wechat-process.js'

/** What is promised: how many times WeChat's wait may be what it is without code, and the slow ones in milliseconds. */
const promises = {
  never: { times: 1.2, p95: Infinity },
  passes: { times: 2, p95: 1000 },
}
const modules = {
  none: undefined,
  never: `export default (bot) => { bot.hears('nobody writes this', (ctx) => ctx.reply('?')) }`,
  passes: `export default (bot) => { bot.use((ctx, next) => next()) }`,
}

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    customers: { type: 'string', default: '150' },
    messages: { type: 'string', default: '20' },
    again: { type: 'boolean', default: false },
  },
})
const [rounds, customers, messages] = ['rounds', 'customers', 'messages'].map((name) => Number(options[name]))

const wechat = await startWechat()
const loadBefore = loadAverage()
const names = Object.keys(modules)
const results = Object.fromEntries(names.map((name) => [name, []]))
for (let round = 0; round < rounds; round++)
  // Which of them comes first changes with each round.
  for (let i = 0; i < names.length; i++) {
    const name = names[(round + i) % names.length]
    results[name].push(await measure(modules[name]))
    console.error(`round ${round + 1} of ${rounds}: ${name}`)
  }

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const middle = (name, key) => median(results[name].map((result) => result[key]))
const timesOf = (name, key) => median(results[name].map((result, i) => result[key] / results.none[i][key]))
const rows = names.map((name) => ({
  handler: name,
  'p50 ms': middle(name, 'p50').toFixed(1),
  'p95 ms': middle(name, 'p95').toFixed(1),
  'p50 times': timesOf(name, 'p50').toFixed(2),
  'p95 times': timesOf(name, 'p95').toFixed(2),
  'handled/s': middle(name, 'handled').toFixed(0),
}))
const broken = Object.entries(promises).filter(
  ([name, { times, p95 }]) =>
    timesOf(name, 'p50') > times || timesOf(name, 'p95') > times || middle(name, 'p95') > p95,
)
console.log(
  [
    `${new Date().toISOString().slice(0, 10)} · ${cpus().length} cores (${cpus()[0].model.trim()}) · Node ${process.versions.node} · load average ` +
      `${loadBefore.toFixed(1)} before, ${loadAverage().toFixed(1)} after · ${customers} customers, ${messages} messages each${options.again ? ', one after the other' : ', all at once'}, ${rounds} rounds`,
    table(rows, 1),
    `promised: never ≤ 1.2 times, passes ≤ 2 times and p95 < 1 s: ${broken.length === 0 ? 'kept' : `NOT KEPT by ${broken.map(([name]) => name).join(', ')}`}`,
  ].join('\n\n'),
)
process.exit(broken.length === 0 ? 0 : 1)

/** One service on an empty database, under the whole load. Throws where an answer is not `success`, or a reply is missing. */
async function measure(code) {
  const folder = mkdtempSync(join(tmpdir(), 'kefu-code-'))
  const module = join(folder, 'bot.mjs')
  if (code) writeFileSync(module, code)
  const before = await wechat.count()
  const service = await start({
    DATA_DIR: folder,
    WECHAT_API_URL: wechat.url,
    // They write faster than anybody reads, and every message is to be answered.
    KEFU_ALLOWANCE_MESSAGES: '1000',
    ...(code ? { KEFU_BOT: module } : {}),
  })
  try {
    await putRules(service.url)
    let sent = 0
    const burst = async (count) => {
      const times = await write(service.port, sent, count)
      sent += count
      while ((await wechat.count()) < before + customers * sent)
        await new Promise((resolve) => setTimeout(resolve, 5))
      return times
    }
    // The first of them meet cold code.
    for (let i = 0; i < 3; i++) await burst(1)
    const began = performance.now()
    const times = []
    if (options.again) times.push(...(await burst(messages)))
    else for (let i = 0; i < messages; i++) times.push(...(await burst(1)))
    const handled = (customers * messages) / ((performance.now() - began) / 1000)
    return { p50: percentile(times, 0.5), p95: percentile(times, 0.95), handled }
  } finally {
    await service.stop()
    rmSync(folder, { recursive: true })
  }
}

/** All customers write at once, each `count` messages one after the other; gives how long each waited for its answer. */
async function write(port, from, count) {
  const times = []
  const sockets = await Promise.all(Array.from({ length: customers }, () => open(port)))
  await Promise.all(
    Array.from({ length: customers }, async (_, customer) => {
      const pushes = Array.from({ length: count }, (_, i) =>
        preparePush((from + i) * customers + customer, 'json', undefined, customer),
      )
      const socket = sockets[customer]
      for (const push of pushes) times.push(await ask(socket, push))
    }),
  )
  for (const socket of sockets) socket.destroy()
  return times
}

function ask(socket, bytes) {
  const began = performance.now()
  return new Promise((resolve, reject) => {
    let received = ''
    socket.removeAllListeners('data').removeAllListeners('error')
    socket.on('error', reject).on('data', (chunk) => {
      received += chunk.latin1Slice()
      const answer = readAnswer(received)
      if (!answer) return
      if (answer.status === 200 && answer.body === 'success') resolve(performance.now() - began)
      else reject(new Error(`answered ${answer.status} ${answer.body}`))
    })
    socket.write(bytes)
  })
}

async function putRules(url) {
  const answer = await fetch(`${url}/api/v1/rules`, {
    method: 'PUT',
    headers: { Authorization: `Bearer ${KEY}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ rules: answering }),
  })
  if (!answer.ok) throw new Error(`saving rules answered ${answer.status} ${await answer.text()}`)
}
