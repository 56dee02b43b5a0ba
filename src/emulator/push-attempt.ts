import { Agent, request } from 'undici'
import {
  decodeAnswer,
  KefuError,
  type Answer,
  type EncodedPush,
  type Format,
  type PushSecrets,
} from '../wechat/index.js'
import type { DeliveryAttempt } from './protocol.js'

/** What an answer may hold at most; WeChat names no bound. */
const maxAnswerBytes = 64 * 1024

export interface AttemptTarget {
  readonly pushUrl: string
  readonly push: EncodedPush
  /** What decides how the answer is read. */
  readonly format: Format
  readonly secrets: PushSecrets
  /** Whether `transfer` may be the answer: to a message, not to an event. */
  readonly openId: string | undefined
  readonly originalId: string
}

export interface AttemptOptions {
  readonly agent: Agent
  readonly timeoutMs: number
  /** Gives up early, when the emulator is reset or closed. */
  readonly signal: AbortSignal
}

export interface AttemptResult {
  attempt: DeliveryAttempt
  /** null when WeChat would count the attempt as failed. */
  answer: Answer | null
}

/** An agent that opens a connection for each request: none that sat idle can spoil a push. */
export function pushAgent(): Agent {
  return new Agent({ pipelining: 0 })
}

/** Pushes once and reads the answer as WeChat does. Never throws: what went wrong stands in the attempt. */
export async function makeAttempt(
  number: number,
  target: AttemptTarget,
  options: AttemptOptions,
): Promise<AttemptResult> {
  const url = withQuery(target.pushUrl, target.push.query)
  const headers = {
    'user-agent': 'Mozilla/4.0',
    accept: '*/*',
    pragma: 'no-cache',
    'content-type': target.push.contentType,
  }
  const { body } = target.push
  const startedAt = Date.now()
  const started = performance.now()
  const outcome = await exchange(url, { method: 'POST', headers, body }, options)
  const read = outcome.problem === null ? readAnswer(outcome.response, target) : unread(outcome)
  const attempt: DeliveryAttempt = {
    number,
    startedAt,
    durationMs: Math.round(performance.now() - started),
    request: {
      method: 'POST',
      url,
      headers: {
        host: new URL(url).host,
        ...headers,
        'content-length': String(Buffer.byteLength(body)),
        connection: 'close',
      },
      body,
    },
    response: outcome.response && { ...outcome.response, plaintext: read.plaintext },
    problem: read.problem,
  }
  return { attempt, answer: read.answer }
}

/** WeChat's query behind whatever query the URL has already. */
export function withQuery(pushUrl: string, query: Readonly<Record<string, string>>): string {
  const url = new URL(pushUrl)
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  return url.href
}

interface Response {
  status: number
  headers: Record<string, string>
  body: string
}

type Outcome = { response: Response; problem: null } | { response: Response | null; problem: string }

/** One request and its whole answer, within the time allowed; redirects are not followed. */
export async function exchange(
  url: string,
  message: { method: 'GET' | 'POST'; headers: Record<string, string>; body?: string },
  options: AttemptOptions,
): Promise<Outcome> {
  const timeout = AbortSignal.timeout(options.timeoutMs)
  try {
    const answer = await request(url, {
      ...message,
      dispatcher: options.agent,
      signal: AbortSignal.any([timeout, options.signal]),
    })
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
      return { response, problem: `The answer is larger than ${maxAnswerBytes} bytes.` }
    if (response.status !== 200)
      return { response, problem: `The answer’s status is ${response.status}; WeChat wants 200.` }
    return { response, problem: null }
  } catch (error) {
    if (timeout.aborted) return { response: null, problem: `No answer within ${options.timeoutMs / 1000} s.` }
    if (options.signal.aborted)
      return { response: null, problem: 'The emulator was reset or closed meanwhile.' }
    return { response: null, problem: `No answer from ${new URL(url).host}: ${reasonOf(error)}.` }
  }
}

interface Read {
  answer: Answer | null
  plaintext: string
  problem: string | null
}

function unread(outcome: { response: Response | null; problem: string | null }): Read {
  return { answer: null, plaintext: outcome.response?.body ?? '', problem: outcome.problem }
}

function readAnswer(response: Response | null, target: AttemptTarget): Read {
  const body = response?.body ?? ''
  try {
    const { answer, plaintext, fields } = decodeAnswer(body, target.format, target.secrets)
    const problem = answer === 'transfer' ? transferProblem(fields, target) : null
    return { answer: problem === null ? answer : null, plaintext, problem }
  } catch (error) {
    if (!(error instanceof KefuError)) throw error
    return { answer: null, plaintext: body, problem: error.message }
  }
}

function transferProblem(fields: Readonly<Record<string, unknown>>, target: AttemptTarget): string | null {
  if (target.openId === undefined)
    return 'transfer_customer_service answers an event; WeChat takes it only for a customer’s message.'
  if (fields['ToUserName'] === target.openId && fields['FromUserName'] === target.originalId) return null
  return 'ToUserName and FromUserName of the answer must be those of the push, swapped.'
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
