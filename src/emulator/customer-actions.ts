import { ConfigError } from '../errors.js'
import type { Fields, Format } from '../wechat/index.js'
import type { AllowanceTrigger } from './allowance.js'
import type { OfficialSessions } from './official-session.js'
import type { Platform } from './platform.js'
import type { InBusiness, PhoneContent, PhoneMessage, UserMessageInput } from './protocol.js'
import type { SaidInput } from './protocol-setup.js'
import type { Pusher, PushUnderWay } from './pusher.js'
import type { User } from './user.js'

/** An action of a customer: shown on the phone (an event is not), and pushed unless WeChat's own agents took it. */
export interface CustomerAction {
  readonly message: PhoneMessage | null
  readonly push: PushUnderWay | null
}

interface Parts {
  platform: Platform
  pusher: Pusher
  official: OfficialSessions
  /** The emulator's own address without a path, for links to pictures. */
  origin: () => string
}

/** The actions of customers, and their consequences at WeChat. */
export class CustomerActions {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The customer sent a message before: the phone shows it, and nothing is pushed. */
  hasSaid(user: User, input: SaidInput): void {
    const { platform } = this.#parts
    this.#interact(user, 'message', input)
    platform.show(user, 'user', this.#read(user, input).content)
    platform.changed(user)
  }

  /** The customer entered before; nothing is pushed. */
  hasEntered(user: User, business: InBusiness = {}): void {
    this.#interact(user, 'enter', business)
    this.#parts.platform.changed(user)
  }

  /** Throws ConfigError when a picture is not there. */
  send(user: User, input: UserMessageInput): CustomerAction {
    const { platform, official } = this.#parts
    if (input.msgType === 'event') {
      const fields = { ...input.fields, ...businessOf(input) }
      return { message: null, push: this.#pushEvent(user, input.event, fields) }
    }
    const { content, fields } = this.#read(user, input)
    const officialHasIt = official.runs(user)
    this.#interact(user, 'message', input)
    const message = platform.show(user, 'user', content)
    platform.changed(user)
    if (officialHasIt) return { message, push: null }
    const kind = input.msgType === 'other' ? input.type : input.msgType
    const payload = {
      ...this.#head(user, kind),
      ...fields,
      MsgType: kind,
      MsgId: platform.nextMsgId(),
      ...businessOf(input),
    }
    return {
      message,
      push: this.#parts.pusher.push(user, payload, {
        kind,
        messageId: message.id,
        isMessage: true,
        showsFailure: true,
      }),
    }
  }

  /** The customer taps the contact button. WeChat's own agents do not get this event, the URL always does. */
  enter(user: User, sessionFrom: string, business: InBusiness = {}): PushUnderWay {
    const { platform, official, pusher } = this.#parts
    official.runs(user)
    this.#interact(user, 'enter', business)
    platform.changed(user)
    const kind = 'user_enter_tempsession'
    const payload = { ...this.#head(user, 'event'), Event: kind, SessionFrom: sessionFrom }
    const fields = { ...payload, ...businessOf(business) }
    return pusher.push(user, fields, { kind, messageId: null, isMessage: false, showsFailure: true })
  }

  /** Pushes any text as the plaintext, signed and sealed: what kefu makes of odd shapes. It counts as a message. */
  pushRaw(user: User, plaintext: string, format: Format = user.app.format): PushUnderWay {
    const { platform, official, pusher } = this.#parts
    official.runs(user)
    this.#interact(user, 'message', {})
    platform.changed(user)
    const options = { kind: 'raw', messageId: null, isMessage: true, showsFailure: true }
    return pusher.pushRaw(user, plaintext, format, options)
  }

  /** The customer did something: WeChat knows them, and messages to them are allowed for a time. */
  #interact(user: User, trigger: AllowanceTrigger, { businessId }: InBusiness): void {
    const now = this.#parts.platform.clock.now()
    user.known = true
    // Replies to a sub-merchant's session have an allowance of their own.
    if (businessId === undefined) user.allowance.trigger(trigger, now)
    user.typing.interacted(now)
  }

  #pushEvent(user: User, event: string, fields: Fields): PushUnderWay {
    const payload = { ...this.#head(user, 'event'), ...fields, MsgType: 'event', Event: event }
    const options = { kind: event, messageId: null, isMessage: false, showsFailure: false }
    return this.#parts.pusher.push(user, payload, options)
  }

  #head(user: User, msgType: string): Fields {
    return {
      ToUserName: user.app.originalId,
      FromUserName: user.openId,
      CreateTime: Math.floor(this.#parts.platform.clock.signedNow() / 1000),
      MsgType: msgType,
    }
  }

  #read(
    user: User,
    input: Exclude<UserMessageInput, { msgType: 'event' }>,
  ): { content: PhoneContent; fields: Fields } {
    switch (input.msgType) {
      case 'text':
        return { content: { msgType: 'text', content: input.content }, fields: { Content: input.content } }
      case 'image': {
        const { mediaId } = input
        this.#give(user, mediaId, 'mediaId')
        const url = this.#parts.platform.media.pathOf(mediaId)
        return {
          content: { msgType: 'image', mediaId, url },
          fields: { PicUrl: this.#parts.origin() + url, MediaId: mediaId },
        }
      }
      case 'miniprogrampage': {
        const { title, pagePath, thumbMediaId = '', appId = user.app.appId } = input
        if (thumbMediaId !== '') this.#give(user, thumbMediaId, 'thumbMediaId')
        const thumbUrl =
          input.thumbUrl ?? (thumbMediaId === '' ? '' : this.#parts.platform.media.pathOf(thumbMediaId))
        const link = thumbUrl.startsWith('/') ? this.#parts.origin() + thumbUrl : thumbUrl
        return {
          content: { msgType: 'miniprogrampage', title, pagePath, appId, thumbUrl },
          fields: {
            Title: title,
            AppId: appId,
            PagePath: pagePath,
            ThumbUrl: link,
            ThumbMediaId: thumbMediaId,
          },
        }
      }
      case 'other':
        return { content: { msgType: 'other', type: input.type }, fields: input.fields ?? {} }
    }
  }

  /** A customer's picture can be fetched by the app that it was sent to. */
  #give(user: User, mediaId: string, field: string): void {
    const media = this.#parts.platform.media.get(mediaId)
    if (!media)
      throw new ConfigError(`${field}: there is no such picture; POST its bytes to /_emulator/media first`)
    media.appIds.add(user.app.appId)
  }
}

/** WeChat writes the number as a number. */
function businessOf({ businessId }: InBusiness): { BusinessId: number | string } | undefined {
  if (businessId === undefined) return undefined
  const number = Number(businessId)
  return {
    BusinessId: String(number) === String(businessId) && Number.isSafeInteger(number) ? number : businessId,
  }
}
