import {
  decodeAESKey,
  decodePush,
  encodePush,
  encrypt,
  sign,
  type EncodedPush,
  type EncodeOptions,
  type IncomingInput,
  type Push,
  type PushSecrets,
} from '../../src/wechat/index.js'

/** A Mini Program of the tests: nobody's. */
export const secrets: PushSecrets & { encodingAESKey: string } = {
  appId: 'wx0123456789abcdef',
  token: 'token-of-the-tests',
  encodingAESKey: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG',
}

const head = { toUserName: 'gh_0123456789ab', fromUserName: 'oLin', createTime: 1714037059 }

type Of<T extends IncomingInput['msgType']> = Extract<IncomingInput, { msgType: T }>

/** A text message of customer `oLin`, as WeChat would send it. */
export function text(content: string, change: Partial<Of<'text'>> = {}): Of<'text'> {
  return { msgType: 'text', ...head, msgId: '22876340532172986', content, ...change }
}

/** A picture of customer `oLin`. */
export function image(change: Partial<Of<'image'>> = {}): Of<'image'> {
  const picUrl = 'http://mmbiz.qpic.cn/1'
  return { msgType: 'image', ...head, msgId: '22876340532172987', picUrl, mediaId: 'media-1', ...change }
}

/** Customer `oLin` opens the conversation. */
export function enter(sessionFrom = 'goods:1', change: { fromUserName?: string } = {}): IncomingInput {
  return { msgType: 'event', event: 'user_enter_tempsession', ...head, sessionFrom, ...change }
}

/** An event of another service. */
export function event(type: string, fields: Record<string, unknown> = {}): IncomingInput {
  return { msgType: 'event', event: 'other', type, ...head, list: [], fields }
}

/** The Push that the webhook makes of it: encoded as WeChat does, and decoded. */
export function pushOf(incoming: IncomingInput, app = secrets, options: EncodeOptions = {}): Push {
  const { body, query } = encodePush(incoming, app, options)
  return decodePush(body, query, app)
}

/** A push that is rightly signed and encrypted around any text, in a JSON envelope. */
export function encodeSigned(plaintext: string, app = secrets): EncodedPush {
  const [timestamp, nonce] = [String(Math.floor(Date.now() / 1000)), '1514711492']
  const encrypted = encrypt(plaintext, decodeAESKey(app.encodingAESKey), app.appId)
  return {
    query: { timestamp, nonce, msg_signature: sign(app.token, timestamp, nonce, encrypted) },
    contentType: 'application/json',
    body: JSON.stringify({ ToUserName: 'gh_0123456789ab', Encrypt: encrypted }),
  }
}
