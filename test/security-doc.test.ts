import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = new URL('../', import.meta.url)
const page = readFileSync(new URL('docs/security.md', root), 'utf8')

describe('docs/security.md', () => {
  it('names tests that there are', () => {
    const named = [...page.matchAll(/`((?:src|test)\/[\w/-]+)`/g)].map(([, path = '']) => path)
    const shown = named.filter((path) => path !== 'test/')
    expect(shown.length).toBeGreaterThan(60)
    for (const path of new Set(shown)) {
      const files = readdirSync(fileURLToPath(new URL(dirname(path), root)))
      const own = files.filter((file) => file.startsWith(`${basename(path)}.`) && file.endsWith('.test.ts'))
      expect(own, path).not.toEqual([])
    }
  })

  it('says what is not there, and so does its summary', () => {
    const missing = page.slice(page.indexOf('## What is not there'))
    expect(missing).toMatch(/second factor/)
    expect(missing).toMatch(/single sign-on/)
    expect(page.slice(0, page.indexOf('---'))).toMatch(/第二因素、单点登录/)
  })
})
