import type { Context } from 'koa'
import type { EventBus } from './event-bus.js'

const heartbeatMs = 15_000
/** A page that reads slower than this falls off and comes again. */
const maxWaitingBytes = 8 * 1024 * 1024

/** GET /_emulator/events: every event from now on, until the client goes or `closed` is aborted. */
export function eventStream(ctx: Context, bus: EventBus, closed: AbortSignal): void {
  ctx.respond = false
  const { res } = ctx
  res.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // For proxies that would wait until the end.
    'x-accel-buffering': 'no',
  })
  res.write('retry: 1000\n\n')
  const stop = bus.listen((event) => {
    res.write(`data: ${JSON.stringify(event)}\n\n`)
    if (res.writableLength > maxWaitingBytes) res.destroy()
  })
  const heartbeat = setInterval(() => res.write(': still here\n\n'), heartbeatMs)
  heartbeat.unref()
  const end = (): void => {
    // What is still given up on the way has nobody to tell.
    stop()
    res.end()
  }
  closed.addEventListener('abort', end)
  res.once('close', () => {
    stop()
    clearInterval(heartbeat)
    closed.removeEventListener('abort', end)
  })
}
