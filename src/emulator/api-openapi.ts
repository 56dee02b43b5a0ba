import { lookup } from 'node:dns/promises'
import {
  appOf,
  jsonBody,
  ok,
  stringOf,
  type ApiResult,
  type Endpoint,
  type EndpointContext,
} from './api-call.js'
import { appOfCredentials } from './api-token.js'
import { Refusal } from './refusal.js'
import type { RidLog } from './rid-log.js'

const weekMs = 7 * 24 * 3600 * 1000

/** Quotas, look-ups of calls, and addresses. Source: /miniprogram/dev/server/API/openApi-mgnt/ */
export function openapiEndpoints(rids: RidLog): Readonly<Record<string, Endpoint>> {
  return {
    '/cgi-bin/clear_quota': { method: 'POST', needsToken: true, handle: clearQuota },
    '/cgi-bin/clear_quota/v2': { method: 'POST', needsToken: false, handle: clearQuotaV2 },
    '/cgi-bin/openapi/quota/get': { method: 'POST', needsToken: true, handle: getQuota },
    '/cgi-bin/openapi/quota/clear': { method: 'POST', needsToken: true, handle: clearPathQuota },
    '/cgi-bin/openapi/rid/get': {
      method: 'POST',
      needsToken: true,
      handle: (context) => getRid(context, rids),
    },
    '/cgi-bin/getcallbackip': { method: 'GET', needsToken: true, handle: ownAddress },
    '/cgi-bin/get_api_domain_ip': { method: 'GET', needsToken: true, handle: ownAddress },
    '/cgi-bin/callback/check': { method: 'POST', needsToken: true, handle: checkCallback },
  }
}

function clearQuota(context: EndpointContext): ApiResult {
  const app = appOf(context)
  if (jsonBody(context.request)['appid'] !== app.appId) throw new Refusal(40013)
  app.quota.clearAll(context.platform.clock.now())
  return ok()
}

function clearQuotaV2({ platform, request }: EndpointContext): ApiResult {
  // The page shows them in the query; in a form or JSON body they are taken, too.
  const fields =
    request.body.length > 0 && request.query['appid'] === undefined ? credentials(request) : request.query
  const app = appOfCredentials(platform, stringOf(fields['appid']), stringOf(fields['appsecret']))
  app.quota.clearAll(platform.clock.now())
  return ok()
}

function credentials(request: EndpointContext['request']): Readonly<Record<string, unknown>> {
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true
  return isForm ? Object.fromEntries(new URLSearchParams(request.body.toString('utf8'))) : jsonBody(request)
}

function getQuota(context: EndpointContext): ApiResult {
  const path = stringOf(jsonBody(context.request)['cgi_path'])
  const quota = appOf(context).quota.view(path, context.platform.clock.now())
  if (!quota) throw new Refusal(76021)
  return ok({ quota, rate_limit: { call_count: 0, refresh_second: 0 } })
}

function clearPathQuota(context: EndpointContext): ApiResult {
  appOf(context).quota.clear(stringOf(jsonBody(context.request)['cgi_path']), context.platform.clock.now())
  return ok()
}

function getRid(context: EndpointContext, rids: RidLog): ApiResult {
  const rid = stringOf(jsonBody(context.request)['rid'])
  if (!/^[0-9a-f]{8}(-[0-9a-f]{8}){2}$/.test(rid)) throw new Refusal(76002)
  const entry = rids.get(rid)
  if (!entry) throw new Refusal(76001)
  if (entry.appId !== appOf(context).appId) throw new Refusal(76003)
  if (context.platform.clock.now() - entry.at > weekMs) throw new Refusal(76004)
  const { call } = entry
  const query = new URLSearchParams(call.request.query).toString()
  return ok({
    request: {
      invoke_time: Math.floor(call.startedAt / 1000),
      cost_in_ms: call.durationMs,
      request_url: query === '' ? call.request.path : `${call.request.path}?${query}`,
      request_body: call.request.body,
      response_body: call.response?.body ?? '',
      client_ip: entry.clientIp,
    },
  })
}

function ownAddress(): ApiResult {
  return { kind: 'json', fields: { ip_list: ['127.0.0.1'] } }
}

const actions = ['dns', 'ping', 'all']
const operators = ['CHINANET', 'UNICOM', 'CAP', 'DEFAULT']

/** Looks the push URL's host up, and says that it can be reached: nothing is pinged. */
async function checkCallback(context: EndpointContext): Promise<ApiResult> {
  const body = jsonBody(context.request)
  const [action, operator] = [stringOf(body['action']), stringOf(body['check_operator'])]
  if (!actions.includes(action)) throw new Refusal(40202, 'action is dns, ping or all')
  if (!operators.includes(operator))
    throw new Refusal(40203, `check_operator is one of ${operators.join(', ')}`)
  const host = new URL(appOf(context).pushUrl).hostname.replace(/^\[|\]$/g, '')
  const ips = await lookup(host, { all: true }).then(
    (found) => found.map(({ address }) => address),
    () => [],
  )
  return ok({
    dns: action === 'ping' ? [] : ips.map((ip) => ({ ip, real_operator: operator })),
    ping:
      action === 'dns'
        ? []
        : ips.map((ip) => ({ ip, from_operator: operator, package_loss: '0%', time: '0.1ms' })),
  })
}
