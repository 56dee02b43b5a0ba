import type { IncomingInput } from '../../src/wechat/incoming.js'
import {
  decodePush,
  encodePush,
  type EncodedPush,
  type EncodeOptions,
  type Format,
  type Mode,
  type Push,
  type PushQuery,
  type PushSecrets,
} from '../../src/wechat/push.js'

export const secrets = {
  appId: 'wxba5fad812f8e6fb9',
  token: 'spamtest',
  encodingAESKey: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG',
} satisfies PushSecrets
export const keyless = { appId: secrets.appId, token: secrets.token } satisfies PushSecrets

/** When the pushes were made: seconds, and the same in milliseconds. */
export const timestamp = 1_714_112_445
export const now = timestamp * 1000

export const formats: readonly Format[] = ['json', 'xml']
export const modes: readonly Mode[] = ['plain', 'compatible', 'secure']
export const ways = modes.flatMap((mode) => formats.map((format) => ({ mode, format })))

export const head = {
  toUserName: 'gh_97417a04a28d',
  fromUserName: 'o9AgO5Kd5ggOC-bXrbNODIiE3bGY',
  createTime: timestamp,
}
export const text = (content: string, msgId = '22876340532172986'): IncomingInput => ({
  ...head,
  msgType: 'text',
  content,
  msgId,
})
export const enter: IncomingInput = {
  ...head,
  msgType: 'event',
  event: 'user_enter_tempsession',
  sessionFrom: 'home',
}

export function encode(
  incoming: IncomingInput,
  mode: Mode = 'secure',
  options: EncodeOptions = {},
): EncodedPush {
  return encodePush(incoming, { ...secrets, mode }, { timestamp, nonce: '415670741', ...options })
}

export function decode(
  push: { body: string | Uint8Array; query: PushQuery },
  mode: Mode = 'secure',
  at = now,
): Push {
  return decodePush(push.body, push.query, { ...secrets, mode }, at)
}

/** A payload without the raw fields, to compare with what was encoded. */
export function typed(push: Push): unknown {
  return Object.fromEntries(Object.entries(push.payload).filter(([name]) => name !== 'fields'))
}
