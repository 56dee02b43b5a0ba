import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const TIMES = 300

/** How long this disk takes to make a page of 4 kB safe: the median, in milliseconds. No commit can be faster. */
export function syncTime() {
  const file = join(tmpdir(), `kefu-bench-sync-${process.pid}`)
  const page = Buffer.alloc(4096, 1)
  const descriptor = openSync(file, 'w')
  try {
    const times = Array.from({ length: TIMES }, (_, i) => {
      const start = performance.now()
      writeSync(descriptor, page, 0, page.length, i * page.length)
      fdatasyncSync(descriptor)
      return performance.now() - start
    })
    return times.sort((a, b) => a - b)[TIMES / 2]
  } finally {
    closeSync(descriptor)
    rmSync(file)
  }
}
