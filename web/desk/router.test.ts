import fc from 'fast-check'
import { expect, it } from 'vitest'
import { openSettings } from './settings/settings.js'
import { readHash, writeHash } from './router.js'
import { memoryStorage } from './testing-storage.js'

it('the address names the page and what it shows', () => {
  expect(readHash('')).toEqual({ page: 'conversations', argument: '', detail: '' })
  expect(readHash('#/conversations/12')).toEqual({ page: 'conversations', argument: '12', detail: '' })
  expect(readHash('#/setup/abc%2Fdef')).toEqual({ page: 'setup', argument: 'abc/def', detail: '' })
  expect(readHash('#/setup/%')).toEqual({ page: 'setup', argument: '%', detail: '' })
  expect(readHash('#/admin/guide/wx1')).toEqual({ page: 'admin', argument: 'guide', detail: 'wx1' })
  const text = fc.string({ unit: 'grapheme', minLength: 1 })
  fc.assert(
    fc.property(text, fc.option(text, { nil: '' }), (argument, detail) => {
      const route = { page: 'admin', argument, detail }
      expect(readHash(writeHash(route))).toEqual(route)
    }),
  )
})

it('what was chosen is there again, and nonsense is not', () => {
  const storage = memoryStorage({ 'kefu.desk.settings': '{"theme":"dark","listWidth":"wide","folded":"no"}' })
  const settings = openSettings(storage, new URLSearchParams('lang=en'))
  expect(settings).toMatchObject({ theme: 'dark', listWidth: 320, folded: [], language: 'en' })
  settings.density = 'compact'
  expect(openSettings(storage, new URLSearchParams())).toMatchObject({ density: 'compact', language: 'en' })
  // The browser's is followed until another is chosen; what else is kept does not fix it.
  const followed = memoryStorage()
  const first = openSettings(followed, new URLSearchParams(), ['en-GB'])
  expect(first.language).toBe('en')
  first.density = 'compact'
  expect(openSettings(followed, new URLSearchParams(), ['zh-CN'])).toMatchObject({
    density: 'compact',
    language: 'zh-CN',
  })
  first.language = 'zh-CN'
  expect(openSettings(followed, new URLSearchParams(), ['en'])).toMatchObject({ language: 'zh-CN' })
  expect(openSettings(memoryStorage({ 'kefu.desk.settings': '[' }), new URLSearchParams()).theme).toBe(
    'system',
  )
})
