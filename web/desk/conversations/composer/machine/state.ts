import type { ErrorDetail } from '../../../api/client.js'
import type { OutgoingMessage, Status } from '../../../api/views.js'
import type { Effect } from './events.js'

/** To the customer, or to colleagues alone. */
export type Kind = 'reply' | 'note'

/** A customer of a Mini Program, as `appId/openId`: numbers of conversations are given again after a restore. */
export type Contact = string

/** Who writes, and in which database's conversations. */
export interface Writer {
  readonly databaseId: string
  readonly agentId: number
}

/** A picture by its name; the page has its bytes elsewhere. */
export interface Picture {
  readonly id: string
  /** 0 until it is ready. */
  readonly bytes: number
  /** Whether it was made smaller or into another format. */
  readonly isMade: boolean
  readonly isReady: boolean
}

export interface CardForm {
  readonly id: string
  readonly title: string
  readonly path: string
  readonly cover: Picture | null
}

export interface LinkForm {
  readonly id: string
  readonly title: string
  readonly description: string
  readonly url: string
  readonly thumbUrl: string
}

/** What is being written. */
export interface Draft {
  /** A submit of the same draft with the same content is one submit, whichever tab makes it. */
  readonly id: string
  readonly text: string
  readonly pictures: readonly Picture[]
  readonly card: CardForm | null
  readonly link: LinkForm | null
}

/** A draft, and how much of it is kept. */
export interface Slot {
  readonly draft: Draft
  /** Grows with each change, over all tabs. */
  readonly version: number
  /** What the kept one was stamped with; null where none is kept. */
  readonly keptAs: string | null
  /** The stamp of what is being kept at this moment. */
  readonly keeping: string | null
  /** Whether it changed after what is kept, or being kept. */
  readonly isDirty: boolean
  /** What waits until it is kept as it is now. */
  readonly after: readonly Effect[]
  /** What waits until it is kept as it is being kept. */
  readonly afterKeeping: readonly Effect[]
}

/** Something else that was written to the same customer: in another tab at the same time, or by an older page. */
export interface Spare {
  readonly kind: Kind
  readonly draft: Draft
  readonly version: number
  /** What it is kept as; null while it is not. */
  readonly stamp: string | null
  readonly origin: 'tab' | 'older'
}

/** What one customer's composer holds. */
export interface Box {
  readonly kind: Kind
  readonly reply: Slot
  readonly note: Slot
  readonly spares: readonly Spare[]
  /** Whether the conversation became the writer's while a note was being written. */
  readonly becameMine: boolean
}

/** What this page was told of a conversation. */
export interface Seen {
  readonly conversationId: number
  readonly status: Status
  readonly isMine: boolean
  readonly ownerName: string
  /** Whether WeChat takes a reply now. */
  readonly isOpen: boolean
}

export interface Problem {
  readonly code: string
  readonly message: string
  readonly detail: ErrorDetail
}

/** One message of a submit; its id is the name by which the service takes it once. */
export type Item =
  | {
      readonly type: 'text'
      readonly id: string
      readonly text: string
      /** Where it begins in the text as it was written. */
      readonly from: number
    }
  | {
      readonly type: 'picture'
      readonly id: string
      readonly picture: Picture
      readonly mediaId: string | null
    }
  | {
      readonly type: 'card'
      readonly id: string
      readonly form: CardForm
      readonly picture: Picture
      readonly mediaId: string | null
    }
  | { readonly type: 'link'; readonly id: string; readonly form: LinkForm }
  /** One that was sent before, once more. */
  | { readonly type: 'again'; readonly id: string; readonly message: OutgoingMessage }

/** What stood in the composer when it was submitted, until the service has it or the writer discards it. */
export interface Submit {
  readonly name: string
  readonly contact: Contact
  /** 0 when it is to be looked up by the contact. */
  readonly conversationId: number
  readonly kind: Kind
  /** Milliseconds since 1970. */
  readonly at: number
  readonly holdSeconds: number
  /** The tab that hands it over. */
  readonly tab: string
  readonly draftId: string
  /** What goes once this is kept: the draft as it was before, and a submit that was put back into it. */
  readonly replaces: readonly Effect[]
  readonly text: string
  /** How many messages it was. */
  readonly count: number
  /** What the service does not have yet, in its order. */
  readonly items: readonly Item[]
  readonly state: 'going' | 'paused' | 'stopped'
  readonly step: 'idle' | 'uploading' | 'posting'
  readonly attempt: number
  readonly problem: Problem | null
  /** Whether the service may have the first item: it was tried, and nobody said what became of it. */
  readonly isUnsure: boolean
  /** Whether it goes back into the box when its writer is here again. */
  readonly isBack: boolean
}

export interface ComposerState {
  readonly tab: string
  readonly writer: Writer | null
  /** `opening` until what was kept is read; `memory` where nothing can be kept. */
  readonly keeping: 'opening' | 'kept' | 'memory'
  readonly boxes: Readonly<Record<Contact, Box>>
  readonly seen: Readonly<Record<Contact, Seen>>
  /** Whose composer has the caret. */
  readonly focused: Contact | null
  readonly submits: readonly Submit[]
  /** Whether the session is over: nothing is handed over any more. */
  readonly isEnded: boolean
  /** How many names this tab has given. */
  readonly named: number
}

/** What a page begins with; `tab` names it among all pages that ever were, in at most 24 letters and digits. */
export function emptyComposer(tab: string): ComposerState {
  return {
    tab,
    writer: null,
    keeping: 'opening',
    boxes: {},
    seen: {},
    focused: null,
    submits: [],
    isEnded: false,
    named: 0,
  }
}

export function contactOf({ appId, openId }: { appId: string; openId: string }): Contact {
  return `${appId}/${openId}`
}

/** The Mini Program of a contact. */
export function appIdOf(contact: Contact): string {
  return contact.slice(0, contact.indexOf('/'))
}
