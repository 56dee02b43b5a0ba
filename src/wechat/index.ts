/** `kefu/wechat`: the protocol as pure functions and types. No I/O. */
export {
  asUnreadable,
  checkPushSecrets,
  decodePush,
  pushDecoder,
  restorePush,
  verifyQuery,
  verifyUrl,
  type Format,
  type KeptPush,
  type Mode,
  type Push,
  type PushDecoder,
  type PushQuery,
  type PushSecrets,
} from './push.js'
export { PushBody } from './push-body.js'
export type { Unreadable } from './unreadable.js'
export {
  encodeFields,
  encodePlaintext,
  encodePush,
  type EncodedPush,
  type EncodeOptions,
  type Manner,
} from './push-encoding.js'
export type {
  EnterEvent,
  Fields,
  ImageMessage,
  Incoming,
  IncomingEvent,
  IncomingInput,
  IncomingMessage,
  IncomingOf,
  MiniProgramPageMessage,
  OtherEvent,
  OtherMessage,
  TextMessage,
} from './incoming.js'
export {
  decodeAnswer,
  encodeAnswer,
  encryptAnswer,
  failureLine,
  type Answer,
  type EncodedAnswer,
} from './answer.js'
export {
  miniProgramLink,
  sendBody,
  type OutgoingImage,
  type OutgoingLink,
  type OutgoingMessage,
  type OutgoingMiniProgramPage,
  type OutgoingOf,
  type OutgoingText,
} from './outgoing.js'
export { errcodes, explainErrcode, type Errcode, type Retry } from './errcode.js'
export { imageType, type ImageType } from './image.js'
export { escapeControlCharacters, parseLenientJson } from './lenient-json.js'
export { limits } from './limits.js'
export { asMessage, headlineOf, mediaIdOf, searchedFields, withMediaId } from './messages/content.js'
export {
  fieldsOf,
  incomingTypes,
  knownType,
  messageFields,
  messageTypeOf,
  messageTypes,
  outgoingTypes,
  type Field,
  type IncomingType,
  type MessageField,
  type MessageType,
  type OutgoingType,
  type ShownOf,
} from './messages/index.js'
export { readReply, replyOf, type ReplyForm } from './messages/reply-form.js'
export { splitText, utf8Bytes } from './text.js'
export { sign, verifySignature } from './signature.js'
export { decodeAESKey, decrypt, encrypt } from './crypto.js'
export {
  ApiError,
  ConfigError,
  DecodeError,
  HandlerError,
  KefuError,
  NetworkError,
  SignatureError,
} from '../errors.js'
