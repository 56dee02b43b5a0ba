/**
 * What strangers cost WeChat: twenty Mini Programs, pushes at a steady rate, and beside them bodies of 64 KB that
 * nobody signed. Each round measures both, undisturbed and disturbed, one after the other. See README.md.
 *
 *   node strangers.js [--rounds 5] [--seconds 10] [--rate 100] [--strange 10] [--apps 20]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadAverage, table } from './report.js'
import { KEY, percentile, start } from './start.js'
import { pushSteadily } from './steady-load.js'

/** What is promised: how many times the undisturbed p99 a disturbed one may be. */
const MOST = 1.5
const BODY_BYTES = 64 * 1024

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '10' },
    rate: { type: 'string', default: '100' },
    strange: { type: 'string', default: '10' },
    apps: { type: 'string', default: '20' },
  },
})
const [rounds, seconds, rate, strange, apps] = ['rounds', 'seconds', 'rate', 'strange', 'apps'].map((name) =>
  Number(options[name]),
)
/** What looks most like a push, in the sizes that one may have. */
const fill = (head, unit, tail) =>
  head + unit.repeat(Math.floor((BODY_BYTES - head.length - tail.length) / unit.length)) + tail
const bodies = [
  fill('{"ToUserName":"gh_1","Encrypt":"', 'A', '"}'),
  fill('{"a":[', '{"b":12345678901234567},', '1],"Encrypt":"AAAA"}'),
  fill('<xml>', '<Encrypt>AAAA</Encrypt>', '</xml>'),
  fill('<xml>', '<a>1</a>', '<Encrypt><![CDATA[AAAA]]></Encrypt></xml>'),
]

const folder = mkdtempSync(join(tmpdir(), 'kefu-strangers-'))
const loadBefore = loadAverage()
// Nothing is sent, and nothing may be: no rule answers.
const service = await start({ DATA_DIR: folder, WECHAT_API_URL: 'http://127.0.0.1:9' })
try {
  for (let i = 1; i < apps; i++) await addApp(i)
  let first = 0
  const measure = async () => {
    const times = await pushSteadily({ port: service.port, rate, seconds, first })
    first += rate * seconds
    return percentile(times, 0.99)
  }
  await measure()
  const rows = []
  for (let round = 1; round <= rounds; round++) {
    // Which of the two comes first changes with each round.
    const before = round % 2 === 1 ? await measure() : undefined
    const disturbed = await disturbedBy(measure)
    const undisturbed = before ?? (await measure())
    rows.push({ round, undisturbed, disturbed, ratio: disturbed / undisturbed })
  }
  const ratios = rows.map(({ ratio }) => ratio).sort((a, b) => a - b)
  const median = ratios[Math.floor(ratios.length / 2)]
  console.log(
    [
      `${new Date().toISOString().slice(0, 10)} · ${cpus().length} cores (${cpus()[0].model.trim()}) · Node ${process.versions.node} · load average ` +
        `${loadBefore.toFixed(1)} before, ${loadAverage().toFixed(1)} after · ${apps} Mini Programs · ${rate} pushes/s for ${seconds} s · ${strange} strange bodies/s`,
      table(
        rows.map((row) => ({
          round: String(row.round),
          'p99 undisturbed, ms': row.undisturbed.toFixed(1),
          'p99 beside strangers, ms': row.disturbed.toFixed(1),
          times: row.ratio.toFixed(2),
        })),
        1,
      ),
      `median ${median.toFixed(2)} times, promised ${MOST}: ${median <= MOST ? 'kept' : 'NOT KEPT'}`,
    ].join('\n\n'),
  )
  if (median > MOST) process.exitCode = 1
} finally {
  await service.stop()
  rmSync(folder, { recursive: true })
}

async function addApp(number) {
  const letter = String.fromCharCode(97 + (number % 26))
  const answer = await fetch(`${service.url}/api/v1/apps`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${KEY}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({
      appId: `wx${String(number).padStart(16, '0')}`,
      mode: 'secure',
      appSecret: String(number).padStart(32, '0'),
      token: `benchToken${number}`,
      encodingAESKey: letter.repeat(43),
    }),
  })
  if (answer.status !== 201) throw new Error(`adding an app answered ${answer.status} ${await answer.text()}`)
}

/** Measures while strangers send, in turn, all that looks most like a push. */
async function disturbedBy(measure) {
  const sending = new Set()
  let sent = 0
  let failure
  const timer = setInterval(() => {
    const one = stranger(sent++)
      .catch((error) => (failure ??= error))
      .finally(() => sending.delete(one))
    sending.add(one)
  }, 1000 / strange)
  const p99 = await measure().finally(() => clearInterval(timer))
  await Promise.all(sending)
  if (failure) throw failure
  return p99
}

async function stranger(number) {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const query = { timestamp, nonce: String(number), msg_signature: '0'.repeat(40) }
  if (number % 2 === 0) query.signature = '0'.repeat(40)
  const body = bodies[number % bodies.length]
  const answer = await fetch(`${service.url}/wechat?${new URLSearchParams(query)}`, { method: 'POST', body })
  await answer.arrayBuffer()
  if (answer.status !== 403) throw new Error(`a stranger was answered ${answer.status}`)
}
