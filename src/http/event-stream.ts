import type { ServerResponse } from 'node:http'

/** A page that reads slower than this falls off and comes again, with the number that it has. */
const MAX_WAITING_BYTES = 2 * 1024 * 1024

/** One answer of server-sent events. Source: https://html.spec.whatwg.org/multipage/server-sent-events.html */
export class EventStream {
  readonly #res: ServerResponse

  constructor(res: ServerResponse) {
    this.#res = res
    res.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      // For proxies that would wait until the end.
      'x-accel-buffering': 'no',
    })
    res.write('retry: 1000\n\n')
    // A page that went away is no error.
    res.on('error', () => undefined)
  }

  /** Writes text in the stream's form; cuts off who does not read. */
  send(text: string): void {
    if (this.#res.destroyed || this.#res.writableEnded) return
    this.#res.write(text)
    if (this.#res.writableLength > MAX_WAITING_BYTES) this.#res.destroy()
  }

  /** A line that keeps proxies from thinking that nobody is there. */
  beat(): void {
    this.send(': still here\n\n')
  }

  /** Resolves when what was written has left, or the page has. */
  drained(): Promise<void> | undefined {
    const res = this.#res
    if (!res.writableNeedDrain || res.destroyed) return undefined
    return new Promise((resolve) => {
      const done = (): void => {
        res.off('drain', done)
        res.off('close', done)
        resolve()
      }
      res.once('drain', done)
      res.once('close', done)
    })
  }

  onClose(listener: () => void): void {
    if (this.#res.destroyed) listener()
    else this.#res.once('close', listener)
  }

  close(): void {
    this.#res.end()
  }
}
