import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compileCache } from './compile-cache.js'

let dataDir: string
let directory: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'kefu-cache-'))
  directory = join(dataDir, 'compile-cache')
})
afterEach(() => {
  rmSync(dataDir, { recursive: true })
})

/** Keeps the cache on, and gives what Node was told. */
function told(): string[] {
  const calls: string[] = []
  const keep = compileCache(dataDir, {
    enableCompileCache: (given) => calls.push(given),
    flushCompileCache: () => calls.push('flush'),
  })
  keep()
  return calls
}

describe('compileCache', () => {
  it('keeps what is compiled in a directory of this user alone, and writes it out when told', () => {
    expect(told()).toEqual([directory, 'flush'])
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    expect(told()).toEqual([directory, 'flush'])
  })

  it('makes nothing where Node can keep nothing', () => {
    compileCache(dataDir, {})()
    expect(existsSync(directory)).toBe(false)
  })

  it.each<[string, () => void]>([
    [
      'that others may write in',
      () => {
        mkdirSync(directory)
        chmodSync(directory, 0o777)
      },
    ],
    [
      'that is somewhere else',
      () => {
        mkdirSync(join(dataDir, 'elsewhere'), { mode: 0o700 })
        symlinkSync(join(dataDir, 'elsewhere'), directory)
      },
    ],
    ['that is a file', () => writeFileSync(directory, '')],
  ])('runs nothing from a directory %s', (_, make) => {
    make()
    expect(told()).toEqual([])
  })
})
