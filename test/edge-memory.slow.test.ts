import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startKefu, type KefuServer } from './support/kefu-process.js'
import { routeTable } from './support/route-table.js'
import { planted } from './support/test-service.js'

const key = 'a-key-of-the-memory-test-0123456789'
/** Until the heap is as large as a round makes it. */
const FIRST_ROUNDS = 3
const ROUNDS = 12

let cwd: string
let server: KefuServer | undefined
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'kefu-memory-'))
})
afterEach(async () => {
  await server?.end('SIGKILL')
  rmSync(cwd, { recursive: true })
})

it.skipIf(process.platform !== 'linux')(
  'the largest bodies of all routes leave nothing behind in memory',
  async () => {
    const env = { ...planted, DATA_DIR: join(cwd, 'data'), KEFU_API_KEY: key, KEFU_TRUST_PROXY: 'loopback' }
    const running = (server = await startKefu({ cwd, env }))
    const rss = (): number =>
      Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${running.pid}/status`, 'utf8'))?.[1]) * 1024
    const table = (await routeTable(running.url)).filter(({ mostBytes }) => mostBytes !== undefined)
    let asked = 0
    let sent = 0
    const round = async (): Promise<void> => {
      for (const { method, path, mostBytes = 0 } of table)
        for (const item of ['[],', '{"a":1},']) {
          // Whole values as far as they go, so that all of it is parsed.
          const body = `{"rules":[${item.repeat(Math.floor((mostBytes - 20) / item.length))}0]}`
          sent += body.length
          const answer = await fetch(`${running.url}/api/v1${path.replaceAll(/\{\w+\}/g, '1')}`, {
            method,
            body,
            headers: {
              authorization: `Bearer ${key}`,
              'content-type': 'application/json',
              'x-forwarded-for': `198.18.${asked >> 8}.${asked++ & 255}`,
            },
          })
          expect(answer.status, `${method} ${path}`).toBeLessThan(500)
          await answer.arrayBuffer()
        }
    }
    for (let i = 0; i < FIRST_ROUNDS; i++) await round()
    const before = rss()
    sent = 0
    for (let i = 0; i < ROUNDS; i++) await round()
    // Parsed, a body weighs many times what it does as text: were every tenth kept, this much would be there more.
    await expect.poll(rss, { timeout: 30_000, interval: 200 }).toBeLessThan(before + sent / 2)
  },
  240_000,
)
