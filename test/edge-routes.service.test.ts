import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../src/store/index.js'
import { bodyWith, routeTable, type TableRoute } from './support/route-table.js'
import { startTestService, type TestService } from './support/test-service.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'

const key = 'a-key-of-the-walk-test-0123456789'
const BIG = 9007199254740991
const odd = { NUL: 'a\0b', 'half a character': 'a\ud800b' }

describe.each(await storeKinds())('every route, on %s', (kind) => {
  let database: TestStore
  let service: TestService
  let table: TableRoute[]
  let asked = 0

  beforeAll(async () => {
    database = await makeStore(kind)
    await database.store.close()
    service = await startTestService({
      KEFU_API_KEY: key,
      KEFU_TRUST_PROXY: 'loopback',
      DATABASE_URL: database.url,
    })
    await service.emulator.user('oLin').sends('在吗')
    table = await routeTable(service.url)
    expect(table.length).toBeGreaterThan(50)
  })
  afterAll(async () => {
    await service.close()
    await openStore(database.url).then((store) => store.close())
    await database.remove()
  })

  /** How a route answers; each time another client asks. */
  async function ask(
    { method, path, parameters }: TableRoute,
    { changes = {}, body }: { changes?: Readonly<Record<string, string>>; body?: string | undefined } = {},
  ): Promise<{ status: number; text: string }> {
    const query = new URLSearchParams()
    let filled = path
    for (const { name, in: place } of parameters) {
      const value = changes[name]
      if (place === 'path') filled = filled.replace(`{${name}}`, encodeURIComponent(value ?? '1'))
      else if (value !== undefined) query.set(name, value)
    }
    asked++
    const answer = await fetch(`${service.url}/api/v1${filled}?${query.toString()}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        'x-forwarded-for': `198.18.${asked >> 8}.${asked & 255}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
    })
    return { status: answer.status, text: await answer.text() }
  }

  it('refuses text in a body that a database may not keep, and numbers beyond dates and ids', async () => {
    let tried = 0
    for (const route of table) {
      const shown = `${route.method} ${route.path}`
      for (const { path, kind: what } of route.leaves ?? []) {
        const values = what === 'text' ? Object.values(odd) : what === 'number' ? [BIG, -BIG, 1e300] : []
        for (const value of values) {
          const { status, text } = await ask(route, { body: JSON.stringify(bodyWith(path, value)) })
          // A program has no session, and is told so first.
          if (shown.includes('/session') && status === 401) continue
          expect(status, `${shown} ${path.join('.')} ${JSON.stringify(value)}: ${text}`).toBe(422)
          tried++
        }
      }
    }
    expect(tried).toBeGreaterThan(100)
  })

  it('takes such text for a wrong name or password like any other', async () => {
    for (const value of Object.values(odd)) {
      const answer = await fetch(`${service.url}/api/v1/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: value, password: value }),
      })
      expect(answer.status).toBe(401)
    }
  })

  it('refuses such text as a filter, and is not broken by it, nor by a big number, in its path', async () => {
    for (const route of table)
      for (const { name, in: place } of route.parameters)
        for (const value of [
          ...Object.values(odd).filter((text) => text.includes('\0') || place === 'query'),
          String(BIG),
          '1'.repeat(30),
        ]) {
          const isText = !/^\d+$/.test(value)
          // A lone half can't be written in an address: it arrives as U+FFFD.
          if (value.includes('\ud800')) continue
          // A stream that is opened does not end.
          if (!isText && route.path === '/events') continue
          const { status, text } = await ask(route, {
            changes: { [name]: value },
            body: route.leaves && '{}',
          })
          const shown = `${route.method} ${route.path} ${name}=${JSON.stringify(value)}: ${text.slice(0, 300)}`
          if (isText && place === 'query') expect(status, shown).toBe(422)
          else expect(status, shown).toBeLessThan(500)
        }
  })

  it('takes no more than a megabyte, but pictures and files, and answers the largest body that it takes', async () => {
    const json = table.filter(({ mostBytes }) => mostBytes !== undefined)
    expect(json.length).toBeGreaterThan(20)
    expect(
      table.filter(({ takesBytes }) => takesBytes).map(({ method, path }) => `${method} ${path}`),
    ).toEqual(['POST /media', 'POST /knowledge/import-file'])
    for (const route of json) {
      const most = route.mostBytes ?? 0
      const shown = `${route.method} ${route.path}`
      expect(most, shown).toBeLessThanOrEqual(1024 * 1024)
      for (const body of largest(route, most)) {
        expect(Buffer.byteLength(body)).toBe(most)
        const { status } = await ask(route, { body })
        expect(status, shown).toBeGreaterThanOrEqual(400)
        expect(status, shown).toBeLessThan(500)
        expect(status, shown).not.toBe(413)
      }
      expect((await ask(route, { body: ' '.repeat(most + 1) })).status, shown).toBe(413)
    }
  }, 180_000)
})

/** Bodies of exactly so many bytes: a long text, a long list, a deep nesting. */
function largest({ leaves = [] }: TableRoute, bytes: number): string[] {
  const text = leaves.find(({ kind }) => kind === 'text')?.path ?? ['a']
  const long = JSON.stringify(bodyWith(text, '?'))
  const list = leaves.find(({ path }) => path.includes(0))?.path
  const name = String(list?.[0] ?? 'a')
  const pad = (begin: string, end: string, filling: string): string => {
    const room = bytes - begin.length - end.length
    const filled = filling.repeat(Math.floor(room / filling.length))
    return begin + filled + end + ' '.repeat(room - filled.length)
  }
  const deep = Math.floor((bytes - 10) / 2)
  return [
    pad(long.slice(0, long.indexOf('?')), long.slice(long.indexOf('?') + 1), 'x'),
    pad(`{${JSON.stringify(name)}:[0`, ']}', ',{}'),
    pad(`{"a":${'['.repeat(deep)}`, `${']'.repeat(deep)}}`, ' '),
  ]
}
