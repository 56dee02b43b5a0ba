/**
 * The desk with 10,000 conversations and a million messages: what it asks the service, how long the page is blocked,
 * and how long a message takes from WeChat's push to the screen. See README.md.
 *
 *   node desk.js [--messages 1000000] [--conversations 10000] [--databases sqlite,postgres] [--seconds 20] [--rate 50]
 *                [--desks 20] [--write]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openStore } from '../modules/store/index.js'
import { fillDesk } from './desk-fill.js'
import { live } from './desk-live.js'
import { openPage, page as usePage } from './desk-page.js'
import { requests } from './desk-requests.js'
import { isThere, ownDatabase, server as postgres } from './postgres.js'
import { loadAverage, table, writeInto } from './report.js'
import { percentile, start } from './start.js'

/** Milliseconds. */
const promises = { server: 200, blocked: 100, screen: 300 }

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000000' },
    conversations: { type: 'string', default: '10000' },
    databases: { type: 'string', default: 'sqlite,postgres' },
    seconds: { type: 'string', default: '20' },
    rate: { type: 'string', default: '50' },
    desks: { type: 'string', default: '20' },
    write: { type: 'boolean', default: false },
  },
})
const [messages, conversations] = [Number(values.messages), Number(values.conversations)]
const [seconds, rate, desks] = [Number(values.seconds), Number(values.rate), Number(values.desks)]
const loadBefore = loadAverage()
const results = []
for (const database of values.databases.split(',')) {
  if (database === 'postgres' && !(await isThere()))
    console.error(`no PostgreSQL at ${postgres} (BENCH_POSTGRES): measured without it`)
  else results.push(await measure(database))
}
const text = report()
console.log(text)
if (values.write) writeInto('desk', text)

async function measure(database) {
  const folder = mkdtempSync(join(tmpdir(), 'kefu-desk-'))
  const own = database === 'postgres' ? await ownDatabase() : undefined
  const url = own?.url ?? `file:${join(folder, 'kefu.db')}`
  const began = performance.now()
  const step = (what) =>
    console.error(`${database}: ${what} (${Math.round((performance.now() - began) / 1000)} s)`)
  try {
    // Filling has statements that take longer than any of the service’s.
    const store = await openStore(url, { silenceMs: 600_000 })
    await store.migrate()
    await fillDesk(store, messages, conversations)
    await store.close()
    step('filled')
    const service = await start({ DATA_DIR: folder, DATABASE_URL: url })
    try {
      const asked = await requests(service.url, conversations)
      step('asked')
      const desk = await openPage(service.url)
      try {
        const blocked = await usePage(desk)
        step('page used')
        const pushed = await live(service, desk, { seconds, rate, desks, conversations })
        step('pushed')
        return { name: database === 'sqlite' ? 'SQLite' : 'PostgreSQL', asked, blocked, pushed }
      } finally {
        await desk.close()
      }
    } finally {
      await service.stop()
    }
  } finally {
    await own?.drop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function report() {
  const ms = (time) => time.toFixed(time < 10 ? 1 : 0)
  const byDatabase = (cells) => Object.assign({}, ...results.map((result) => cells(result)))
  const asked = [...results[0].asked.keys()].map((what) => ({
    'asked of the service': what,
    ...byDatabase(({ name, asked }) => ({
      [`${name} p50 ms`]: ms(percentile(asked.get(what), 0.5)),
      [`${name} p95 ms`]: ms(percentile(asked.get(what), 0.95)),
    })),
  }))
  const blocked = results[0].blocked.map(({ what }, i) => ({
    'in the page': what,
    ...byDatabase(({ name, blocked }) => ({
      [`${name}: shown p95 ms`]: blocked[i].shown.length === 0 ? '' : ms(percentile(blocked[i].shown, 0.95)),
      [`${name}: longest task ms`]: ms(blocked[i].longest),
      [`${name}: blocked ms`]: ms(blocked[i].total),
    })),
  }))
  const pushed = results.flatMap(({ name, pushed }) =>
    pushed.map(({ what, times }) => ({
      'from the push on': `${name}: ${what}`,
      messages: String(times.length),
      'p50 ms': ms(percentile(times, 0.5)),
      'p95 ms': ms(percentile(times, 0.95)),
      'most ms': ms(Math.max(...times)),
    })),
  )
  const held = (what, value, most) =>
    `- ${what} = ${ms(value)} ms, less than ${most}: ${value < most ? 'holds' : 'MISSED'}`
  const kept = results.flatMap(({ name, asked, blocked, pushed }) => [
    held(
      `${name}: the slowest of the service’s answers, p95`,
      Math.max(...[...asked.values()].map((times) => percentile(times, 0.95))),
      promises.server,
    ),
    held(
      `${name}: the page’s longest task`,
      Math.max(...blocked.map(({ longest }) => longest)),
      promises.blocked,
    ),
    held(`${name}: from the push to the screen, p95`, percentile(pushed[0].times, 0.95), promises.screen),
  ])
  return [
    `${new Date().toISOString().slice(0, 10)} · ${cpus().length} cores (${cpus()[0].model.trim()}) · Node ${process.versions.node} · load average ` +
      `${loadBefore.toFixed(1)} before, ${loadAverage().toFixed(1)} after · ${messages.toLocaleString('en-US')} messages in ` +
      `${conversations.toLocaleString('en-US')} conversations · ${desks} desks, ${rate} messages/s for ${seconds} s · \`npm run --prefix bench desk\``,
    table(asked, 1),
    table(blocked, 1),
    table(pushed, 1),
    kept.join('\n'),
  ].join('\n\n')
}
