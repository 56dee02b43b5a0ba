/** `kefu/wechat`: the protocol as pure functions and types. No I/O. */
export {
  checkPushSecrets,
  decodePush,
  encodeFields,
  encodePush,
  pushDecoder,
  restorePush,
  verifyUrl,
  type EncodedPush,
  type EncodeOptions,
  type Format,
  type Mode,
  type Push,
  type PushDecoder,
  type PushQuery,
  type PushSecrets,
} from './push.js'
export type {
  EnterEvent,
  Fields,
  ImageMessage,
  Incoming,
  IncomingEvent,
  IncomingInput,
  IncomingMessage,
  MiniProgramPageMessage,
  OtherEvent,
  OtherMessage,
  TextMessage,
} from './incoming.js'
export { decodeAnswer, encodeAnswer, encryptAnswer, type Answer, type EncodedAnswer } from './answer.js'
export {
  miniProgramLink,
  sendBody,
  splitText,
  type OutgoingImage,
  type OutgoingLink,
  type OutgoingMessage,
  type OutgoingMiniProgramPage,
  type OutgoingText,
} from './outgoing.js'
export { errcodes, explainErrcode, type Errcode, type Retry } from './errcode.js'
export { imageType, type ImageType } from './image.js'
export { limits } from './limits.js'
export { mediaIdOf } from './media-id.js'
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
