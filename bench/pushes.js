import { encodeFields } from '../modules/wechat/index.js'
import { secrets } from './secrets.js'

/** What each customer writes: the same in each push, so that only the receivers differ. */
export const content = '你好,订单 20260730001 三天了还没有发货,麻烦帮我查一下,谢谢。'

export const customers = 25_000
// Real ids are beyond 2^53.
const firstMsgId = 23_637_352_235_060_880n

/** A customer's name at WeChat. */
export const openIdOf = (number) => `o9AgO5Kd5ggOC-bXrbNODII${String(number).padStart(5, '0')}`

/**
 * Whose turn it is: everybody's once in as many pushes as there are customers, and neighbours are strangers, as in a real
 * shop. In the order of their names the indexes would cost next to nothing.
 */
const inMixedOrder = (number) => (number * 9973) % customers

/**
 * The whole HTTP request of one secure push, as bytes. Each number makes a message of its own, with its own MsgId,
 * nonce and ciphertext: a receiver that drops repeats has to take every one of them.
 */
export function preparePush(number, format, text = content, customer = inMixedOrder(number)) {
  const now = Math.floor(Date.now() / 1000)
  const fields = {
    ToUserName: 'gh_97417a04a28d',
    FromUserName: openIdOf(customer),
    CreateTime: now,
    MsgType: 'text',
    Content: text,
    MsgId: String(firstMsgId + BigInt(number)),
  }
  const push = encodeFields(fields, secrets, {
    format,
    timestamp: now,
    nonce: String(1_000_000_000 + number),
  })
  return Buffer.from(
    `POST /wechat?${new URLSearchParams(push.query)} HTTP/1.1\r\n` +
      'Host: 127.0.0.1\r\nUser-Agent: Mozilla/4.0\r\nAccept: */*\r\nConnection: keep-alive\r\n' +
      `Content-Type: ${push.contentType}\r\nContent-Length: ${Buffer.byteLength(push.body)}\r\n\r\n${push.body}`,
  )
}
