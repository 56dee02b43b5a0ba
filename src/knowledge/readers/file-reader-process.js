// @ts-check
/**
 * Reads one file in a process of its own: what a file unpacks to lies outside JavaScript's own memory, which is all that
 * a thread's limits hold. The reading is done by a thread, so that this one is free to watch how much the process has.
 * In JavaScript, because a process's first file is run as it is, also from src/.
 */
import { setPriority } from 'node:os'
import { Worker } from 'node:worker_threads'

/** Between two looks at the memory, in milliseconds: what a file can fill meanwhile is what it takes too much. */
const LOOK_MS = 5
/** Behind the service's own work. */
const NICENESS = 5

/** @param {import('./file-reader.js').FileRead} read */
function answer(read) {
  process.send?.(read, end)
}

/** At once: an exit would wait for what the thread is within. */
function end() {
  process.kill(process.pid, 'SIGKILL')
}

process.once('disconnect', end)
process.once('message', (/** @type {import('./file-reader.js').ReadRequest} */ { bytes, name, memoryMb }) => {
  try {
    setPriority(NICENESS)
  } catch {
    // Not everywhere allowed.
  }
  const most = process.memoryUsage.rss() + memoryMb * 1024 * 1024
  setInterval(() => {
    if (process.memoryUsage.rss() > most) answer({ refused: 'too_much' })
  }, LOOK_MS)
  const thread = new Worker(new URL('./file-reader-thread.js', import.meta.url), {
    workerData: { bytes, name },
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 32 },
  })
  thread.once('message', answer)
  thread.once('error', (error) => {
    answer({
      refused: 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'too_much' : 'broken',
    })
  })
})
