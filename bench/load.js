/**
 * One thread of the load: some of the connections, each with one push in flight, over bare sockets. An HTTP client
 * costs more than the fastest server measured here, so the requests are prepared and the answers read by hand.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { open, readAnswer } from './connection.js'
import { preparePush } from './pushes.js'

const { connections, thread, threads } = workerData
const prepared = { json: [], xml: [] }

const jobs = {
  /** Prepares this thread's share of `count` pushes in each format, numbered from `first`. */
  prepare({ first, count }) {
    for (const format of ['json', 'xml']) {
      prepared[format] = []
      for (let i = thread; i < count; i += threads) prepared[format].push(preparePush(first + i, format))
    }
  },

  /** Pushes for so many seconds, from the prepared push `from` on; ends early when all are used. */
  async push({ port, format, replies, seconds, from }) {
    const pushes = prepared[format]
    const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)))
    const latencies = new Float64Array(pushes.length - from)
    const start = performance.now()
    const end = start + seconds * 1000
    let [next, answered, last] = [from, 0, start]

    await Promise.all(
      sockets.map(async (socket) => {
        let sentAt
        const send = () => {
          sentAt = performance.now()
          if (sentAt >= end || next === pushes.length) return false
          socket.write(pushes[next++])
          return true
        }
        await converse(socket, { send, replies }, () => {
          last = performance.now()
          latencies[answered++] = last - sentAt
        })
      }),
    )
    return {
      next,
      answered,
      seconds: (last - start) / 1000,
      startedAt: performance.timeOrigin + start,
      latencies: latencies.slice(0, answered),
    }
  },
}

/** Sends and awaits in turn until `send` says that there is no more; rejects on an answer that WeChat would not take. */
function converse(socket, { send, replies }, answered) {
  return new Promise((resolve, reject) => {
    let received = ''
    socket.setTimeout(10_000, () => reject(new Error('no answer in 10 s')))
    socket.on('error', reject).on('close', () => reject(new Error('the connection was closed')))
    socket.on('data', (chunk) => {
      received += chunk.latin1Slice()
      const answer = readAnswer(received)
      if (!answer) return
      const taken = replies ? /^<xml>[^]*<Encrypt>/.test(answer.body) : /^(success)?$/.test(answer.body)
      if (answer.status !== 200 || !taken)
        return reject(new Error(`answered ${answer.status} ${answer.body}`))
      received = ''
      answered()
      if (!send()) finish()
    })
    const finish = () => {
      socket.removeAllListeners('close').destroy()
      resolve()
    }
    if (!send()) finish()
  })
}

parentPort.on('message', async ({ job, ...input }) => {
  try {
    parentPort.postMessage({ result: await jobs[job](input) })
  } catch (error) {
    parentPort.postMessage({ error: error.message })
  }
})
