import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

/** The rules for fields where a finger taps them, as pixels by selector. */
function touchedFields(path: string): Map<string, number> {
  const text = readFileSync(new URL(path, import.meta.url), 'utf8')
  const block = /@media \(pointer: coarse\), \(width < 768px\) \{\s*([^{]+)\{\s*font-size: (\d+)px;/.exec(
    text,
  )
  return new Map((block?.[1] ?? '').split(',').map((selector) => [selector.trim(), Number(block?.[2])]))
}

describe('fields on a phone', () => {
  it.each(['input', 'select', 'textarea'])('%s is so large that no browser zooms into it', (field) => {
    expect(touchedFields('./controls.css').get(field)).toBeGreaterThanOrEqual(16)
  })
})
