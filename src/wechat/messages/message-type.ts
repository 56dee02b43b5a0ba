/** A text in both languages of kefu's pages. */
export interface Words {
  readonly zh: string
  readonly en: string
}

/** One field of a message. Every field is a text. */
export interface Field {
  /** WeChat's name of it in /cgi-bin/message/custom/send. */
  readonly wire: string
  /** `address` is one on the web, `page` a page of the Mini Program with its query, `media` an upload's id. */
  readonly kind: 'text' | 'address' | 'page' | 'media'
  readonly maxCharacters: number
  readonly mayBeEmpty: boolean
  /** Whether a rule may put placeholders there. In addresses and pages their values are escaped. */
  readonly takesPlaceholders: boolean
  /** The value in words, behind "must be". */
  readonly be: string
  /** The value in an example. */
  readonly example: string
  /** The field's name in a form. */
  readonly label: Words
}

export type MessageFields = Readonly<Record<string, Field>>
type Texts<F> = { readonly [K in keyof F]: string }

/** Why WeChat refuses a message. `hint` says what is wrong where the errcode says too little. */
export interface MessageRefusal {
  readonly errcode: number
  readonly hint?: string
}

/** All that kefu knows of a type of message, as data and pure functions. Pages import it, so it uses nothing of Node. */
export interface MessageType {
  readonly msgType: string
  /** In the order in which WeChat's page writes them. */
  readonly fields: MessageFields
  /** The field that says in a line what the message is about; null where only a picture does. */
  readonly headline: string | null
  /** The field with the media id of the picture that pages show; null where there is none. */
  readonly picture: string | null
  /** Whether a rule writes it as one text, `{ "text": "…" }`, and not as an object of its fields. */
  readonly isBare: boolean
  /** With its article: `a card`. */
  readonly noun: string
  /**
   * The fields of an incoming push of this type, by kefu's names, in the order in which WeChat writes them; null
   * where customers can't send it. All are texts, and `msgId` is every type's.
   */
  readonly push: Readonly<Record<string, string>> | null
  /** Why WeChat refuses the message, by its fields in WeChat's names ('' where one is not given); undefined where it takes it. */
  refusal(field: (wire: string) => string, appId: string): MessageRefusal | undefined
  /** The message as WeChat shows it on the phone. `pictureOf` gives the address of an upload's picture. */
  onPhone(message: Texts<MessageFields>, pictureOf: (mediaId: string) => string, appId: string): object
  readonly words: {
    readonly name: Words
    /** In place of the message where there is only a line: `[Picture]`. */
    readonly glance: Words
    /** The same where WeChat itself writes it. */
    readonly phoneGlance: Words
    /** The action of a rule that sends it. */
    readonly reply: Words
  }
}

/** The same with its names and its fields as types. */
export interface Described<
  T extends string,
  F extends MessageFields,
  B extends boolean,
  P extends Readonly<Record<string, string>> | null,
  S extends object,
> extends MessageType {
  readonly msgType: T
  readonly fields: F
  readonly headline: (keyof F & string) | null
  readonly picture: (keyof F & string) | null
  readonly isBare: B
  readonly push: P
  onPhone(message: Texts<F>, pictureOf: (mediaId: string) => string, appId: string): S
}

/** Describes a type of message: what the union of all messages, and their fields, are made of. */
export function messageType<
  const T extends string,
  const F extends MessageFields,
  const B extends boolean,
  const P extends Readonly<Record<string, string>> | null,
  S extends object,
>(type: Described<T, F, B, P, S>): Described<T, F, B, P, S> {
  return type
}
