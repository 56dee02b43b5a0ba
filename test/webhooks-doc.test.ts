import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { hookEvents } from '../src/hooks/index.js'
import { retryPauses } from '../src/hooks/schedule.js'
import { webhookRoutes, type WebhookRoutesOptions } from '../src/hooks/routes/webhook-routes.js'
import { codeBlocks, quoteOf } from './markdown.js'

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
const page = read('docs/webhooks.md')

describe('docs/webhooks.md', () => {
  it('has every event with what it means', () => {
    const rows = [...page.matchAll(/^\| `([a-z]+\.[a-z]+)` +\| (.*?) *\|$/gm)].map(([, name, means]) => [
      name,
      means,
    ])
    expect(rows).toEqual(Object.entries(hookEvents))
  })

  it('has every route', () => {
    const parts = { hooks: {} } as unknown as WebhookRoutesOptions
    for (const { method, path } of webhookRoutes(parts)) {
      const row = page
        .split('\n')
        .find(
          (line) => line.startsWith('|') && line.includes(`${path}\``.replace('deliveries`', 'deliveries')),
        )
      expect(row, `${method} ${path}`).toContain(method)
    }
  })

  it('has the pauses between attempts', () => {
    const words = retryPauses.map((pause) =>
      pause < 60_000
        ? `${pause / 1000} s`
        : pause < 3_600_000
          ? `${pause / 60_000} min`
          : `${pause / 3_600_000} h`,
    )
    const said = /after ([^:]*?), with up to a tenth/.exec(page.replaceAll('\n', ' '))?.[1]
    expect(said?.split(/, | and /)).toEqual(words)
  })

  it('quotes the example that is tested', () => {
    const quotes = codeBlocks(page).flatMap((block) => quoteOf(block) ?? [])
    expect(quotes.map(({ file }) => file)).toEqual(['examples/webhook-receiver/app.ts'])
    for (const { file, excerpt } of quotes) expect(excerpt.trim()).toBe(read(file).trim())
  })
})
