import type { ApiRequest } from './api-call.js'
import type { EmulatedApp } from './app.js'
import type { ApiCall } from './protocol.js'

/** Characters of a body that are shown at most. */
const maxShown = 16 * 1024
const secretNames = ['secret', 'appsecret', 'access_token']
const secretInJson = new RegExp(`("(?:${secretNames.join('|')})"\\s*:\\s*")([^"]*)`, 'g')
const secretInForm = new RegExp(`((?:^|[?&])(?:${secretNames.join('|')})=)([^&\\s]*)`, 'g')

/** A call's request for people to read: secrets down to four characters, no bytes of pictures. */
export function recordedRequest(request: ApiRequest): ApiCall['request'] {
  return {
    method: request.method,
    path: request.path,
    query: Object.fromEntries(
      Object.entries(request.query).map(([name, value]) => [
        name,
        secretNames.includes(name) ? mask(value) : value,
      ]),
    ),
    headers: { ...request.headers },
    body: recordedBody(request.body, request.headers['content-type'] ?? ''),
  }
}

/** A body for people to read. */
export function recordedBody(body: string | Buffer, contentType: string): string {
  const isText =
    typeof body === 'string' || !/^(multipart|image|video|audio)\/|octet-stream/i.test(contentType)
  if (!isText) return `[${contentType.split(';')[0] ?? ''}, ${body.length} bytes]`
  const text = maskSecrets(body.toString('utf8'))
  return text.length > maxShown ? `${text.slice(0, maxShown)}… [${text.length} characters]` : text
}

/** The customer whom a call concerns, if it says so. */
export function touserOf(request: ApiRequest): string | null {
  if (request.method !== 'POST' || request.headers['content-type']?.startsWith('multipart/') === true)
    return null
  return /"touser"\s*:\s*"([\w.-]{1,64})"/.exec(request.body.toString('utf8'))?.[1] ?? null
}

/** The app that a call says it is for, whether or not it may: by its token, or by the appid that it shows. */
export function appIdOf(request: ApiRequest, apps: readonly EmulatedApp[]): string | null {
  const { access_token: accessToken = '', appid = '' } = request.query
  const holder = accessToken === '' ? undefined : apps.find((app) => app.tokens.knows(accessToken))
  if (holder) return holder.appId
  if (appid !== '') return appid
  if (request.method !== 'POST' || request.headers['content-type']?.startsWith('multipart/') === true)
    return null
  return /"appid"\s*:\s*"([\w.-]{1,64})"/.exec(request.body.toString('utf8'))?.[1] ?? null
}

function maskSecrets(text: string): string {
  const masked = (_all: string, name: string, value: string): string => name + mask(value)
  return text.replace(secretInJson, masked).replace(secretInForm, masked)
}

function mask(value: string): string {
  return value === '' ? '' : `${value.slice(0, 4)}…`
}
