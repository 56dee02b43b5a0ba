import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Randomness } from './random.js'

describe('randomness', () => {
  it('is the same for the same seed, and differs for another', () => {
    const draw = (random: Randomness): string[] => [
      random.bytes('a', 100).toString('hex'),
      random.bytes('a', 100).toString('hex'),
      String(random.int('a', 0, 2 ** 31)),
    ]
    const drawn = draw(new Randomness('one'))
    expect(draw(new Randomness('one'))).toEqual(drawn)
    expect(new Set([...drawn, ...draw(new Randomness('two')), ...draw(new Randomness())]).size).toBe(9)
  })

  it('has a row for each purpose, which another purpose does not shift', () => {
    const [alone, among] = [new Randomness('one'), new Randomness('one')]
    among.bytes('b', 8)
    expect(among.bytes('a', 8)).toEqual(alone.bytes('a', 8))
    expect(among.bytes('a', 8)).not.toEqual(among.bytes('b', 8))
  })

  it('gives as many bytes, and numbers within their bounds', () => {
    for (const random of [new Randomness('one'), new Randomness()]) {
      for (const length of [0, 1, 32, 33, 100]) expect(random.bytes('a', length)).toHaveLength(length)
      const numbers = Array.from({ length: 200 }, () => random.int('a', 80, 83))
      expect([...new Set(numbers)].sort()).toEqual([80, 81, 82])
    }
  })

  it('is the emulator’s only one, but for what keeps strangers out and secrets that are handed on', () => {
    const folder = new URL('.', import.meta.url)
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
    )
    const drawing = files.filter((name) =>
      /\brandom(Bytes|Int|UUID)\b|Math\.random/.test(readFileSync(new URL(name, folder), 'utf8')),
    )
    expect(drawing.sort()).toEqual(['key.ts', 'random.ts', 'secrets.ts'])
  })
})
