import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { verifyUrl } from '../wechat/index.js'
import { checkPushUrl } from './check-push-url.js'
import type { Finding } from './finding.js'

const settings = {
  appId: 'wx0123456789abcdef',
  name: 'shop',
  appSecret: 'planted-secret',
  token: 'plantedToken',
  encodingAESKey: 'p'.repeat(43),
  mode: 'secure',
} as const

let server: Server | undefined
afterEach(() => {
  server?.close()
  server = undefined
})

async function serve(made: Server): Promise<number> {
  server = made
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve))
  const address = made.address()
  return typeof address === 'object' && address ? address.port : 0
}

async function check(answer: RequestListener, running = true): Promise<Finding> {
  const port = await serve(createServer(answer))
  return checkPushUrl(settings, { url: `http://127.0.0.1:${port}/wechat/wx`, running, now: Date.now })
}

describe('the push URL', () => {
  it('is well when it answers with the echostr of a request that is signed as WeChat’s', async () => {
    const finding = await check((req, res) => {
      const query = Object.fromEntries(new URL(req.url ?? '', 'http://x').searchParams)
      res.end(verifyUrl(query, settings))
    })
    expect(finding).toMatchObject({ check: 'push-url', app: settings.appId, level: 'ok' })
  })

  it.each([
    [301, '', /redirect/],
    [403, 'forbidden', /another Token|firewall/],
    [404, 'not found', /does not pass \/wechat\/ on/],
    [502, 'bad gateway', /can’t reach this service/],
    [200, '<!doctype html><title>Login</title>', /A web page answers/],
    [200, 'planted words', /Another program/],
  ])('that answers %s %j is told with what to do', async (status, body, words) => {
    const finding = await check((_req, res) => {
      res.writeHead(status, { location: 'https://elsewhere.example/' }).end(body)
    })
    expect(finding.level).toBe('fail')
    expect(finding.todo?.en).toMatch(words)
    expect(finding.todo?.zh).not.toBe('')
    expect(JSON.stringify(finding)).not.toContain('planted')
  })

  it('where nothing listens is a mistake only while the service runs', async () => {
    const port = await serve(createServer())
    await new Promise((resolve) => server?.close(resolve))
    const url = `http://127.0.0.1:${port}/wechat/wx`
    const running = await checkPushUrl(settings, { url, running: true, now: Date.now })
    expect(running).toMatchObject({
      level: 'fail',
      todo: { en: expect.stringContaining('Nothing listens') as string },
    })
    const stopped = await checkPushUrl(settings, { url, running: false, now: Date.now })
    expect(stopped).toMatchObject({
      level: 'warn',
      todo: { en: expect.stringContaining('kefu start') as string },
    })
  })

  it('whose name has no address says so', async () => {
    const url = 'http://nothing.invalid/wechat/wx'
    const finding = await checkPushUrl(settings, { url, running: true, now: Date.now })
    expect(finding).toMatchObject({
      level: 'fail',
      todo: { en: expect.stringContaining('no DNS record') as string },
    })
  })

  it.skipIf(!hasOpenssl())('with a certificate that nobody vouches for says so', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kefu-tls-'))
    const [key, cert] = [join(directory, 'key'), join(directory, 'cert')]
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        key,
        '-out',
        cert,
        '-days',
        '1',
        '-subj',
        '/CN=x',
      ],
      { stdio: 'ignore' },
    )
    const port = await serve(createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }))
    rmSync(directory, { recursive: true })
    const url = `https://127.0.0.1:${port}/wechat/wx`
    const finding = await checkPushUrl(settings, { url, running: true, now: Date.now })
    expect(finding).toMatchObject({
      level: 'fail',
      todo: { en: expect.stringContaining('certificate') as string },
    })
  })
})

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
