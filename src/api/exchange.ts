import { DecoratorHandler, type Dispatcher } from 'undici'

/** One request and its answer, as undici tells of them, without the streams that lie in between. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<{ readonly statusCode: number; readonly body: Buffer }>
  /** Whether the request was handed to a connection: before that WeChat has seen nothing. */
  left = false
  readonly #maxBytes: number
  readonly #timeoutMs: number
  readonly #chunks: Buffer[] = []
  #length = 0
  #statusCode = 0
  #timer: NodeJS.Timeout | undefined
  #resolve!: (answer: { statusCode: number; body: Buffer }) => void
  #reject!: (reason: unknown) => void

  constructor(maxBytes: number, timeoutMs: number) {
    this.#maxBytes = maxBytes
    this.#timeoutMs = timeoutMs
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  onRequestStart(): void {
    this.left = true
  }

  onResponseStart(controller: Dispatcher.DispatchController, statusCode: number): void {
    // Nothing before the answer itself, such as 103.
    if (statusCode < 200) return
    this.#statusCode = statusCode
    // undici's timeout starts again with each byte.
    this.#timer = setTimeout(() => {
      controller.abort(new Error('the answer did not end in time'))
    }, this.#timeoutMs)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#length += chunk.length
    if (this.#length > this.#maxBytes)
      controller.abort(new Error(`the answer is longer than ${this.#maxBytes} bytes`))
    else this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    clearTimeout(this.#timer)
    this.#resolve({ statusCode: this.#statusCode, body: Buffer.concat(this.#chunks) })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    clearTimeout(this.#timer)
    this.#reject(error)
  }
}

/** Notes the moment at which a request is handed to a connection: before it, WeChat has seen nothing. */
export class Departure extends DecoratorHandler {
  readonly #handler: Dispatcher.DispatchHandler
  readonly #departed: () => void

  constructor(handler: Dispatcher.DispatchHandler, departed: () => void) {
    super(handler)
    this.#handler = handler
    this.#departed = departed
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#departed()
    this.#handler.onRequestStart?.(controller, context)
  }
}
