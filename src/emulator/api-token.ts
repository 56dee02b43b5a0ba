import type { EmulatedApp } from './app.js'
import type { IssuedToken } from './access-tokens.js'
import { jsonBody, stringOf, type ApiResult, type Endpoint, type EndpointContext } from './api-call.js'
import type { Platform } from './platform.js'
import { Refusal } from './refusal.js'

/** Access tokens, classic and stable. */
export const tokenEndpoints: Readonly<Record<string, Endpoint>> = {
  '/cgi-bin/token': { method: 'GET', needsToken: false, handle: classicToken },
  '/cgi-bin/stable_token': { method: 'POST', needsToken: false, handle: stableToken },
}

function classicToken({ platform, request }: EndpointContext): ApiResult {
  const { appid = '', secret = '', grant_type: grantType } = request.query
  const app = authenticate(platform, appid, secret, grantType)
  const now = platform.clock.now()
  app.quota.count(request.path, now)
  return issued(app, app.tokens.classic(now))
}

function stableToken({ platform, request }: EndpointContext): ApiResult {
  const body = jsonBody(request)
  const app = authenticate(platform, stringOf(body['appid']), stringOf(body['secret']), body['grant_type'])
  const now = platform.clock.now()
  app.quota.count(request.path, now)
  return issued(app, app.tokens.stable(now, body['force_refresh'] === true))
}

/** The app that these credentials belong to. Throws Refusal. */
export function appOfCredentials(platform: Platform, appId: string, appSecret: string): EmulatedApp {
  if (appId === '') throw new Refusal(41002)
  if (appSecret === '') throw new Refusal(41004)
  const app = platform.app(appId)
  if (!app) throw new Refusal(40013)
  if (app.appSecret !== appSecret) throw new Refusal(40125)
  return app
}

function authenticate(platform: Platform, appId: string, appSecret: string, grantType: unknown): EmulatedApp {
  if (appId !== '' && appSecret !== '' && grantType !== 'client_credential') throw new Refusal(40002)
  return appOfCredentials(platform, appId, appSecret)
}

function issued(app: EmulatedApp, { accessToken, expiresIn }: IssuedToken): ApiResult {
  return { kind: 'json', fields: { access_token: accessToken, expires_in: expiresIn }, app }
}
