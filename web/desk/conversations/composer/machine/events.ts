import type { OutgoingMessage } from '../../../api/views.js'
import type {
  CardForm,
  Contact,
  Draft,
  Item,
  Kind,
  LinkForm,
  Problem,
  Seen,
  Submit,
  Writer,
} from './state.js'

/** A draft as it is kept. */
export interface KeptDraft {
  readonly contact: Contact
  readonly kind: Kind
  readonly draft: Draft
  readonly version: number
  /** Whether an older page left it: it waits until somebody takes it. */
  readonly isOlder: boolean
}

/** What a tab tells the others after it kept a draft, or removed it. */
export interface TabWord {
  readonly contact: Contact
  readonly kind: Kind
  readonly id: string
  readonly version: number
  readonly stamp: string
  /** Null when it was removed. */
  readonly draft: Draft | null
}

/** Everything that happens to a composer. */
export type ComposerEvent =
  | { readonly type: 'entered'; readonly writer: Writer; readonly canKeep: boolean }
  /** What was kept for the writer, the oldest first; `liveTabs` are those that still hand over their own submits. */
  | {
      readonly type: 'loaded'
      readonly drafts: readonly (KeptDraft & { readonly stamp: string })[]
      readonly submits: readonly Submit[]
      readonly liveTabs: readonly string[]
      readonly now: number
    }
  /** What an older page of this browser left, which says of nobody that they wrote it. */
  | {
      readonly type: 'foundOlder'
      readonly contact: Contact
      readonly conversationId: number
      readonly texts: readonly { readonly kind: Kind; readonly text: string }[]
      readonly messages: readonly {
        readonly clientId: string
        readonly message: OutgoingMessage
        readonly at: number
      }[]
    }
  /** Nothing can be kept in this browser, or what is kept can't be read. */
  | { readonly type: 'cannotKeep' }
  | { readonly type: 'seen'; readonly contact: Contact; readonly seen: Seen }
  | { readonly type: 'looked'; readonly contact: Contact }
  | { readonly type: 'focused'; readonly contact: Contact }
  | { readonly type: 'blurred'; readonly contact: Contact }
  | { readonly type: 'chose'; readonly contact: Contact; readonly kind: Kind }
  | { readonly type: 'typed'; readonly contact: Contact; readonly kind: Kind; readonly text: string }
  /** Something was pasted or dropped that the text box does not take by itself. */
  | {
      readonly type: 'pasted'
      readonly contact: Contact
      readonly kind: Kind
      readonly pictures: readonly string[]
      /** Whether there was something besides that is neither text nor a picture. */
      readonly hasOther: boolean
    }
  | { readonly type: 'prepared'; readonly picture: string; readonly bytes: number; readonly isMade: boolean }
  | { readonly type: 'unreadable'; readonly picture: string }
  | { readonly type: 'removedPicture'; readonly contact: Contact; readonly picture: string }
  | { readonly type: 'filledCard'; readonly contact: Contact; readonly form: CardForm | null }
  | { readonly type: 'filledLink'; readonly contact: Contact; readonly form: LinkForm | null }
  | { readonly type: 'madeNote'; readonly contact: Contact }
  | { readonly type: 'tookSpare'; readonly contact: Contact; readonly id: string }
  | { readonly type: 'droppedSpare'; readonly contact: Contact; readonly id: string }
  | {
      readonly type: 'submitted'
      readonly contact: Contact
      readonly kind: Kind
      readonly what: 'box' | 'card' | 'link'
      readonly now: number
      readonly holdSeconds: number
    }
  /** A message that is sent once more as it was. */
  | {
      readonly type: 'sentAgain'
      readonly contact: Contact
      readonly message: OutgoingMessage
      readonly now: number
      readonly holdSeconds: number
    }
  | { readonly type: 'uploaded'; readonly name: string; readonly item: string; readonly mediaId: string }
  | { readonly type: 'answered'; readonly name: string; readonly item: string }
  /** The service said no: for good, or because nobody is signed in. */
  | {
      readonly type: 'refused'
      readonly name: string
      readonly item: string
      readonly problem: Problem
      readonly isSignedOut: boolean
    }
  /** Nobody answered, or the service was not itself. */
  | {
      readonly type: 'cutOff'
      readonly name: string
      readonly item: string
      readonly problem: Problem
      /** Whether the service may have it all the same. */
      readonly mayHave: boolean
      readonly now: number
    }
  | { readonly type: 'due'; readonly name: string }
  | { readonly type: 'online' }
  | { readonly type: 'retried'; readonly name: string; readonly now: number }
  | { readonly type: 'discarded'; readonly name: string }
  | { readonly type: 'putBack'; readonly name: string }
  | { readonly type: 'addedText'; readonly contact: Contact; readonly text: string }
  | {
      readonly type: 'kept'
      readonly id: string
      readonly stamp: string
      /** Whether nothing of it is kept any more, as it is empty. */
      readonly isGone: boolean
    }
  /** Another tab has kept the same draft meanwhile. */
  | { readonly type: 'conflicted'; readonly id: string; readonly stamp: string }
  | { readonly type: 'notKept'; readonly id: string; readonly stamp: string }
  | { readonly type: 'submitNotKept' }
  | { readonly type: 'told'; readonly word: TabWord }
  /** The session is over, or the writer signed out. */
  | { readonly type: 'ended' }

/**
 * What is to be done in the world. Those about keeping are done one after the other; a draft or submit is kept with the
 * bytes of its pictures, and each draft that was kept or unkept is told to the other tabs.
 */
export type Effect =
  | {
      readonly type: 'keep'
      readonly record: KeptDraft
      readonly over: string | null
      readonly stamp: string
    }
  | { readonly type: 'unkeep'; readonly word: TabWord; readonly over: string; readonly stamp: string }
  /** With what is done once it is kept. */
  | { readonly type: 'keepSubmit'; readonly submit: Submit; readonly then: readonly Effect[] }
  | { readonly type: 'forgetSubmit'; readonly name: string }
  | { readonly type: 'prepare'; readonly picture: string }
  | { readonly type: 'upload'; readonly submit: Submit; readonly item: Item; readonly picture: string }
  | { readonly type: 'post'; readonly submit: Submit; readonly item: Item; readonly conversationId: number }
  | { readonly type: 'pause'; readonly name: string; readonly ms: number }
  | { readonly type: 'say'; readonly what: Saying }

/** What the writer is told in passing. */
export type Saying = 'pasteRefused' | 'notePicture' | 'unreadable' | 'locked' | 'pictureStays'
