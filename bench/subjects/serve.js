import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

const counts = { pushes: 0, characters: 0 }

/** What each subject's handler does with a message: it counts it, and its text to show that it was read. */
export function handle(text) {
  counts.pushes++
  counts.characters += text.length
}

/**
 * Serves on a free port of the loopback, tells the bench by IPC the port, and answers what it asks: `report`, how
 * the process stands; `settle`, what was handled since the start, once nothing waits any more. Who handles pushes
 * after the answer gives a `settle` of its own.
 */
export function serve(listener, settle = () => counts) {
  const server = createServer(listener).listen(0, '127.0.0.1', () => process.send(server.address().port))
  let before = performance.eventLoopUtilization()
  const answers = {
    report() {
      const { user, system } = process.cpuUsage()
      const busy = performance.eventLoopUtilization(before).utilization
      before = performance.eventLoopUtilization()
      return { cpuMicroseconds: user + system, peakMegabytes: peakMegabytes(), busy }
    },
    settle,
  }
  process.on('message', async (question) => {
    try {
      process.send({ answer: await answers[question]() })
    } catch (error) {
      process.send({ error: error.message })
    }
  })
  process.on('disconnect', () => process.exit())
}

/** The most memory that this process has had; where the system does not tell, what it has now. */
function peakMegabytes() {
  try {
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024
  } catch {
    return process.memoryUsage.rss() / 1024 / 1024
  }
}

export function readBody(req) {
  return new Promise((resolve, reject) => {
    const chunks = []
    req.on('data', (chunk) => chunks.push(chunk))
    req.on('end', () => resolve(Buffer.concat(chunks).toString()))
    req.on('error', reject)
  })
}
