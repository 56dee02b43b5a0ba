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

/** Who is signed in. */
export interface Me {
  agent: AgentView
  csrfToken: string
  /** Another one after a restore: what is kept for the one before belongs to nobody here. */
  databaseId: string
  /** 32 bytes, base64url: what is kept in the browser for this agent is sealed with it. */
  draftsKey: string
  /** Somebody else made the password: nothing else may be done until it is changed. */
  mustChangePassword: boolean
}

export type ConversationQuery = {
  status?: string
  agent?: string
  app?: string
  tag?: string
  source?: string
  sourceKey?: string
  sourceValue?: string
  failed?: 'true'
  /** Hours. */
  expiring?: number
  sort?: 'waiting' | 'expiring'
  q?: string
  cursor?: string
  limit?: number
}

/** The calls of `/api/v1` that pages make by name; each throws DeskError. */
export interface Calls {
  session(): Promise<Me>
  signIn(name: string, password: string): Promise<Me>
  signOut(): Promise<void>
  needsSetup(): Promise<boolean>
  setUp(token: string, name: string, password: string): Promise<Me>
  setStatus(status: Presence): Promise<void>
  changePassword(current: string, next: string): Promise<Me>
  agents(): Promise<AgentView[]>
  apps(): Promise<AppRef[]>
  counts(): Promise<Counts>
  conversations(query: ConversationQuery): Promise<ListOf<ConversationView>>
  conversation(id: number): Promise<ConversationView>
  messages(id: number, before: string | null): Promise<ListOf<MessageView>>
  send(id: number, clientId: string, message: OutgoingMessage, holdSeconds?: number): Promise<MessageView>
  /** A note; the same `clientId` is written once. */
  note(id: number, content: string, clientId: string): Promise<MessageView>
  /** Takes what still has the epoch that the page shows: so a colleague's is taken only when that was meant. */
  take(id: number, epoch: number): Promise<ConversationView>
  release(id: number): Promise<ConversationView>
  assign(id: number, agentId: number): Promise<ConversationView>
  close(id: number): Promise<ConversationView>
  /** Takes back a close or release that made an epoch, for some seconds. */
  undo(id: number, epoch: number): Promise<ConversationView>
  changeTags(
    id: number,
    change: { add?: readonly string[]; remove?: readonly string[] },
  ): Promise<ConversationView>
  tags(): Promise<string[]>
  /** Each `session-from` that customers came with. */
  sources(): Promise<string[]>
  read(id: number, messageId: number): Promise<void>
  /** Looks at it; `active`: with a key, the pointer or the scroll used lately in a page with the focus. */
  present(id: number, typing: boolean, active: boolean): Promise<void>
  /** What the operator's own system knows about the customer. */
  business(id: number): Promise<BusinessView>
  editContact(id: number, change: { name?: string | null; remark?: string | null }): Promise<void>
  retry(messageId: number): Promise<MessageView>
  cancel(messageId: number): Promise<MessageView>
  resolve(messageId: number, state: 'accepted' | 'failed'): Promise<MessageView>
  cannedReplies(): Promise<CannedReply[]>
  /** The same `clientId` is given to WeChat once. */
  upload(appId: string, image: Blob, clientId?: string): Promise<UploadedMedia>
  /** Asks WeChat once more for a picture that could not be fetched. */
  fetchPicture(mediaId: number): Promise<MediaView>
}

export interface CallsOptions {
  /** Makes a request; nothing where the answer has no body. */
  json: <T>(method: string, path: string, body?: object | Blob) => Promise<T>
  /** Called with each answer that says who is signed in. */
  onSignedIn: (me: Me) => void
}

export function createCalls({ json, onSignedIn }: CallsOptions): Calls {
  const nothing = (method: string, path: string, body?: object): Promise<void> => json(method, path, body)
  const items = async <T>(path: string): Promise<T[]> => (await json<{ items: T[] }>('GET', path)).items
  async function entered(request: Promise<Me>): Promise<Me> {
    const me = await request
    onSignedIn(me)
    return me
  }

  return {
    session: async () => entered(json('GET', '/session')),
    signIn: async (name, password) => entered(json('POST', '/session', { name, password })),
    signOut: () => nothing('DELETE', '/session'),
    needsSetup: async () => (await json<{ needed: boolean }>('GET', '/setup')).needed,
    setUp: async (token, name, password) => entered(json('POST', '/setup', { token, name, password })),
    setStatus: (status) => nothing('PUT', '/session/status', { status }),
    changePassword: async (current, next) =>
      entered(json('POST', '/session/password', { current, password: next })),
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
    note: (id, content, clientId) => json('POST', `/conversations/${id}/notes`, { content, clientId }),
    take: (id, epoch) => json('POST', `/conversations/${id}/take`, { epoch }),
    release: (id) => json('POST', `/conversations/${id}/release`),
    assign: (id, agentId) => json('POST', `/conversations/${id}/assign`, { agentId }),
    close: (id) => json('POST', `/conversations/${id}/close`),
    undo: (id, epoch) => json('POST', `/conversations/${id}/undo`, { epoch }),
    changeTags: (id, change) => json('PATCH', `/conversations/${id}/tags`, change),
    tags: () => items('/tags'),
    sources: () => items('/sources'),
    read: (id, messageId) => nothing('POST', `/conversations/${id}/read`, { messageId }),
    present: (id, typing, active) => nothing('POST', `/conversations/${id}/presence`, { typing, active }),
    business: (id) => json('GET', `/conversations/${id}/business`),
    editContact: (id, change) => nothing('PATCH', `/contacts/${id}`, change),
    retry: (id) => json('POST', `/messages/${id}/retry`),
    cancel: (id) => json('POST', `/messages/${id}/cancel`),
    resolve: (id, state) => json('POST', `/messages/${id}/resolve`, { state }),
    cannedReplies: () => items('/canned-replies'),
    fetchPicture: (id) => json('POST', `/media/${id}/fetch`),
    upload: (appId, image, clientId) => json('POST', `/media${queryOf({ appId, clientId })}`, image),
  }
}

function queryOf(values: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, String(value))
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}
