import type { Readable } from 'node:stream'
import { Agent, request } from 'undici'

/** Bytes of an answer that are read at most; WeChat names no bound. */
const maxAnswerBytes = 64 * 1024

export interface ExchangeOptions {
  readonly agent: Agent
  readonly timeoutMs: number
  /** Gives up early, when the emulator is reset or closed. */
  readonly signal: AbortSignal
}

const late = 'late'

/** An agent that opens a connection for each request: none that sat idle can spoil a push. */
export function pushAgent(): Agent {
  return new Agent({ pipelining: 0 })
}

/** WeChat's query behind whatever query the URL has already. */
export function withQuery(pushUrl: string, query: Readonly<Record<string, string>>): string {
  const url = new URL(pushUrl)
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  return url.href
}

/** An answer, whole. */
export interface HttpAnswer {
  status: number
  headers: Record<string, string>
  body: string
}

/** Why WeChat would count an exchange as failed. */
export type ExchangeFailure = 'late' | 'stopped' | 'unreachable' | 'status' | 'too_large'

/** `problem` says the failure in words. */
export type Outcome =
  | { response: HttpAnswer; failure: null; problem: null }
  | { response: HttpAnswer | null; failure: ExchangeFailure; problem: string }

/** A request as it goes out; one whose body comes in pieces is sent chunked, without Content-Length. */
export interface ExchangeMessage {
  readonly method: 'GET' | 'POST'
  readonly headers: Record<string, string>
  readonly body?: string | Readable
}

/** One request and its whole answer, within the time allowed; redirects are not followed. */
export async function exchange(
  url: string,
  message: ExchangeMessage,
  options: ExchangeOptions,
): Promise<Outcome> {
  const abort = new AbortController()
  const stop = (): void => {
    abort.abort()
  }
  const timer = setTimeout(() => {
    abort.abort(late)
  }, options.timeoutMs)
  options.signal.addEventListener('abort', stop)
  if (options.signal.aborted) stop()
  try {
    const answer = await request(url, { ...message, dispatcher: options.agent, signal: abort.signal })
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > maxAnswerBytes) break
      chunks.push(chunk)
    }
    const response = {
      status: answer.statusCode,
      headers: flatten(answer.headers),
      body: Buffer.concat(chunks).toString('utf8'),
    }
    if (bytes > maxAnswerBytes)
      return { response, failure: 'too_large', problem: `The answer is larger than ${maxAnswerBytes} bytes.` }
    if (response.status !== 200)
      return {
        response,
        failure: 'status',
        problem: statusProblem(response.status, message.method, new URL(url)),
      }
    return { response, failure: null, problem: null }
  } catch (error) {
    if (abort.signal.reason === late)
      return { response: null, failure: 'late', problem: `No answer within ${options.timeoutMs / 1000} s.` }
    if (options.signal.aborted)
      return { response: null, failure: 'stopped', problem: 'The emulator was reset or closed meanwhile.' }
    return {
      response: null,
      failure: 'unreachable',
      problem: `No answer from ${new URL(url).host}: ${reasonOf(error)}.`,
    }
  } finally {
    clearTimeout(timer)
    options.signal.removeEventListener('abort', stop)
  }
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? String(error.code) : error.name
  return code === 'ECONNREFUSED'
    ? 'nothing listens there (ECONNREFUSED)'
    : (error.message || code).replace(/\.$/, '')
}

/** Says what is likely where a route is missing: for the URL check often only that of its GET. */
function statusProblem(status: number, method: 'GET' | 'POST', { origin, pathname }: URL): string {
  const said = `The answer’s status is ${status}; WeChat wants 200.`
  if (status !== 404 && status !== 405) return said
  const asked = `Is the path of ${origin}${pathname} right?`
  return method === 'GET'
    ? `${said} ${asked} WeChat checks the URL by a GET, which a route for POST alone does not answer.`
    : `${said} ${asked}`
}
