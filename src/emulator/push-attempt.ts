import { Readable } from 'node:stream'
import {
  decodeAnswer,
  KefuError,
  type Answer,
  type EncodedPush,
  type Format,
  type PushSecrets,
} from '../wechat/index.js'
import {
  exchange,
  withQuery,
  type ExchangeFailure,
  type ExchangeOptions,
  type HttpAnswer,
  type Outcome,
} from './exchange.js'
import type { DeliveryAttempt } from './protocol.js'

export interface AttemptTarget {
  readonly pushUrl: string
  readonly push: EncodedPush
  /** The format in which the answer is read. */
  readonly format: Format
  readonly secrets: PushSecrets
  /** Whether `transfer` may be the answer: to a message, not to an event. */
  readonly openId: string | undefined
  readonly originalId: string
  /** Sends the body in pieces and without Content-Length, as a proxy between WeChat and a service may. */
  readonly chunked?: boolean
}

export interface AttemptResult {
  attempt: DeliveryAttempt
  /** null when WeChat would count the attempt as failed. */
  answer: Answer | null
  /** Why not: the exchange failed, or its answer is none that WeChat takes. */
  failure: ExchangeFailure | 'answer' | null
}

/** Pushes once and reads the answer as WeChat does. Never throws: what went wrong stands in the attempt. */
export async function makeAttempt(
  number: number,
  target: AttemptTarget,
  options: ExchangeOptions & { readonly now: () => number },
): Promise<AttemptResult> {
  const url = withQuery(target.pushUrl, target.push.query)
  const headers = {
    'user-agent': 'Mozilla/4.0',
    accept: '*/*',
    pragma: 'no-cache',
    ...(target.push.contentType === '' ? {} : { 'content-type': target.push.contentType }),
  }
  const { body } = target.push
  const sent = target.chunked ? inPieces(body) : body
  const startedAt = options.now()
  const started = performance.now()
  const outcome = await exchange(url, { method: 'POST', headers, body: sent }, options)
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
        ...(target.chunked
          ? { 'transfer-encoding': 'chunked' }
          : { 'content-length': String(Buffer.byteLength(body)) }),
        connection: 'close',
      },
      body,
    },
    response: outcome.response && { ...outcome.response, plaintext: read.plaintext },
    problem: read.problem,
  }
  return {
    attempt,
    answer: read.answer,
    failure: outcome.failure ?? (read.problem === null ? null : 'answer'),
  }
}

/** Two pieces, the first of which may end inside a character. */
function inPieces(body: string): Readable {
  const bytes = Buffer.from(body)
  const middle = Math.ceil(bytes.length / 2)
  return Readable.from([bytes.subarray(0, middle), bytes.subarray(middle)])
}

interface Read {
  answer: Answer | null
  plaintext: string
  problem: string | null
}

function unread(outcome: Outcome): Read {
  return { answer: null, plaintext: outcome.response?.body ?? '', problem: outcome.problem }
}

function readAnswer(response: HttpAnswer | null, target: AttemptTarget): Read {
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
