/** `kefu`: customer service for WeChat Mini Programs, for a developer's own Koa app. */

// The framework: handlers, and the middleware that brings pushes to them
export { Bot, type BotOptions, type ErrorHandler, type Handled, type HandleOptions } from './bot/index.js'
export { Composer, type Middleware, type Next, type Observer, type Trigger } from './bot/index.js'
export { Context, newRun, type Accepted, type Match, type Run } from './bot/index.js'
export type { Filtered, FilterQuery, MessageWithFile, PictureFile, Sender } from './bot/index.js'
export { webhook, type AppLookup, type RefusedRequest, type WebhookOptions } from './webhook/index.js'
export { MemoryInbox, type Inbox, type MemoryInboxOptions } from './webhook/index.js'
export { pushReceiver, type PushReceiver, type PushReply, type PushRequest } from './webhook/index.js'
export { settingsFrom, type Settings } from './settings.js'

// The client of WeChat's API, and where its access token is kept
export { Api, type ApiOptions, type Media, type MediaSource, type Quota } from './api/index.js'
export { fileTokenStore, memoryTokenStore, redisTokenStore } from './api/index.js'
export type { RedisClient, Release, StoredToken, TokenStore } from './api/index.js'
export { remedyFor, type Remedy } from './api/index.js'

// Messages
export { miniProgramLink, splitText } from './wechat/index.js'
export type {
  OutgoingImage,
  OutgoingLink,
  OutgoingMessage,
  OutgoingMiniProgramPage,
  OutgoingText,
} from './wechat/index.js'
export type {
  EnterEvent,
  Fields,
  ImageMessage,
  Incoming,
  IncomingEvent,
  IncomingMessage,
  MiniProgramPageMessage,
  OtherEvent,
  OtherMessage,
  TextMessage,
} from './wechat/index.js'

// Pushes without HTTP, for tests and other frameworks (the rest is in kefu/wechat)
export { decodePush, encodePush, type Answer, type Push, type PushSecrets } from './wechat/index.js'

// Errors, errcodes and numbers
export {
  ApiError,
  ConfigError,
  DecodeError,
  HandlerError,
  KefuError,
  MediaError,
  NetworkError,
  SignatureError,
} from './errors.js'
export type { ErrorWords } from './errors.js'
export { errcodes, explainErrcode, limits, type Errcode, type Retry } from './wechat/index.js'
export { consoleLogger, silentLogger, type Logger } from './log.js'
