import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Koa from 'koa'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { phonePage } from './phone-page.js'

let outside: string
let folder: string
let server: Server
let url: string

beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), 'kefu-phone-'))
  folder = join(outside, 'page')
  await mkdir(folder)
  const koa = new Koa().use(phonePage(folder)).use((ctx) => {
    ctx.body = 'the API'
  })
  // Connections are cut at a test's end, which Koa would write about.
  koa.silent = true
  const handle = koa.callback()
  server = createServer((req, res) => void handle(req, res))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  server.close()
  server.closeAllConnections()
  await rm(outside, { recursive: true })
})

async function build(): Promise<void> {
  await writeFile(join(folder, 'index.html'), '<!doctype html>')
  await mkdir(join(folder, 'assets'))
  await writeFile(join(folder, 'assets', 'index-a1.js'), 'export {}')
}

it('serves the page with a policy that lets no other script run', async () => {
  await build()
  const response = await fetch(url)
  expect(await response.text()).toBe('<!doctype html>')
  expect(response.headers.get('content-type')).toContain('text/html')
  expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  expect(response.headers.get('content-security-policy')).toBe(
    "default-src 'self'; img-src 'self' data: blob: https: http:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  )
})

it('serves the page’s files, and none beside them', async () => {
  await build()
  await writeFile(join(outside, 'beside.txt'), 'not yours')
  const script = await fetch(`${url}/assets/index-a1.js`)
  expect(script.headers.get('content-type')).toContain('javascript')
  expect(await script.text()).toBe('export {}')
  for (const path of [
    '/assets/nothing.js',
    '/%2e%2e/kefu-beside.txt',
    '/..%2fkefu-beside.txt',
    '/favicon.ico',
  ])
    expect((await fetch(url + path)).status, path).toBe(404)
})

it('leaves paths of the API and other methods alone', async () => {
  await build()
  for (const path of ['/cgi-bin/token', '/cgi-bin/a.js', '/wxa/msg_sec_check'])
    expect(await (await fetch(url + path)).text()).toBe('the API')
  expect(await (await fetch(url, { method: 'POST' })).text()).toBe('the API')
})

it('says how to build the page where it is not built', async () => {
  const response = await fetch(url)
  expect(response.status).toBe(503)
  expect(await response.text()).toContain('npm run build:web')
})
