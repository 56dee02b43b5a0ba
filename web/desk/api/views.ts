/** What is said over `/api/v1`, as the desk reads it. Times are milliseconds since 1970. */

export type Status = 'bot' | 'waiting' | 'assigned' | 'closed'
export type SendState = 'queued' | 'sending' | 'accepted' | 'unknown' | 'failed' | 'cancelled'
export type Presence = 'online' | 'busy' | 'offline'

export interface AgentRef {
  id: number
  name: string
}

export interface AllowanceView {
  remaining: number
  expiresAt: number | null
  source: 'message' | 'enter' | 'none'
  corrected: boolean
  limit: number
}

export interface ContactView {
  id: number
  name: string | null
  remark: string | null
  sessionFrom: string | null
  tags: string[]
  createdAt: number
  seenAt: number
}

export interface MediaView {
  id: number
  state: 'wanted' | 'stored' | 'failed' | 'expired'
  mime: string | null
  width: number | null
  height: number | null
}

export interface MessageView {
  id: number
  conversationId: number
  direction: 'incoming' | 'outgoing' | 'note' | 'system'
  author: string
  authorName: string | null
  state: SendState | null
  createdAt: number
  sentAt: number | null
  errcode: number | null
  problem: string | null
  rid: string | null
  msgType: string
  content?: string
  mediaId?: string
  picUrl?: string
  title?: string
  description?: string
  url?: string
  thumbUrl?: string
  thumbMediaId?: string
  appId?: string
  pagePath?: string
  type?: string
  isAiMsg?: boolean
  media?: MediaView | null
  /** A system line: what happened. */
  line?: string
  reason?: string
  sessionFrom?: string
  agentId?: number | null
  to?: number
  toName?: string
}

export interface ConversationView {
  id: number
  appId: string
  openId: string
  status: Status
  agent: AgentRef | null
  epoch: number
  allowance: AllowanceView
  contact: ContactView
  lastMessage: MessageView | null
  unread: number
  waitingSince: number | null
  failed: boolean
  transferredAt: number | null
  createdAt: number
  updatedAt: number
}

export interface ListOf<T> {
  items: T[]
  next: string | null
}

export interface AgentView extends AgentRef {
  role: 'agent' | 'admin'
  status: Presence
}

export interface AppRef {
  appId: string
  name: string
}

export interface CannedReply {
  id: number
  title: string
  content: string
  shortcut: string | null
  pinyin: string[]
}

export interface Counts {
  waiting: number
  mine: number
  bot: number
  all: number
}

export interface UploadedMedia {
  id: number
  mediaId: string
  mime: string
  width: number
  height: number
  bytes: number
}

/** A message that an agent sends, in WeChat's words. */
export type OutgoingMessage =
  | { msgType: 'text'; content: string }
  | { msgType: 'image'; mediaId: string }
  | { msgType: 'link'; title: string; description: string; url: string; thumbUrl: string }
  | { msgType: 'miniprogrampage'; title: string; pagePath: string; thumbMediaId: string }

export type DeskEvent =
  | { type: 'message'; message: MessageView; conversation: ConversationView }
  | { type: 'conversation'; conversation: ConversationView }
  | { type: 'presence'; conversationId: number; agents: (AgentRef & { typing: boolean })[] }
  | { type: 'agents' }
  | { type: 'reset' }
