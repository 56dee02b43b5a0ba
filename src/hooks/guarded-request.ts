import { lookup as systemLookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import { Agent, buildConnector, request, type Dispatcher } from 'undici'
import { KefuError } from '../errors.js'
import type { AddressGuard } from './address-guard.js'

/** Why there is no answer: a stable word. */
export type NoAnswerReason =
  'private_address' | 'dns' | 'refused' | 'tls' | 'timeout' | 'reset' | 'bad_answer' | 'stopped'

/** A guarded request that got no answer. The message names neither the address nor anything of it. */
export class NoAnswerError extends KefuError {
  readonly code: NoAnswerReason

  constructor(code: NoAnswerReason, options?: ErrorOptions) {
    super(`There was no answer: ${code}.`, options)
    this.code = code
  }
}

export interface GuardedRequestsOptions {
  readonly guard: AddressGuard
  /** From the first step to the answer's last byte. */
  readonly timeoutMs: number
  /** No more of an answer is read. */
  readonly maxBytes: number
  /** A host's addresses; the system's resolver when not given. */
  readonly resolve?: (hostname: string) => Promise<readonly string[]>
}

export interface GuardedRequest {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal?: AbortSignal
}

export interface GuardedAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
  /** False when the body was longer than allowed, or did not end in time: `body` is then only its beginning. */
  readonly whole: boolean
}

/** Longer than this nobody waits for a connection alone. */
const CONNECT_MS = 10_000

/**
 * Requests to addresses that other people chose (webhooks, business information): the host is resolved once, each
 * of its addresses must be allowed, and the connection goes to those very addresses, so that a name can't point
 * elsewhere by then. No redirect is followed, no proxy of the environment asked; time and size are bounded.
 */
export class GuardedRequests {
  readonly #options: GuardedRequestsOptions
  readonly #agent: Agent

  constructor(options: GuardedRequestsOptions) {
    this.#options = options
    this.#agent = new Agent({
      connect: guardedConnector(options),
      connections: 16,
      keepAliveTimeout: 4000,
      keepAliveMaxTimeout: 4000,
      headersTimeout: options.timeoutMs,
      bodyTimeout: options.timeoutMs,
      maxHeaderSize: 16 * 1024,
    })
  }

  /** Makes the request once. Throws NoAnswerError; an answer of any status is an answer. */
  async send({ url, method, headers, body, signal }: GuardedRequest): Promise<GuardedAnswer> {
    const timeout = AbortSignal.timeout(this.#options.timeoutMs)
    const ends = signal ? AbortSignal.any([signal, timeout]) : timeout
    let answer: Dispatcher.ResponseData
    try {
      answer = await request(url, {
        dispatcher: this.#agent,
        method,
        headers: { ...headers },
        body: body ?? null,
        signal: ends,
      })
    } catch (error) {
      throw new NoAnswerError(signal?.aborted ? 'stopped' : reasonOf(error), { cause: nameOf(error) })
    }
    const read = await readBounded(answer, this.#options.maxBytes)
    return { status: answer.statusCode, headers: answer.headers, ...read }
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    await this.#agent.destroy()
  }
}

/** Returns how to connect to addresses that other people chose: only to those that are allowed. */
export function guardedConnector({
  guard,
  resolve = systemAddresses,
  timeoutMs = CONNECT_MS,
}: Pick<GuardedRequestsOptions, 'guard' | 'resolve'> & {
  readonly timeoutMs?: number
}): buildConnector.connector {
  const lookup: LookupFunction = (hostname, options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const found = addresses.map((address) => ({ address, family: isIP(address) }))
        const [first] = found
        // One that is not allowed among them makes the whole answer doubtful.
        if (!first) callback(withCode('ENOTFOUND'), '')
        else if (!addresses.every((address) => guard.allows(address))) callback(withCode(REFUSED), '')
        else if (options.all) callback(null, found)
        else callback(null, first.address, first.family)
      },
      () => callback(withCode('ENOTFOUND'), ''),
    )
  }
  const connect = buildConnector({ lookup, timeout: Math.min(timeoutMs, CONNECT_MS) })
  return (options, callback) => {
    // For an address that is written out nobody is asked.
    if (isIP(options.hostname) !== 0 && !guard.allows(options.hostname)) callback(withCode(REFUSED), null)
    else connect(options, callback)
  }
}

const REFUSED = 'KEFU_ADDRESS_REFUSED'

function withCode(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code })
}

async function systemAddresses(hostname: string): Promise<readonly string[]> {
  return (await systemLookup(hostname, { all: true })).map(({ address }) => address)
}

async function readBounded(
  { body }: Dispatcher.ResponseData,
  maxBytes: number,
): Promise<{ body: Buffer; whole: boolean }> {
  const chunks: Buffer[] = []
  let length = 0
  let whole = true
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      const room = maxBytes - length
      chunks.push(chunk.subarray(0, room))
      length += Math.min(chunk.length, room)
      if (chunk.length > room) {
        whole = false
        break
      }
    }
  } catch {
    whole = false
  }
  // Leaving the loop early has destroyed the connection too.
  return { body: Buffer.concat(chunks), whole }
}

/** Returns the part of an error from below that may be kept: some carry the whole request and its signature. */
function nameOf(error: unknown): Error {
  const { name, code } = described(error)
  return Object.assign(new Error(code ?? name), { name })
}

function reasonOf(error: unknown): NoAnswerReason {
  const { name, code = '' } = described(error)
  if (code === REFUSED) return 'private_address'
  if (name === 'TimeoutError' || name === 'AbortError' || /TIMEOUT|ETIMEDOUT/.test(code)) return 'timeout'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'dns'
  if (['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EACCES'].includes(code))
    return 'refused'
  if (name === 'HTTPParserError' || /^HPE_|HEADERS_OVERFLOW|CONTENT_LENGTH/.test(code)) return 'bad_answer'
  if (/CERT|TLS|SSL|SIGNATURE|EPROTO/.test(code)) return 'tls'
  return 'reset'
}

function described(error: unknown): { name: string; code?: string } {
  if (!(error instanceof Error)) return { name: 'unknown' }
  // Several addresses were tried: the first one's failure stands for all.
  const inner = error instanceof AggregateError ? (error.errors as unknown[])[0] : undefined
  if (inner instanceof Error) return described(inner)
  return 'code' in error && typeof error.code === 'string'
    ? { name: error.name, code: error.code }
    : { name: error.name }
}
