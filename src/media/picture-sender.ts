import { ApiError, NetworkError } from '../errors.js'
import type { Logger } from '../log.js'
import { mediaIdOf, withMediaId, type OutgoingMessage } from '../wechat/index.js'
import type { PictureLibrary } from './picture-library.js'

/** Who sends a Mini Program's messages. */
interface MessageSender {
  send(openId: string, message: OutgoingMessage): Promise<void>
  setTyping(openId: string, on: boolean): Promise<void>
}

const INVALID_MEDIA_ID = 40007

/**
 * Sends messages with the media ids by which WeChat has their pictures now: a picture that is kept here can be
 * sent, or sent again, long after WeChat's three days.
 */
export function pictureSender(
  sender: MessageSender,
  appId: string,
  library: Pick<PictureLibrary, 'current'>,
  logger: Logger,
): MessageSender {
  return {
    setTyping: (openId, on) => sender.setTyping(openId, on),
    async send(openId, message) {
      const mediaId = mediaIdOf(message.msgType, message)
      if (mediaId === undefined) return sender.send(openId, message)
      const current = await currentOf(mediaId)
      try {
        await sender.send(openId, withMediaId(message, current))
      } catch (error) {
        if (!(error instanceof ApiError) || error.errcode !== INVALID_MEDIA_ID) throw error
        const renewed = await currentOf(mediaId, current)
        if (renewed === current) throw error
        await sender.send(openId, withMediaId(message, renewed))
      }
    },
  }

  async function currentOf(mediaId: string, refused?: string): Promise<string> {
    try {
      return await library.current(appId, mediaId, refused)
    } catch (error) {
      if (error instanceof ApiError) throw error
      // Whatever became of the upload, the message itself never left.
      if (error instanceof NetworkError)
        throw new NetworkError(
          `${error.path}: the message’s picture could not be uploaded, so it was not sent.`,
          {
            accepted: 'no',
            path: error.path,
            cause: error,
          },
        )
      logger.warn({ err: error, appId }, 'a picture could not be looked up; it is sent as it was')
      return refused ?? mediaId
    }
  }
}
