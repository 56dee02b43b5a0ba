import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { encodePush } from '../src/wechat/index.js'
import { startKefu, type KefuServer } from './support/kefu-process.js'
import { planted } from './support/test-service.js'

const PUSHES = 50

const works = spawnSync('strace', ['-D', '-f', '-o', '/dev/null', 'true']).status === 0
if (!works) {
  if (process.env['CI'] === 'true') throw new Error('CI needs strace, and to be allowed to use it.')
  console.warn(
    'That a push is on the disk before it is answered is not shown: strace is missing or not allowed.',
  )
}

describe.runIf(works)('what WeChat is told success for', () => {
  let cwd: string
  let server: KefuServer | undefined
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'kefu-fsync-'))
  })
  afterEach(async () => {
    await server?.end('SIGKILL')
    rmSync(cwd, { recursive: true })
  })

  it('was synced to the disk, each push between its request and its answer', async () => {
    const trace = join(cwd, 'trace')
    const running = (server = await startKefu({
      cwd,
      env: { ...planted, DATA_DIR: join(cwd, 'data') },
      under: ['strace', '-D', '-f', '-ttt', '-e', 'trace=fsync,fdatasync', '-o', trace],
    }))
    const spans: [sent: number, answered: number][] = []
    for (let n = 0; n < PUSHES; n++) {
      const { query, body } = push(n)
      const url = `${running.url}/wechat?${new URLSearchParams(query).toString()}`
      const sent = Date.now()
      const answer = await fetch(url, { method: 'POST', body })
      expect(await answer.text()).toBe('success')
      spans.push([sent, Date.now()])
    }
    await running.end()
    const syncs = syncsIn(readFileSync(trace, 'utf8'))
    const inside = syncs.filter((at) => at >= (spans[0]?.[0] ?? 0) && at <= (spans.at(-1)?.[1] ?? 0))
    expect(inside.length).toBeGreaterThanOrEqual(PUSHES)
    for (const [sent, answered] of spans)
      expect(inside.some((at) => at >= sent && at <= answered + 1)).toBe(true)
  }, 90_000)
})

/** When the calls were begun, in milliseconds since 1970; each must have succeeded. */
function syncsIn(trace: string): number[] {
  return trace.split('\n').flatMap((line) => {
    const [, seconds, end] = /^\d+\s+([\d.]+) f(?:data)?sync\(\d+(.*)$/.exec(line) ?? []
    if (seconds === undefined) return []
    expect(end).toMatch(/\) += 0$|<unfinished/)
    return [Number(seconds) * 1000]
  })
}

function push(n: number): { query: Record<string, string>; body: string } {
  return encodePush(
    {
      msgType: 'text',
      content: `${n}`,
      msgId: String(n),
      fromUserName: 'oLin',
      toUserName: 'gh_1',
      createTime: Math.floor(Date.now() / 1000),
    },
    {
      appId: planted.WECHAT_APP_ID,
      token: planted.WECHAT_TOKEN,
      encodingAESKey: planted.WECHAT_ENCODING_AES_KEY,
    },
  )
}
