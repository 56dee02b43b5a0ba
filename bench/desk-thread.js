/**
 * How long a key takes from the keyboard to the frame that shows it, in a thread of 50 messages and in one of 5,000 that
 * was scrolled back to its beginning: the same page, the same browser, by turns. See README.md.
 *
 *   node desk-thread.js [--short 50] [--long 5000] [--rounds 8] [--keys 40]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { sql } from 'kysely'
import { openStore } from '../modules/store/index.js'
import { openPage } from './desk-page.js'
import { fill } from './fill.js'
import { loadAverage, table } from './report.js'
import { percentile, start } from './start.js'

/** p95 in the long thread may be so many times that in the short one. */
const PROMISE = 1.2

const { values } = parseArgs({
  options: {
    short: { type: 'string', default: '50' },
    long: { type: 'string', default: '5000' },
    rounds: { type: 'string', default: '8' },
    keys: { type: 'string', default: '40' },
  },
})
const [short, long, rounds, keys] = ['short', 'long', 'rounds', 'keys'].map((name) => Number(values[name]))
const loadBefore = loadAverage()
const folder = mkdtempSync(join(tmpdir(), 'kefu-thread-'))
try {
  const url = `file:${join(folder, 'kefu.db')}`
  const store = await openStore(url)
  await store.migrate()
  // Two conversations by turns: the first keeps all of its messages, the second the last ones.
  await fill(store, 2 * long, long)
  await sql`delete from message where conversation_id = 2
    and id <= (select id from message where conversation_id = 2 order by id desc limit 1 offset ${short})`.execute(
    store.db,
  )
  // The desk’s first page has somebody to show.
  await sql`update conversation set status = 'waiting', waiting_since = updated_at`.execute(store.db)
  await store.close()
  const service = await start({ DATA_DIR: folder, DATABASE_URL: url })
  try {
    const desk = await openPage(service.url)
    try {
      console.log(report(await measure(desk)))
    } finally {
      await desk.close()
    }
  } finally {
    await service.stop()
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function measure({ page, url }) {
  await open(page, url, 2)
  await open(page, url, 1)
  await toBegin(page)
  const threads = [
    { messages: short, id: 2, rounds: [] },
    { messages: long, id: 1, rounds: [] },
  ]
  for (let round = -1; round < rounds; round++)
    // Every other time the other way round, so that neither always comes first.
    for (const thread of round % 2 === 0 ? threads : threads.toReversed()) {
      await open(page, url, thread.id)
      const times = await type(page)
      thread.elements = await page.evaluate(`document.querySelectorAll('[role=log] *').length`)
      // The first round warms up.
      if (round >= 0) thread.rounds.push(times)
    }
  return threads
}

async function open(page, url, id) {
  await page.goto(`${url}/#/conversations/${id}`)
  await page.locator('[role=log] .bubble').first().waitFor()
  await until(
    page,
    `location.hash.endsWith('/${id}') && document.querySelector('[role=log]').getAttribute('aria-busy') === 'false'`,
  )
}

/** The page’s Content-Security-Policy keeps Playwright’s own way out. */
async function until(page, condition) {
  await page.evaluate(`new Promise((resolve) => {
    const look = () => (${condition} ? resolve() : requestAnimationFrame(look))
    look() })`)
}

/** Reads the thread back to its first message, as by the Home key. */
async function toBegin(page) {
  await page.locator('[role=log]').focus()
  while ((await page.getByText('会话从这里开始').count()) === 0) {
    await page.keyboard.press('Home')
    await page.evaluate('new Promise(requestAnimationFrame)')
  }
}

/** Milliseconds from each key’s event to the end of the frame that shows it. */
async function type(page) {
  const box = page.locator('#composer textarea')
  await box.fill('')
  await box.focus()
  await page.evaluate(`globalThis.taken = []
    globalThis.timed ??= addEventListener('keydown', ({ timeStamp }) => {
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel()
        port1.onmessage = () => taken.push(performance.now() - timeStamp)
        port2.postMessage(null)
      })
    }, true) ?? true`)
  for (let i = 0; i < keys; i++) {
    const before = await page.evaluate('taken.length')
    await page.keyboard.press(i % 20 === 19 ? 'Shift+Enter' : 'a')
    await until(page, `taken.length > ${before}`)
  }
  await box.fill('')
  // Shift is a key of its own.
  return page.evaluate('taken')
}

function report(threads) {
  const ms = (time) => time.toFixed(1)
  const rows = threads.map(({ messages, elements, rounds }) => {
    const all = rounds.flat()
    return {
      'messages in the thread': messages.toLocaleString('en-US'),
      'elements in the log': String(elements),
      keys: String(all.length),
      'p50 ms': ms(percentile(all, 0.5)),
      'p95 ms': ms(percentile(all, 0.95)),
    }
  })
  const [few, many] = threads.map(({ rounds }) => rounds.map((times) => percentile(times, 0.95)))
  const paired = few.map((time, round) => many[round] / time)
  const ratio = percentile(paired, 0.5)
  const all = percentile(threads[1].rounds.flat(), 0.95) / percentile(threads[0].rounds.flat(), 0.95)
  return [
    `${new Date().toISOString().slice(0, 10)} · ${cpus().length} cores (${cpus()[0].model.trim()}) · Node ${process.versions.node} · load average ` +
      `${loadBefore.toFixed(1)} before, ${loadAverage().toFixed(1)} after · ${rounds} rounds of ${keys} keys, by turns · \`npm run --prefix bench thread\``,
    table(rows, 1),
    `- key to frame, p95, ${long.toLocaleString('en-US')} : ${short} messages = ${ratio.toFixed(2)} (median of the rounds’ ratios, ` +
      `${Math.min(...paired).toFixed(2)} to ${Math.max(...paired).toFixed(2)}; of all keys ${all.toFixed(2)}), at most ${PROMISE}: ${ratio <= PROMISE ? 'holds' : 'MISSED'}`,
  ].join('\n\n')
}
