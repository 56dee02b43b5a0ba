import { fieldsOf, messageTypeOf } from '../wechat/index.js'
import type { EmulatedApp } from './app.js'
import {
  appOf,
  jsonBody,
  objectOf,
  ok,
  stringOf,
  type ApiResult,
  type Endpoint,
  type EndpointContext,
} from './api-call.js'
import type { Platform } from './platform.js'
import type { PhoneContent } from './protocol.js'
import { Refusal } from './refusal.js'
import { shownMessage } from './shown-message.js'
import type { User } from './user.js'

/** Messages to customers, and "typing". */
export const messageEndpoints: Readonly<Record<string, Endpoint>> = {
  '/cgi-bin/message/custom/send': { method: 'POST', needsToken: true, handle: send },
  // For sub-merchants (客服子商户) only: an ordinary Mini Program has no businessid to give.
  '/cgi-bin/message/custom/business/send': { method: 'POST', needsToken: true, handle: refuseBusiness },
  // The page for Mini Programs names the second path, most clients call the first: api_typing.
  '/cgi-bin/message/custom/typing': { method: 'POST', needsToken: true, handle: setTyping },
  '/cgi-bin/message/custom/business/typing': { method: 'POST', needsToken: true, handle: setTyping },
}

/** Source: /miniprogram/dev/server/API/kf-mgnt/kf-message/api_sendcustommessage */
function send(context: EndpointContext): ApiResult {
  const { platform, request } = context
  const app = appOf(context)
  const body = jsonBody(request, true)
  const user = customer(app, body)
  const content = readContent(platform, app, body)
  const errcode = user.allowance.check(platform.clock.now())
  if (errcode !== 0) throw new Refusal(errcode)
  user.allowance.spend()
  user.typing.stop()
  platform.show(user, 'service', content, objectOf(body['aimsgcontext'])['is_ai_msg'] === 1)
  platform.changed(user)
  return ok()
}

function refuseBusiness(context: EndpointContext): ApiResult {
  jsonBody(context.request)
  throw new Refusal(40101)
}

/** Source: /miniprogram/dev/server/API/kf-mgnt/kf-message/api_typing */
function setTyping(context: EndpointContext): ApiResult {
  const { platform, request } = context
  const body = jsonBody(request)
  const user = customer(appOf(context), body)
  const command = body['command']
  if (command !== 'Typing' && command !== 'CancelTyping') throw new Refusal(45072)
  const now = platform.clock.now()
  if (!user.allowance.open(now)) throw new Refusal(45015)
  if (command === 'CancelTyping') user.typing.stop()
  else {
    const errcode = user.typing.start(now)
    if (errcode !== 0) throw new Refusal(errcode)
  }
  platform.changed(user)
  return ok()
}

function customer(app: EmulatedApp, body: Readonly<Record<string, unknown>>): User {
  const user = app.knownUser(stringOf(body['touser']))
  if (!user) throw new Refusal(40003)
  return user
}

function readContent(
  platform: Platform,
  app: EmulatedApp,
  body: Readonly<Record<string, unknown>>,
): PhoneContent {
  const msgType = stringOf(body['msgtype'])
  if (msgType === '') throw new Refusal(40008)
  const type = messageTypeOf(msgType)
  // Official accounts' types, transfer_customer_service, and what does not exist.
  if (!type) throw new Refusal(45162)
  const fields = objectOf(body[msgType])
  const field = (wire: string): string => stringOf(fields[wire])
  const refusal = type.refusal(field, app.appId)
  if (refusal) throw new Refusal(refusal.errcode, refusal.hint)
  const texts = fieldsOf(type).map(([name, { wire, kind }]) => {
    if (kind === 'media') requireMedia(platform, app, field(wire))
    return [name, field(wire)]
  })
  const pathOf = (mediaId: string): string => platform.media.pathOf(mediaId)
  return shownMessage(type, Object.fromEntries(texts) as Readonly<Record<string, string>>, app.appId, pathOf)
}

function requireMedia(platform: Platform, app: EmulatedApp, mediaId: string): void {
  if (!platform.media.usable(mediaId, app.appId, platform.clock.now())) throw new Refusal(40007)
}
