import { remedyFor } from '../api/index.js'
import { wordOf, type ErrorHandler, type Middleware, type Sender } from '../bot/index.js'
import { AllowanceError, withCustomer } from '../conversation/index.js'
import { ApiError } from '../errors.js'
import type { Logger } from '../log.js'
import { withoutSlash, type Inbox, type PushReceiver, type PushReply } from '../webhook/index.js'
import { incomingTypes, type Incoming } from '../wechat/index.js'
import type { Apps } from '../apps/apps.js'
import type { Metrics } from './metrics.js'

/** An inbox whose pushes are counted. */
export function meteredInbox(inbox: Inbox, metrics: Metrics): Inbox {
  return {
    async accept(given) {
      const push = withCustomer(given)
      const labels = { app: push.appId, kind: kindOf(push.payload) }
      try {
        const accepted = await inbox.accept(push)
        if (push.unreadable && accepted.repeat !== true) metrics.unreadablePushes.inc({ app: push.appId })
        metrics.pushes.inc({ ...labels, result: accepted.repeat === true ? 'repeat' : 'taken' })
        return accepted
      } catch (error) {
        metrics.pushes.inc({ ...labels, result: 'failed' })
        throw error
      }
    },
  }
}

/** A sender whose messages are counted by what became of them. */
export function meteredSender(sender: Sender | undefined, app: string, metrics: Metrics): Sender | undefined {
  if (!sender) return undefined
  return {
    async send(openId, message) {
      const end = metrics.sendTimes.startTimer({ app })
      try {
        await sender.send(openId, message)
        metrics.sends.inc({ app, outcome: 'accepted', errcode: '0' })
      } catch (error) {
        const errcode = error instanceof ApiError ? String(error.errcode) : 'none'
        metrics.sends.inc({ app, outcome: outcomes[remedyFor(error)], errcode })
        throw error
      } finally {
        end()
      }
    },
    setTyping: (openId, on) => sender.setTyping(openId, on),
  }
}

const outcomes = {
  unknown: 'unknown',
  later: 'later',
  connect: 'later',
  token: 'failed',
  busy: 'failed',
  never: 'failed',
} as const satisfies Record<ReturnType<typeof remedyFor>, string>

/** Counts replies of the bot that its share of the allowance left no room for. */
export function countRefusals(metrics: Metrics): Middleware {
  return async (_ctx, next) => {
    try {
      await next()
    } catch (error) {
      if (error instanceof AllowanceError) metrics.allowanceRefusals.inc({ by: 'bot' })
      throw error
    }
  }
}

const kinds: ReadonlySet<string> = new Set<string>(['unreadable', ...incomingTypes, 'user_enter_tempsession'])

/** Where errors of handlers go; that the allowance is used up is nobody's mistake. */
export function reportTo(logger: Logger): ErrorHandler {
  return (error, { appId, openId, push: { id: pushId } }) => {
    if (error instanceof AllowanceError) logger.info({ appId, openId, pushId }, error.message)
    else logger.error({ err: error, appId, openId, pushId }, 'a handler failed')
  }
}

/** A push's kind as a label: a word that is not of customer service is one of few, whatever somebody sends. */
function kindOf(payload: Incoming): string {
  const word = wordOf(payload)
  if (kinds.has(word)) return word
  return payload.msgType === 'event' ? 'other_event' : 'other_message'
}

/** Pushes, with their answers counted and timed. */
export function meteredReceiver(
  receive: PushReceiver,
  apps: Pick<Apps, 'list'>,
  metrics: Metrics,
): PushReceiver {
  return (request) => {
    const replying = receive(request)
    const { method, path = '/' } = request
    return replying && method === 'POST' ? timed(replying, path) : replying
  }

  async function timed(replying: Promise<PushReply>, path: string): Promise<PushReply> {
    const end = metrics.acks.startTimer()
    const reply = await replying
    end({ status: String(reply.status) })
    if (reply.status === 200 && apps.list.length > 1 && withoutSlash(path) === PUSH_PATH)
      metrics.barePushes.inc()
    const result = refusals[reply.status]
    if (result !== undefined) metrics.pushes.inc({ app: appOf(path, apps.list), kind: 'unknown', result })
    return reply
  }
}

/** Where pushes come, followed by the appid or not. */
export const PUSH_PATH = '/wechat'

/** Labels for pushes that never reached the inbox, by the response's status. */
const refusals: Readonly<Record<number, string>> = { 400: 'unreadable', 403: 'refused', 413: 'unreadable' }

function appOf(path: string, list: Apps['list']): string {
  const named = list.find(({ appId }) => path.endsWith(`/${appId}`))
  return (named ?? (list.length === 1 ? list[0] : undefined))?.appId ?? 'unknown'
}
