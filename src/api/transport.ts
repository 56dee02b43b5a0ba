import { PassThrough, type Readable } from 'node:stream'
import { promisify } from 'node:util'
import { createGunzip, gunzip } from 'node:zlib'
import { Agent, request, type Dispatcher, type FormData } from 'undici'
import { ConfigError, NetworkError } from '../errors.js'
import { Departure, Exchange } from './exchange.js'
import { tunnelThrough } from './proxy.js'
import { causeOf } from './redact.js'

export interface TransportOptions {
  /** The API's address; a path in it stays in front of WeChat's paths. */
  readonly url?: string | undefined
  /** An HTTP proxy's address, `http://user:password@host:port`. */
  readonly proxy?: string | undefined
  /** How long to wait for a connection (5 s at most), for an answer to begin, and for it to be whole, in milliseconds. */
  readonly timeoutMs?: number | undefined
}

export interface Call {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  /** An object is sent as JSON in real UTF-8. */
  readonly body?: Readonly<Record<string, unknown>> | FormData
}

/** An answer that was read to its end. */
export interface Answer {
  readonly statusCode: number
  readonly text: string
}

/** An answer that is still to be read. */
export type Reply = Pick<Dispatcher.ResponseData, 'statusCode' | 'headers'> & { readonly body: Readable }

/**
 * A connection that sat idle for longer may be half dead, and a message sent on it is lost in a way that nobody
 * can tell from one that arrived.
 */
const IDLE_MS = 2000

/** HTTP to WeChat: one pool of connections, and errors that say whether the request had left. */
export class Transport {
  readonly #origin: string
  /** Stands in front of each path. */
  readonly #folder: string
  readonly #timeoutMs: number
  readonly #dispatcher: Dispatcher
  #closing: Promise<void> | undefined

  constructor(options: TransportOptions = {}) {
    const { url = 'https://api.weixin.qq.com', proxy, timeoutMs = 10_000 } = options
    if (!(timeoutMs > 0 && timeoutMs < 2 ** 31))
      throw new ConfigError('timeoutMs must be a number of milliseconds above zero, such as 10000.')
    this.#timeoutMs = timeoutMs
    const { origin, pathname } = baseUrl(url)
    this.#origin = origin
    this.#folder = pathname.replace(/\/+$/, '')
    const connectMs = Math.min(timeoutMs, 5000)
    this.#dispatcher = new Agent({
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      connect: proxy === undefined ? { timeout: connectMs } : tunnelThrough(proxy, connectMs),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    })
  }

  /** Whose API this is, for keys of what is shared between processes. */
  get host(): string {
    return new URL(this.#origin).host
  }

  /**
   * Makes the call once and reads its answer, which is bounded. Throws NetworkError, which names the path and never the
   * query. As `call` and `text` together, at half of what they cost.
   */
  async ask(call: Call, maxBytes = 1024 * 1024): Promise<Answer> {
    const exchange = new Exchange(maxBytes, this.#timeoutMs)
    try {
      this.#dispatcher.dispatch({ ...this.#at(call), method: call.method, ...bodyOf(call) }, exchange)
      const { statusCode, body } = await exchange.answer
      const bytes = isPacked(body) ? await unpack(body, { maxOutputLength: maxBytes }) : body
      return { statusCode, text: bytes.toString('utf8') }
    } catch (error) {
      throw networkError(call.path, error, exchange.left)
    }
  }

  /** Makes the call once, for an answer that is read as it comes. Throws as `ask` does. */
  async call(call: Call): Promise<Reply> {
    let left = false
    const dispatcher = this.#dispatcher.compose(
      (dispatch) => (options, handler) =>
        dispatch(
          options,
          new Departure(handler, () => {
            left = true
          }),
        ),
    )
    try {
      const { origin, path } = this.#at(call)
      return await request(origin + path, { dispatcher, method: call.method, ...bodyOf(call) })
    } catch (error) {
      throw networkError(call.path, error, left)
    }
  }

  /** The answer's body as text, bounded. Throws NetworkError (`unknown`): by now WeChat may have acted. */
  async text(path: string, reply: Reply, maxBytes = 1024 * 1024): Promise<string> {
    const chunks: Buffer[] = []
    let length = 0
    // undici's timeout starts again with each byte.
    const timer = setTimeout(() => {
      reply.body.destroy(new Error('the answer did not end in time'))
    }, this.#timeoutMs)
    try {
      for await (const chunk of reply.body as AsyncIterable<Buffer>) {
        length += chunk.length
        if (length > maxBytes) throw new Error(`the answer is longer than ${maxBytes} bytes`)
        chunks.push(chunk)
      }
      const body = Buffer.concat(chunks)
      return (isPacked(body) ? await unpack(body, { maxOutputLength: maxBytes }) : body).toString('utf8')
    } catch (error) {
      throw networkError(path, error, true)
    } finally {
      clearTimeout(timer)
    }
  }

  /** The same answer with its body as it was before somebody in between packed it. */
  unpacked({ statusCode, headers: given, body: packed }: Reply): Reply {
    const headers = { ...given }
    delete headers['content-length']
    const body = createGunzip()
    packed.on('error', (error) => body.destroy(error))
    body.on('close', () => packed.destroy())
    return { statusCode, headers, body: packed.pipe(body) }
  }

  /**
   * The first bytes of an answer's body, fewer where it is shorter. They stay in the body, unless it `ended` with
   * them. Throws as text does.
   */
  async peek(path: string, reply: Reply, bytes: number): Promise<{ head: Buffer; ended: boolean }> {
    const { body } = reply
    const timer = setTimeout(() => {
      body.destroy(new Error('the answer did not begin in time'))
    }, this.#timeoutMs)
    try {
      let head = Buffer.alloc(0)
      while (head.length < bytes) {
        const chunk: unknown = body.read()
        if (chunk instanceof Uint8Array) head = Buffer.concat([head, chunk])
        else if (!(await hasMore(body))) return { head, ended: true }
      }
      body.unshift(head)
      return { head, ended: false }
    } catch (error) {
      throw networkError(path, error, true)
    } finally {
      clearTimeout(timer)
    }
  }

  /** The answer's body as a stream, which fails with NetworkError. To be read or destroyed. */
  stream(path: string, reply: Reply): Readable {
    const out = new PassThrough({
      destroy(error, callback) {
        reply.body.destroy()
        callback(error)
      },
    })
    reply.body.on('error', (error) => out.destroy(networkError(path, error, true)))
    return reply.body.pipe(out)
  }

  #at({ path, query }: Call): { origin: string; path: string } {
    const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`
    return { origin: this.#origin, path: `${this.#folder}${path}${search}` }
  }

  /** May be called twice: undici refuses to close what is closed. */
  async close(): Promise<void> {
    this.#closing ??= this.#dispatcher.close()
    await this.#closing
  }
}

/** Whether a body is gzip, told by its bytes: nobody was asked to pack it, and whoever does may not say so. */
export function isPacked(body: Uint8Array): boolean {
  return body[0] === 0x1f && body[1] === 0x8b
}

const unpack = promisify(gunzip)

/** Waits until there is something to read; false at the end. */
function hasMore(body: Readable): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const stop = new AbortController()
    const when = (event: string, act: (error?: unknown) => void): void => {
      const listener = (error?: unknown): void => {
        stop.abort()
        act(error)
      }
      body.once(event, listener)
      stop.signal.addEventListener('abort', () => body.off(event, listener))
    }
    when('readable', () => {
      resolve(true)
    })
    when('end', () => {
      resolve(false)
    })
    when('error', reject)
    when('close', () => {
      reject(new Error('the answer was cut'))
    })
  })
}

function bodyOf(call: Call): { headers?: Record<string, string>; body?: string | FormData } {
  if (call.body === undefined) return {}
  if (isForm(call.body)) return { body: call.body }
  return {
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: jsonOf(call.body),
  }
}

function jsonOf(body: Readonly<Record<string, unknown>>): string {
  const json = JSON.stringify(body)
  // Hardly any text has an escape of this kind, and a replacer makes all of them slow.
  if (!json.includes('\\u')) return json
  return JSON.stringify(body, (_name, value: unknown) =>
    typeof value === 'string' ? writable(value) : value,
  )
}

/**
 * A text without what JSON can only write as `\uXXXX`, which WeChat shows to the customer as it stands or
 * refuses (40033): halves of characters, as a careless cut leaves them, and control characters (but for those that
 * have escapes of their own: \b \t \n \f \r).
 */
function writable(text: string): string {
  return text.replace(/\p{Cs}/gu, '\ufffd').replace(/[\0-\x07\v\x0e-\x1f]/g, '')
}

function isForm(body: NonNullable<Call['body']>): body is FormData {
  return Symbol.toStringTag in body && body[Symbol.toStringTag] === 'FormData'
}

function networkError(path: string, error: unknown, left: boolean): NetworkError {
  const cause = causeOf(error)
  const why = cause.message.trim() || cause.code
  const message = left
    ? `${path}: the request left but no readable answer came (${why}). WeChat may have acted on it; it is not sent again by itself.`
    : `${path}: WeChat can't be reached (${why}). Nothing was sent. Check the network, DNS, the proxy and WECHAT_API_URL.`
  return new NetworkError(message, { accepted: left ? 'unknown' : 'no', path, cause })
}

function baseUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (
    !parsed ||
    !/^https?:$/.test(parsed.protocol) ||
    [parsed.search, parsed.hash, parsed.username, parsed.password].some((part) => part !== '')
  )
    throw new ConfigError(
      'The API’s url must be an http or https address without a query or password, such as https://api.weixin.qq.com or http://127.0.0.1:3001.',
    )
  return parsed
}
