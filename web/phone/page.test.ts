import { ref } from 'vue'
import { describe, expect, it } from 'vitest'
import { createClient } from './emulator/client.js'
import type { StreamListener } from './emulator/live.js'
import { createI18n } from './locales/i18n.js'
import { createPage, type Page } from './page.js'

/** A page whose live events come from the test. */
function open(): { page: Page; tell: (event: object) => void } {
  let listener: StreamListener | undefined
  const page = createPage({
    client: createClient(() => Promise.reject(new Error('Nobody is there.'))),
    i18n: createI18n(ref('en')),
    openStream: (given) => {
      listener = given
      return () => undefined
    },
    query: new URLSearchParams(),
    storage: { getItem: () => null, setItem: () => undefined },
    isWide: false,
  })
  return {
    page,
    tell: (event) => {
      listener?.data(JSON.stringify(event))
    },
  }
}

describe('the page’s time', () => {
  it('stands still where the emulator’s clock does, and goes on with it', () => {
    const { page, tell } = open()
    tell({ type: 'clock', clock: { now: 7000, advancedMs: 0, fixedAt: 7000 } })
    expect(page.now.value).toBe(7000)
    tell({ type: 'clock', clock: { now: 67_000, advancedMs: 60_000, fixedAt: 7000 } })
    expect(page.now.value).toBe(67_000)
    page.close()
  })
})
