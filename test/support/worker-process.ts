import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { WorkerOrder, WorkerSettings } from './token-worker.js'

/** Another process that uses kefu. */
export interface WorkerProcess {
  /** Gives an order and resolves with the answer. */
  ask(order: WorkerOrder): Promise<unknown>
  /** kill -9, and no farewell. */
  kill(): Promise<void>
}

const script = fileURLToPath(new URL('token-worker.ts', import.meta.url))

export async function startWorker(settings: WorkerSettings): Promise<WorkerProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(settings)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async (): Promise<unknown> => {
    const line: IteratorResult<string, unknown> = await lines.next()
    if (line.done === true) throw new Error('The worker process ended.')
    return JSON.parse(line.value)
  }
  await next()
  return {
    ask: (order) => {
      child.stdin.write(`${JSON.stringify(order)}\n`)
      return next()
    },
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}
