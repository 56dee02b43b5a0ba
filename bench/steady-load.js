import { open, readAnswer } from './connection.js'
import { preparePush } from './pushes.js'

/**
 * Pushes so many a second, whether or not the ones before are answered: gives how long each took from the moment at
 * which it was due, in milliseconds. `prepare` makes the i-th; `onBegin` is told when the first is due, by the clock on
 * the wall. Throws on an answer that WeChat would not take.
 */
export async function pushSteadily({
  port,
  rate,
  seconds,
  first,
  prepare = (i) => preparePush(first + i, 'json'),
  onBegin,
}) {
  const pushes = Array.from({ length: rate * seconds }, (_, i) => prepare(i))
  const free = []
  const times = []
  const began = performance.now()
  onBegin?.(performance.timeOrigin + began)
  let sent = 0
  await new Promise((resolve, reject) => {
    const timer = setInterval(() => {
      while (sent < pushes.length && performance.now() - began >= (sent * 1000) / rate) {
        push(sent++).catch(reject)
      }
      if (sent === pushes.length) clearInterval(timer)
    }, 1)

    async function push(number) {
      const due = began + (number * 1000) / rate
      // In turns: one that lay idle for longer than the service keeps connections would never be answered.
      const socket = free.shift() ?? (await open(port))
      await ask(socket, pushes[number])
      free.push(socket)
      times.push(performance.now() - due)
      if (times.length === pushes.length) resolve()
    }
  })
  for (const socket of free) socket.destroy()
  return times
}

function ask(socket, bytes) {
  return new Promise((resolve, reject) => {
    let received = ''
    const onData = (chunk) => {
      received += chunk.latin1Slice()
      const answer = readAnswer(received)
      if (!answer) return
      socket.off('data', onData).off('error', reject).off('close', onClose)
      if (answer.status === 200 && answer.body === 'success') resolve()
      else reject(new Error(`answered ${answer.status} ${answer.body}`))
    }
    const onClose = () => reject(new Error('the connection closed before the answer'))
    if (socket.destroyed) onClose()
    socket.on('data', onData).on('error', reject).on('close', onClose)
    socket.write(bytes)
  })
}
