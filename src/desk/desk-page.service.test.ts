import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Koa from 'koa'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startKoa, type KoaServer } from '../../test/support/koa-server.js'
import { deskPage } from './desk-page.js'

let root: string
let server: KoaServer
const get = (path: string, init?: RequestInit): Promise<Response> =>
  fetch(`http://127.0.0.1:${server.port}${path}`, init)

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'kefu-desk-'))
  mkdirSync(join(root, 'desk', 'assets'), { recursive: true })
  writeFileSync(join(root, 'desk', 'index.html'), '<!doctype html><title>desk</title>')
  writeFileSync(join(root, 'desk', 'assets', 'index-a1b2c3.js'), 'export {}')
  writeFileSync(join(root, 'secret.txt'), 'secret')
  const app = new Koa().use(deskPage(join(root, 'desk'))).use((ctx) => {
    ctx.body = 'next'
  })
  app.silent = true
  server = await startKoa(app)
})
afterEach(async () => {
  await server.close()
  rmSync(root, { recursive: true })
})

it('the page is asked for anew, its files are kept for good, and nothing inline runs', async () => {
  const page = await get('/')
  expect(await page.text()).toContain('<title>desk</title>')
  expect(page.headers.get('cache-control')).toBe('no-cache')
  expect(page.headers.get('x-content-type-options')).toBe('nosniff')
  const policy = page.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'self'")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toContain('unsafe')
  const file = await get('/assets/index-a1b2c3.js')
  expect(file.headers.get('cache-control')).toContain('immutable')
  expect(file.headers.get('content-type')).toContain('javascript')
})

it('what is not there, or outside, is not found', async () => {
  for (const path of ['/assets/other.js', '/assets/..%2f..%2fsecret.txt', '/assets/'])
    expect((await server.ask({ path })).status, path).toBe(404)
})

it('other requests are left to whoever comes next', async () => {
  for (const path of ['/api/v1/conversations', '/wechat', '/healthz', '/index.html'])
    expect(await (await get(path)).text(), path).toBe('next')
  expect(await (await get('/', { method: 'POST' })).text()).toBe('next')
})

it('a page that is not built says how to build it', async () => {
  rmSync(join(root, 'desk', 'index.html'))
  const page = await get('/')
  expect(page.status).toBe(503)
  expect(await page.text()).toContain('npm run build:web')
})
