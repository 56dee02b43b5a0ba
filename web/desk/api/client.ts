import type {
  AgentView,
  AppRef,
  BusinessView,
  CannedReply,
  ConversationView,
  Counts,
  ListOf,
  MediaView,
  MessageView,
  OutgoingMessage,
  Presence,
  UploadedMedia,
} from './views.js'

/** What is wrong, in words for programs. */
export interface ErrorDetail {
  reason?: string
  field?: string
  limit?: number
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

/** Who is signed in. */
export interface Me {
  agent: AgentView
  csrfToken: string
}

export type ConversationQuery = {
  status?: string
  agent?: string
  app?: string
  tag?: string
  source?: string
  failed?: 'true'
  /** Hours. */
  expiring?: number
  sort?: 'waiting' | 'expiring'
  q?: string
  cursor?: string
  limit?: number
}

/** An answer, and what tells it from others; empty where the service says nothing of it. */
export interface Versioned<T> {
  value: T
  version: string
}

/** `/api/v1` in its own words; each call throws DeskError. */
export interface Client {
  /** Milliseconds that the server's clock is ahead of this one, by its last answer. */
  readonly clockAhead: () => number
  /** Any path below `/api/v1`: for pages that speak of more than conversations. */
  request<T>(method: string, path: string, body?: object | Blob): Promise<T>
  /** The same for what has a version, an ETag; with one given, only over that very version (else `conflict`). */
  versioned<T>(method: string, path: string, body?: object, over?: string): Promise<Versioned<T>>
  session(): Promise<Me>
  signIn(name: string, password: string): Promise<Me>
  signOut(): Promise<void>
  needsSetup(): Promise<boolean>
  setUp(token: string, name: string, password: string): Promise<Me>
  setStatus(status: Presence): Promise<void>
  changePassword(current: string, next: string): Promise<void>
  agents(): Promise<AgentView[]>
  apps(): Promise<AppRef[]>
  counts(): Promise<Counts>
  conversations(query: ConversationQuery): Promise<ListOf<ConversationView>>
  conversation(id: number): Promise<ConversationView>
  messages(id: number, before: string | null): Promise<ListOf<MessageView>>
  send(id: number, clientId: string, message: OutgoingMessage, holdSeconds?: number): Promise<MessageView>
  note(id: number, content: string): Promise<MessageView>
  /** Takes what still has the epoch that the page shows: so a colleague's is taken only when that was meant. */
  take(id: number, epoch: number): Promise<ConversationView>
  release(id: number): Promise<ConversationView>
  assign(id: number, agentId: number): Promise<ConversationView>
  close(id: number): Promise<ConversationView>
  reopen(id: number): Promise<ConversationView>
  setTags(id: number, tags: readonly string[]): Promise<ConversationView>
  tags(): Promise<string[]>
  /** Each `session-from` that customers came with. */
  sources(): Promise<string[]>
  read(id: number, messageId: number): Promise<void>
  present(id: number, typing: boolean): Promise<void>
  /** What the operator's own system knows about the customer. */
  business(id: number): Promise<BusinessView>
  editContact(id: number, change: { name?: string | null; remark?: string | null }): Promise<void>
  retry(messageId: number): Promise<MessageView>
  cancel(messageId: number): Promise<MessageView>
  resolve(messageId: number, state: 'accepted' | 'failed'): Promise<MessageView>
  cannedReplies(): Promise<CannedReply[]>
  upload(appId: string, image: Blob): Promise<UploadedMedia>
  /** Asks WeChat once more for a picture that could not be fetched. */
  fetchPicture(mediaId: number): Promise<MediaView>
}

/** The service below the page's own address. `onSignedOut` is told when a session has ended. */
export function createClient(options: {
  fetch: typeof globalThis.fetch
  now: () => number
  onSignedOut: () => void
  base?: string
}): Client {
  const { fetch, now, onSignedOut, base = './api/v1' } = options
  let csrf = ''
  let agentId = 0
  let ahead = 0

  async function request(
    method: string,
    path: string,
    body?: object | Blob,
    { over = '', isAgain = false, onVersion = ignore }: RequestExtras = {},
  ): Promise<unknown> {
    const headers = new Headers({ accept: 'application/json' })
    if (over !== '') headers.set('if-match', over)
    const init: RequestInit = { method, headers, credentials: 'same-origin' }
    if (method !== 'GET' && csrf !== '') headers.set('x-csrf-token', csrf)
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
    if (response.ok) {
      onVersion(response.headers.get('etag') ?? '')
      return answer
    }
    if (response.status === 401 && path !== '/session') onSignedOut()
    // Another tab of this browser has signed in anew: the session is another, and so is its token.
    if (response.status === 403 && method !== 'GET' && !isAgain && (await hasNewToken()))
      return request(method, path, body, { over, onVersion, isAgain: true })
    throw refusal(answer, response.status)
  }

  async function hasNewToken(): Promise<boolean> {
    const before = csrf
    const me = await json<Me>('GET', '/session').catch(() => undefined)
    if (me === undefined || before === '') return false
    csrf = me.csrfToken
    if (agentId !== me.agent.id) onSignedOut()
    return csrf !== before && agentId === me.agent.id
  }

  /** The service is of this same version and checks its own answers; what they are is taken at its word. */
  async function json<T>(method: string, path: string, body?: object | Blob): Promise<T> {
    return (await request(method, path, body)) as T
  }
  const nothing = async (method: string, path: string, body?: object): Promise<void> => {
    await request(method, path, body)
  }
  const signedIn = (me: Me): Me => {
    csrf = me.csrfToken
    agentId = me.agent.id
    return me
  }
  const items = async <T>(path: string): Promise<T[]> => (await json<{ items: T[] }>('GET', path)).items

  return {
    clockAhead: () => ahead,
    request: json,
    async versioned<T>(method: string, path: string, body?: object, over = ''): Promise<Versioned<T>> {
      let version = ''
      const extras = { over, onVersion: (found: string) => void (version = found) }
      const value = (await request(method, path, body, extras)) as T
      return { value, version }
    },
    session: async () => signedIn(await json('GET', '/session')),
    signIn: async (name, password) => signedIn(await json('POST', '/session', { name, password })),
    signOut: () => nothing('DELETE', '/session'),
    needsSetup: async () => (await json<{ needed: boolean }>('GET', '/setup')).needed,
    setUp: async (token, name, password) => signedIn(await json('POST', '/setup', { token, name, password })),
    setStatus: (status) => nothing('PUT', '/session/status', { status }),
    changePassword: async (current, next) => {
      signedIn(await json('POST', '/session/password', { current, password: next }))
    },
    agents: () => items('/agents'),
    apps: () => items('/apps'),
    counts: () => json('GET', '/counts'),
    conversations: (query) => json('GET', `/conversations${queryOf(query)}`),
    conversation: (id) => json('GET', `/conversations/${id}`),
    messages: (id, before) =>
      json(
        'GET',
        `/conversations/${id}/messages${queryOf({ limit: 50, ...(before === null ? {} : { before }) })}`,
      ),
    send: (id, clientId, message, holdSeconds = 0) =>
      json('POST', `/conversations/${id}/messages`, {
        clientId,
        message,
        ...(holdSeconds > 0 ? { holdSeconds } : {}),
      }),
    note: (id, content) => json('POST', `/conversations/${id}/notes`, { content }),
    take: (id, epoch) => json('POST', `/conversations/${id}/take`, { epoch }),
    release: (id) => json('POST', `/conversations/${id}/release`),
    assign: (id, agentId) => json('POST', `/conversations/${id}/assign`, { agentId }),
    close: (id) => json('POST', `/conversations/${id}/close`),
    reopen: (id) => json('POST', `/conversations/${id}/reopen`),
    setTags: (id, tags) => json('PUT', `/conversations/${id}/tags`, { tags }),
    tags: () => items('/tags'),
    sources: () => items('/sources'),
    read: (id, messageId) => nothing('POST', `/conversations/${id}/read`, { messageId }),
    present: (id, typing) => nothing('POST', `/conversations/${id}/presence`, { typing }),
    business: (id) => json('GET', `/conversations/${id}/business`),
    editContact: (id, change) => nothing('PATCH', `/contacts/${id}`, change),
    retry: (id) => json('POST', `/messages/${id}/retry`),
    cancel: (id) => json('POST', `/messages/${id}/cancel`),
    resolve: (id, state) => json('POST', `/messages/${id}/resolve`, { state }),
    cannedReplies: () => items('/canned-replies'),
    fetchPicture: (id) => json('POST', `/media/${id}/fetch`),
    upload: (appId, image) => json('POST', `/media${queryOf({ appId })}`, image),
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

function queryOf(values: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, String(value))
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}

function detailOf(error: object): ErrorDetail {
  return {
    ...('reason' in error && { reason: String(error.reason) }),
    ...('field' in error && { field: String(error.field) }),
    ...('limit' in error && { limit: Number(error.limit) }),
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
