import type { ModelCall } from '../../../src/emulator/model/model-input.js'
import type { ApiCall, DeliveryAttempt } from '../../../src/emulator/protocol.js'

interface Request {
  method: string
  url: string
  headers: Record<string, string>
  body: string
}

/** Headers that curl writes itself, or that belonged to the one connection. */
const own = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'keep-alive', 'expect'])

/** The same request as a curl command for a POSIX shell. */
export function curl({ method, url, headers, body }: Request): string {
  const lines = [`curl -X ${method} ${quote(url)}`]
  for (const [name, value] of Object.entries(headers))
    if (!own.has(name.toLowerCase())) lines.push(`-H ${quote(`${name}: ${value}`)}`)
  if (body !== '') lines.push(`--data-binary ${quote(body)}`)
  return lines.join(' \\\n  ')
}

/** An attempt's request. */
export function attemptRequest(attempt: DeliveryAttempt): Request {
  return attempt.request
}

/** A call's request, with the address it had at this emulator. */
export function callRequest(call: ApiCall, origin: string): Request {
  const { method, headers, body } = call.request
  return { method, url: origin + callTarget(call), headers, body }
}

/** A model's request, as anybody may make it again. */
export function modelRequest({ request }: ModelCall, origin: string): Request {
  return {
    method: 'POST',
    url: `${origin}/_model/v1/chat/completions`,
    headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
    body: JSON.stringify(request),
  }
}

/** Path and query as they stood in the request line. */
export function callTarget(call: ApiCall): string {
  const query = new URLSearchParams(call.request.query).toString()
  return query === '' ? call.request.path : `${call.request.path}?${query}`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
