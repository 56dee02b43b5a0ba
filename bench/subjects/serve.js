import { createServer } from 'node:http'

const counts = { pushes: 0, characters: 0 }

/** What each subject's handler does with a message: it counts it, and its text to show that it was read. */
export function handle(text) {
  counts.pushes++
  counts.characters += text.length
}

/** Serves on a free port of the loopback, and tells the bench by IPC the port and, when asked, how it stands. */
export function serve(listener) {
  const server = createServer(listener).listen(0, '127.0.0.1', () => process.send(server.address().port))
  let before = performance.eventLoopUtilization()
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    const busy = performance.eventLoopUtilization(before).utilization
    process.send({ ...counts, cpuMicroseconds: user + system, busy })
    before = performance.eventLoopUtilization()
  })
  process.on('disconnect', () => process.exit())
}

export function readBody(req) {
  return new Promise((resolve, reject) => {
    const chunks = []
    req.on('data', (chunk) => chunks.push(chunk))
    req.on('end', () => resolve(Buffer.concat(chunks).toString()))
    req.on('error', reject)
  })
}
