import type { Context, Middleware } from 'koa'
import type { Logger } from '../log.js'
import { appOfToken, type ApiRequest, type Endpoint } from './api-call.js'
import {
  cutConnection,
  htmlPage,
  jsonReply,
  noLength,
  relabelled,
  replyOf,
  respond,
  waitOrGone,
  type Reply,
} from './api-reply.js'
import type { EmulatedApp } from './app.js'
import { appIdOf, recordedBody, recordedRequest, touserOf } from './call-record.js'
import type { Faults } from './faults.js'
import type { Platform } from './platform.js'
import type { Fault } from './protocol.js'
import type { QuirkSwitches } from './quirks.js'
import type { Recorder } from './recorder.js'
import { makeRid, Refusal } from './refusal.js'
import { readBody } from './request-body.js'
import type { Stubs } from './stubs.js'
import type { RidLog } from './rid-log.js'

/** More than any picture with its form around it. */
const maxBodyBytes = 12 * 1024 * 1024

interface Parts {
  platform: Platform
  recorder: Recorder
  faults: Faults
  quirks: Pick<QuirkSwitches, 'now'>
  rids: RidLog
  endpoints: ReadonlyMap<string, Endpoint>
  stubs: Stubs
  logger: Logger
}

interface Outcome {
  readonly reply: Reply
  readonly app: EmulatedApp | undefined
}

/** WeChat's API, api.weixin.qq.com: every path that no one else has taken. */
export function apiServer(parts: Parts): Middleware {
  const { platform, recorder, faults, quirks, rids, endpoints, stubs, logger } = parts

  return async (ctx) => {
    const startedAt = platform.clock.signedNow()
    const started = performance.now()
    const request = await readRequest(ctx)
    const openId = touserOf(request)
    const fault = faults.takeForCall(request.path, openId, appIdOf(request, platform.apps))
    const rid = makeRid(startedAt, platform.random)
    const settled = await settle(request, rid, fault)
    const { app } = settled
    const epoch = app?.epoch
    const reply = relabelled(settled.reply, fault?.contentType)
    if (fault?.delayMs !== undefined) await waitOrGone(ctx, fault.delayMs)

    // Its app was forgotten meanwhile: nothing of it comes back into the records.
    if (app?.epoch === epoch) record()
    if (fault?.reset === undefined) respond(ctx, reply)
    else cutConnection(ctx)

    function record(): void {
      const { status, headers } = reply
      const body = recordedBody(reply.body, headers['content-type'] ?? '')
      const call = recorder.addCall({
        appId: app?.appId ?? null,
        openId,
        startedAt,
        durationMs: Math.round(performance.now() - started),
        request: recordedRequest(request),
        response: fault?.reset === undefined ? { status, headers, body } : null,
        errcode: reply.errcode,
        faultId: fault?.id ?? null,
      })
      rids.add(rid, { call, appId: call.appId, clientIp: request.clientIp, at: platform.clock.now() })
      logger.debug(
        { path: request.path, errcode: reply.errcode, appId: call.appId, fault: fault?.id },
        'API call',
      )
    }
  }

  /** Does the call and returns its outcome, once a fault has had its say. */
  async function settle(request: ApiRequest, rid: string, fault: Fault | undefined): Promise<Outcome> {
    const caller = identify(request)
    const app = caller instanceof Refusal ? undefined : caller
    const endpoint = endpoints.get(request.path)
    try {
      if (fault?.status !== undefined) return { reply: htmlPage(fault.status), app }
      if (fault?.reset === 'before') return { reply: jsonReply({}), app }
      if (fault?.errcode !== undefined) throw new Refusal(fault.errcode)
      if (quirks.now.needsContentLength && lacksLength(request)) return { reply: noLength, app }
      if (!endpoint) return { reply: stubbed(request, caller), app }
      if (endpoint.needsToken && caller instanceof Refusal) throw caller
      if (request.method !== endpoint.method) throw new Refusal(endpoint.method === 'GET' ? 43001 : 43002)
      if (endpoint.needsToken) app?.quota.count(request.path, platform.clock.now())
      const result = await endpoint.handle({ platform, request, app, quirks: quirks.now })
      return { reply: replyOf(result), app: result.kind === 'json' ? (result.app ?? app) : app }
    } catch (error) {
      return { reply: refuse(error, rid, endpoint), app }
    }
  }

  /** The answer of a stub. Throws Refusal where there is none, or the call shows no token that works. */
  function stubbed({ method, path }: ApiRequest, caller: EmulatedApp | Refusal): Reply {
    const stub = stubs.find(method, path)
    if (!stub) throw new Refusal({ GET: 43001, POST: 43002 }[stubs.wanted(path) ?? ''] ?? 40066)
    if (stub.needsToken && caller instanceof Refusal) throw caller
    return stubs.use(stub)
  }

  function identify(request: ApiRequest): EmulatedApp | Refusal {
    try {
      return appOfToken(platform, request.query['access_token'])
    } catch (error) {
      if (error instanceof Refusal) return error
      throw error
    }
  }

  function refuse(error: unknown, rid: string, endpoint: Endpoint | undefined): Reply {
    if (!(error instanceof Refusal)) logger.error({ err: error }, 'The emulator failed at an API call')
    const refusal = error instanceof Refusal ? error : new Refusal(-1)
    return jsonReply(refusal.body(rid), endpoint?.refusalType)
  }
}

/** WeChat takes no body of unknown length, as `Transfer-Encoding: chunked` has. */
function lacksLength({ method, headers }: ApiRequest): boolean {
  return method === 'POST' && headers['content-length'] === undefined
}

async function readRequest(ctx: Context): Promise<ApiRequest> {
  const { bytes, complete } = await readBody(ctx.req, maxBodyBytes)
  return {
    method: ctx.method,
    path: ctx.path,
    query: single(ctx.query),
    headers: single(ctx.headers),
    body: bytes,
    complete,
    clientIp: ctx.ip,
  }
}

/** Of what stands twice, all, with commas between. */
function single(values: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : (value ?? ''),
    ]),
  )
}
