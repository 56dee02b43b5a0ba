import { ConfigError } from '../errors.js'
import type { Fields } from '../wechat/index.js'
import { mediaPath } from './media-library.js'
import type { OfficialSessions } from './official-session.js'
import type { Platform } from './platform.js'
import type { PhoneContent, PhoneMessage, UserMessageInput } from './protocol.js'
import type { Pusher, PushUnderWay } from './pusher.js'
import type { User } from './user.js'

/** What a customer did: shown on the phone (an event is not), and pushed unless WeChat's own agents took it. */
export interface CustomerAction {
  readonly message: PhoneMessage | null
  readonly push: PushUnderWay | null
}

interface Parts {
  platform: Platform
  pusher: Pusher
  official: OfficialSessions
  /** The emulator's own address, for links to pictures. */
  url: () => string
}

/** What customers can do, and what WeChat makes of it. */
export class CustomerActions {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Throws ConfigError when a picture is not there. */
  send(user: User, input: UserMessageInput): CustomerAction {
    const { platform, official } = this.#parts
    if (input.msgType === 'event')
      return { message: null, push: this.#pushEvent(user, input.event, input.fields ?? {}) }
    const { content, fields } = this.#read(user, input)
    const officialHasIt = official.runs(user)
    const now = platform.clock.now()
    user.known = true
    user.allowance.trigger('message', now)
    user.typing.interacted(now)
    const message = platform.show(user, 'user', content)
    platform.changed(user)
    if (officialHasIt) return { message, push: null }
    const kind = input.msgType === 'other' ? input.type : input.msgType
    const payload = { ...this.#head(user, kind), ...fields, MsgType: kind, MsgId: platform.nextMsgId() }
    return {
      message,
      push: this.#parts.pusher.push(user, payload, { kind, messageId: message.id, showsFailure: true }),
    }
  }

  /** The customer taps the contact button. WeChat's own agents do not get this event, the URL always does. */
  enter(user: User, sessionFrom: string): PushUnderWay {
    const { platform, official, pusher } = this.#parts
    official.runs(user)
    const now = platform.clock.now()
    user.known = true
    user.allowance.trigger('enter', now)
    user.typing.interacted(now)
    platform.changed(user)
    const kind = 'user_enter_tempsession'
    const payload = { ...this.#head(user, 'event'), Event: kind, SessionFrom: sessionFrom }
    return pusher.push(user, payload, { kind, messageId: null, showsFailure: true })
  }

  #pushEvent(user: User, event: string, fields: Fields): PushUnderWay {
    const payload = { ...this.#head(user, 'event'), ...fields, MsgType: 'event', Event: event }
    return this.#parts.pusher.push(user, payload, { kind: event, messageId: null, showsFailure: false })
  }

  #head(user: User, msgType: string): Fields {
    return {
      ToUserName: user.app.originalId,
      FromUserName: user.openId,
      CreateTime: Math.floor(this.#parts.platform.clock.realNow() / 1000),
      MsgType: msgType,
    }
  }

  #read(
    user: User,
    input: Exclude<UserMessageInput, { msgType: 'event' }>,
  ): { content: PhoneContent; fields: Fields } {
    switch (input.msgType) {
      case 'text':
        return { content: input, fields: { Content: input.content } }
      case 'image': {
        const { mediaId } = input
        this.#give(user, mediaId, 'mediaId')
        const url = mediaPath(mediaId)
        return {
          content: { msgType: 'image', mediaId, url },
          fields: { PicUrl: this.#parts.url() + url, MediaId: mediaId },
        }
      }
      case 'miniprogrampage': {
        const { title, pagePath, thumbMediaId = '', appId = user.app.appId } = input
        if (thumbMediaId !== '') this.#give(user, thumbMediaId, 'thumbMediaId')
        const thumbUrl = input.thumbUrl ?? (thumbMediaId === '' ? '' : mediaPath(thumbMediaId))
        const link = thumbUrl.startsWith('/') ? this.#parts.url() + thumbUrl : thumbUrl
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
