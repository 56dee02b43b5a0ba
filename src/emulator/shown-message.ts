import type { MessageType } from '../wechat/index.js'
import type { PhoneContent } from './protocol.js'

/** A message of a known type as the phone shows it, made of its fields. */
export function shownMessage(
  type: MessageType,
  fields: Readonly<Record<string, string>>,
  appId: string,
  pathOf: (mediaId: string) => string,
): PhoneContent {
  return { msgType: type.msgType, ...type.onPhone(fields, pathOf, appId) } as PhoneContent
}
