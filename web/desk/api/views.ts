/** What is said over `/api/v1`, as the desk reads it. Times are milliseconds since 1970. */
import type { BusinessView } from '../../../src/desk/schemas/business-card.js'
import type {
  AllowanceView,
  ContactView,
  ConversationStatus,
  ConversationView,
  CountsView,
} from '../../../src/desk/schemas/conversation-view.js'
import type { MessageView } from '../../../src/desk/schemas/message-view.js'
import type { OutgoingMessage } from '../../../src/wechat/messages/index.js'
import type { MediaSummary } from '../../../src/media/schemas/media.js'

export type Status = ConversationStatus
export type Counts = CountsView
export type MediaView = MediaSummary
export type { OutgoingMessage }
export type { AllowanceView, ContactView, ConversationView, MessageView }

export type { BusinessView }

export type Presence = 'online' | 'busy' | 'offline'

export interface AgentRef {
  id: number
  name: string
}

export interface ListOf<T> {
  items: T[]
  next: string | null
}

export interface AgentView extends AgentRef {
  role: 'agent' | 'admin'
  /** What they chose to be. */
  status: Presence
  /** Whether a page of theirs is open. */
  online: boolean
  disabled: boolean
  /** The Mini Programs that they may see. */
  apps: 'all' | string[]
}

export interface AppRef {
  appId: string
  name: string
}

export interface CannedReply {
  id: number
  appId: string | null
  title: string
  content: string
  shortcut: string | null
  pinyin: string[]
}

export interface UploadedMedia {
  id: number
  mediaId: string
  mime: string
  width: number
  height: number
  bytes: number
}

export type DeskEvent =
  | { type: 'message'; message: MessageView; conversation: ConversationView }
  | { type: 'conversation'; conversation: ConversationView }
  | { type: 'presence'; conversationId: number; agents: (AgentRef & { typing: boolean })[] }
  | { type: 'agents' }
  | { type: 'reset' }
