import { newId } from '../stores/new-id.js'
import { createCalls, type Calls, type Me } from './calls.js'
import { storeKey } from '../stores/store-key.js'

/** Why exactly, with the values that words for it need (src/protocol/refusals.ts). A later service may have others. */
export interface ErrorDetail {
  reason?: string
  params?: Readonly<Record<string, unknown>>
}

/** The service said no, or could not be reached (`unreachable`); the message is its own sentence. */
export class DeskError extends Error {
  readonly code: string
  /** 0 when there was no answer. */
  readonly status: number
  readonly detail: ErrorDetail

  constructor(code: string, message: string, status: number, detail: ErrorDetail = {}) {
    super(message)
    this.name = 'DeskError'
    this.code = code
    this.status = status
    this.detail = detail
  }

  /** Whether the same request may be made again by itself: nobody answered, or the service is not itself at the moment. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

/** An answer, and what tells it from others; empty where the service says nothing of it. */
export interface Versioned<T> {
  value: T
  version: string
}

/** `/api/v1` in its own words; each call throws DeskError. It belongs to one session. */
export interface Client extends Calls {
  /** Milliseconds that the server's clock is ahead of this one, by its last answer. */
  readonly clockAhead: () => number
  /** What the database was called when the session was last read. */
  readonly databaseId: () => string
  /** Any path below `/api/v1`: for pages that speak of more than conversations. */
  request<T>(method: string, path: string, body?: object | Blob): Promise<T>
  /**
   * Makes something: when it is not known whether that was done, the same call is the same submit, and makes it once.
   */
  make<T>(path: string, body?: object): Promise<T>
  /** The same for what has a version, an ETag; with one given, only over that very version (else `conflict`). */
  versioned<T>(method: string, path: string, body?: object, over?: string): Promise<Versioned<T>>
  /** Its session is over: it asks for nothing any more, whoever signs in next. */
  end(): void
}

export const [clientKey, useClient] = storeKey<Client>('client')

/** The service below the page's own address. `onSignedOut` is told when a session has ended. */
export function createClient(options: {
  fetch: typeof globalThis.fetch
  now: () => number
  onSignedOut: () => void
  /** Told when the service has another database than the one that was signed in to. */
  onOtherDatabase?: () => void
  base?: string
}): Client {
  const { fetch, now, onSignedOut, onOtherDatabase = ignore, base = './api/v1' } = options
  let csrf = ''
  let agentId = 0
  let databaseId = ''
  let ahead = 0
  let isOver = false
  /** The database that this client's numbers are of, as long as it lives. */
  let boundTo = ''
  /** Names of submits of which it is not known whether they were carried out. */
  const unsettled = new Map<string, string>()

  async function request(
    method: string,
    path: string,
    body?: object | Blob,
    { over = '', isAgain = false, onVersion = ignore }: RequestExtras = {},
  ): Promise<unknown> {
    if (isOver) throw new DeskError('unauthorized', '', 401)
    const headers = new Headers({ accept: 'application/json' })
    if (over !== '') headers.set('if-match', over)
    const init: RequestInit = { method, headers, credentials: 'same-origin' }
    if (method !== 'GET' && csrf !== '') headers.set('x-csrf-token', csrf)
    // After a restore the same number is another customer's: the service refuses what was meant for the one before.
    if (method !== 'GET' && boundTo !== '') headers.set('x-kefu-database', boundTo)
    if (body instanceof Blob) {
      init.body = body
      headers.set('content-type', body.type || 'application/octet-stream')
    } else if (method !== 'GET') {
      init.body = JSON.stringify(body ?? {})
      headers.set('content-type', 'application/json')
    }
    const asked = now()
    let response: Response
    try {
      response = await fetch(base + path, init)
    } catch {
      throw new DeskError('unreachable', '', 0)
    }
    ahead = clockDifference(response.headers.get('date'), asked, now()) ?? ahead
    const answer: unknown = response.status === 204 ? undefined : await response.json().catch(() => undefined)
    // An answer that broke off says as little as none.
    if (response.ok && response.status !== 204 && answer === undefined)
      throw new DeskError('unreachable', '', 0)
    if (response.ok) {
      onVersion(response.headers.get('etag') ?? '')
      return answer
    }
    if (response.status === 401 && path !== '/session') onSignedOut()
    // Another tab of this browser has signed in anew: the session is another, and so is its token.
    if (response.status === 403 && method !== 'GET' && !isAgain && (await hasNewToken()))
      return request(method, path, body, { over, onVersion, isAgain: true })
    const refused = refusal(answer, response.status)
    if (refused.detail.reason === 'other_database') onOtherDatabase()
    throw refused
  }

  async function hasNewToken(): Promise<boolean> {
    const before = csrf
    const me = await json<Me>('GET', '/session').catch(() => undefined)
    if (me === undefined || before === '') return false
    // Somebody else's session is nothing to go on with: what was written here would go out in their name.
    if (agentId !== me.agent.id) {
      onSignedOut()
      return false
    }
    csrf = me.csrfToken
    return csrf !== before
  }

  /** The service is of this same version and checks its own answers; what they are is taken at its word. */
  async function json<T>(method: string, path: string, body?: object | Blob): Promise<T> {
    return (await request(method, path, body)) as T
  }
  const signedIn = (me: Me): void => {
    csrf = me.csrfToken
    agentId = me.agent.id
    databaseId = me.databaseId
    boundTo ||= me.databaseId
  }
  async function make<T>(path: string, body: object = {}): Promise<T> {
    const what = `${path} ${JSON.stringify(body)}`
    const clientId = unsettled.get(what) ?? newId()
    unsettled.set(what, clientId)
    try {
      const made = await json<T>('POST', path, { ...body, clientId })
      unsettled.delete(what)
      return made
    } catch (error) {
      // What was refused was not made; else nobody knows, and asking again must not make another.
      if (error instanceof DeskError && !error.isPassing) unsettled.delete(what)
      throw error
    }
  }

  return {
    clockAhead: () => ahead,
    databaseId: () => databaseId,
    request: json,
    make,
    async versioned<T>(method: string, path: string, body?: object, over = ''): Promise<Versioned<T>> {
      let version = ''
      const extras = { over, onVersion: (found: string) => void (version = found) }
      const value = (await request(method, path, body, extras)) as T
      return { value, version }
    },
    ...createCalls({ json, onSignedIn: signedIn }),
    end() {
      isOver = true
    },
  }
}

interface RequestExtras {
  over?: string
  isAgain?: boolean
  onVersion?: (version: string) => void
}
const ignore = (): void => undefined

/** How far the server's clock is ahead; its header counts whole seconds, so less than two says nothing. */
function clockDifference(date: string | null, asked: number, answered: number): number | undefined {
  if (date === null || Number.isNaN(Date.parse(date))) return undefined
  const difference = Date.parse(date) + 500 - (asked + answered) / 2
  return Math.abs(difference) < 2000 ? 0 : difference
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function detailOf(error: object): ErrorDetail {
  return {
    ...('reason' in error && { reason: String(error.reason) }),
    ...('params' in error && isObject(error.params) && { params: error.params }),
  }
}

function refusal(answer: unknown, status: number): DeskError {
  if (typeof answer === 'object' && answer !== null && 'error' in answer) {
    const { error } = answer
    if (typeof error === 'object' && error !== null && 'message' in error)
      return new DeskError(
        'code' in error ? String(error.code) : String(status),
        String(error.message),
        status,
        detailOf(error),
      )
  }
  return new DeskError(String(status), `HTTP ${status}`, status)
}
