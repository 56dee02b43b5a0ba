import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ApiClient } from './support/api-client.js'
import { startTestService, type TestService } from './support/test-service.js'
import { codeBlocks } from './markdown.js'

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
const page = read('docs/api.md')

interface Operation {
  readonly 'x-access': string
  readonly requestBody?: { content: Record<string, { schema?: object }> }
}

let service: TestService
/** Each route of openapi.json, as `POST /conversations/:id/take`. */
let operations: Map<string, Operation>
let schemas: Readonly<Record<string, object>>

beforeAll(async () => {
  service = await startTestService()
  const { paths, components } = await new ApiClient(service.url, undefined).document()
  schemas = components.schemas
  operations = new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => [
        `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
        operation as unknown as Operation,
      ]),
    ),
  )
})
afterAll(() => service.close())

/** The routes of the page's table, with the mark of those for admins. */
function listed(): Map<string, string> {
  const rows = [...page.matchAll(/^\| (`(?:GET|POST|PUT|PATCH|DELETE)\b.*?) +\| (.)/gm)]
  return new Map(
    rows.flatMap(([, routes = '', mark = '']) =>
      [...routes.matchAll(/((?:`?[A-Z]+`?, )*)`([A-Z]+) (\/[^`]*)`/g)].flatMap(
        ([, before = '', last = '', path = '']) =>
          [...before.matchAll(/[A-Z]+/g)]
            .flat()
            .concat(last)
            .map((method): [string, string] => [`${method} ${path}`, mark]),
      ),
    ),
  )
}

describe('docs/api.md', () => {
  it('lists every route that there is, and no other', () => {
    // docs/webhooks.md has those, and a test of its own.
    const own = [...operations.keys()].filter((route) => !route.includes('/webhook'))
    const rows = [...listed().keys()].filter((route) => !route.includes('/webhook'))
    expect(rows.sort()).toEqual(own.sort())
  })

  it('marks what is for admins', () => {
    for (const [route, mark] of listed())
      if (operations.get(route)?.['x-access'] === 'admin') expect([route, mark]).toEqual([route, 'a'])
  })

  it('has examples that the API takes', () => {
    const commands = codeBlocks(page)
      .filter(({ language }) => language === 'sh')
      .flatMap(({ code }) => code.replaceAll('\\\n', ' ').split('\n'))
      .filter((line) => line.startsWith('curl'))
    expect(commands.length).toBeGreaterThan(5)
    for (const command of commands) {
      const method = /-X (\w+)/.exec(command)?.[1] ?? 'GET'
      const path = /"\$KEFU\/api\/v1(\/[^"?]*)/.exec(command)?.[1] ?? ''
      const route = `${method} ${path.replaceAll(/\/\d+/g, '/:id')}`
      expect([...operations.keys()]).toContain(route)
      const body = /-d '(.*)'/.exec(command)?.[1]
      const schema = operations.get(route)?.requestBody?.content['application/json']?.schema
      expect([route, body === undefined]).toEqual([route, schema === undefined])
      if (body === undefined || schema === undefined) continue
      const text = JSON.stringify({ ...schema, $defs: schemas }).replaceAll(
        '#/components/schemas/',
        '#/$defs/',
      )
      const check = z.fromJSONSchema(JSON.parse(text) as Parameters<typeof z.fromJSONSchema>[0])
      expect(check.safeParse(JSON.parse(body)), route).toMatchObject({ success: true })
    }
  })
})

describe('every route', () => {
  it('is called by a test', () => {
    const folder = new URL('./', import.meta.url)
    const tests = readdirSync(folder)
      .filter((name) => name.endsWith('.test.ts') && name !== 'api-doc.service.test.ts')
      .map((name) => readFileSync(new URL(name, folder), 'utf8'))
      .join('\n')
    const missing = [...operations.keys()].filter((route) => {
      const [, path = ''] = route.split(' ')
      const parts = path
        .split('/')
        .map((part) => (part.startsWith(':') ? '[^/\'"`?]+' : part.replaceAll('.', '\\.')))
      return !new RegExp(`${parts.join('/')}(?![\\w/.-])`).test(tests)
    })
    expect(missing).toEqual([])
  })
})
