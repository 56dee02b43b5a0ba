import { describe, expect, it } from 'vitest'
import { emulatorAddress, storageOf, worldPrefix } from './place.js'

describe('the place of a page', () => {
  it('is a world’s below /w/NAME/, else the emulator’s own', () => {
    expect(['/', '/index.html', '/w/', '/w/a', '/wxa/b/', '/w/a%20b/'].map(worldPrefix)).toEqual([
      '',
      '',
      '',
      '',
      '',
      '',
    ])
    expect(['/w/a/', '/w/test-1.b_2/index.html'].map(worldPrefix)).toEqual(['/w/a', '/w/test-1.b_2'])
    expect(emulatorAddress({ origin: 'http://127.0.0.1:3001', pathname: '/w/a/' })).toBe(
      'http://127.0.0.1:3001/w/a',
    )
  })

  it('keeps the phones of each world apart', () => {
    const kept = new Map<string, string>()
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    }
    storageOf('', storage).setItem('kefu.phones', 'own')
    storageOf('/w/a', storage).setItem('kefu.phones', 'a')
    expect(storageOf('/w/b', storage).getItem('kefu.phones')).toBeNull()
    expect(storageOf('/w/a', storage).getItem('kefu.phones')).toBe('a')
    expect(storage.getItem('kefu.phones')).toBe('own')
  })
})
