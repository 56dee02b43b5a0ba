import {
  encodeFields,
  encodePlaintext,
  type EncodedPush,
  type EncodeOptions,
  type Fields,
  type Format,
  type Mode,
  type PushSecrets,
} from '../wechat/index.js'
import type { Shape } from './odd-shapes.js'

/** A push that is written and not yet sent. */
export interface WrittenPush {
  readonly push: EncodedPush
  /** Those that it was written with, in its mode. */
  readonly secrets: PushSecrets
  readonly format: Format
  readonly openId: string
  /** A message may be answered with a transfer, an event may not. */
  readonly isMessage: boolean
  readonly chunked: boolean
}

/** How a push is written. */
export interface Way {
  readonly mode: Mode
  readonly format: Format
}

/** The name that pushes are addressed to. */
export const ORIGINAL_ID = 'gh_kefu_check'

/** MsgIds begin at the time in milliseconds times this: far above 2^53, as WeChat's, and others in each run. */
const MSG_IDS_A_MILLISECOND = 100_000n

/** Writes pushes as WeChat does, each of a customer of its own. */
export class CheckPushes {
  readonly #secrets: PushSecrets
  readonly #run: string
  readonly #now: () => number
  readonly #firstMsgId: bigint
  #count = 0n

  /** `run` is a few letters and digits that no other run has; `now` gives milliseconds since 1970. */
  constructor(options: { secrets: PushSecrets; run: string; now: () => number }) {
    this.#secrets = options.secrets
    this.#run = options.run
    this.#now = options.now
    this.#firstMsgId = BigInt(options.now()) * MSG_IDS_A_MILLISECOND
  }

  /** A push in one of WeChat's shapes. */
  shaped(shape: Shape, way: Way): WrittenPush {
    const { manner, layout, contentType, chunked = false } = shape
    const openId = this.#nextOpenId()
    const fields = this.#fieldsOf(shape.fields, openId)
    const options = { ...this.#stamp(), format: way.format, ...(manner && { manner }) }
    const secrets = this.secretsOf(way.mode)
    const written = layout
      ? encodePlaintext(
          layout(encodeFields(fields, { ...secrets, mode: 'plain' }, options).body),
          { openId, toUserName: ORIGINAL_ID },
          secrets,
          options,
        )
      : encodeFields(fields, secrets, options)
    const push = contentType === undefined ? written : { ...written, contentType }
    return { push, secrets, format: way.format, openId, isMessage: !isEvent(fields), chunked }
  }

  /** A customer's text; what is given replaces what it would be. */
  text(
    way: Way,
    given: { secrets?: PushSecrets; options?: EncodeOptions; fields?: Fields } = {},
  ): WrittenPush {
    const fields =
      given.fields ?? this.#fieldsOf({ MsgType: 'text', Content: 'kefu check' }, this.#nextOpenId())
    const openId = String(fields['FromUserName'])
    const secrets = this.secretsOf(way.mode)
    const options = { ...this.#stamp(), format: way.format, ...given.options }
    const push = encodeFields(fields, given.secrets ?? secrets, options)
    return { push, secrets, format: way.format, openId, isMessage: true, chunked: false }
  }

  /** Two texts of one customer and one second, whose MsgIds are neighbours. */
  twins(way: Way): readonly [WrittenPush, WrittenPush] {
    const first = this.#fieldsOf({ MsgType: 'text', Content: 'kefu check 1' }, this.#nextOpenId())
    this.#count += 1n
    const MsgId = String(this.#firstMsgId + this.#count)
    return [
      this.text(way, { fields: first }),
      this.text(way, { fields: { ...first, Content: 'kefu check 2', MsgId } }),
    ]
  }

  /** The secrets, for pushes in a mode. */
  secretsOf(mode: Mode): PushSecrets {
    return { ...this.#secrets, mode }
  }

  #nextOpenId(): string {
    this.#count += 1n
    return `kefu-check-${this.#run}-${this.#count}`
  }

  #fieldsOf(own: Fields, openId: string): Fields {
    this.#count += 1n
    return {
      ToUserName: ORIGINAL_ID,
      FromUserName: openId,
      CreateTime: Math.floor(this.#now() / 1000),
      ...(isEvent(own) ? {} : { MsgId: String(this.#firstMsgId + this.#count) }),
      ...own,
    }
  }

  #stamp(): EncodeOptions {
    return { timestamp: Math.floor(this.#now() / 1000) }
  }
}

function isEvent(fields: Fields): boolean {
  return String(fields['MsgType']).toLowerCase() === 'event'
}
