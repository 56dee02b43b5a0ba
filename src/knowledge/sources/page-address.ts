import { isIP } from 'node:net'
import type { AddressGuard } from '../../hooks/index.js'
import { httpErrorFor } from '../../http/http-error.js'

/** Characters: as long as browsers and proxies pass an address on. */
const MAX_URL = 2000

/** Returns the address of a page without its `#…`. Throws HttpError where none can be read from it. */
export function pageAddress(url: string, guard: AddressGuard): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || !/^https?:$/.test(parsed.protocol) || url.length > MAX_URL)
    throw httpErrorFor(
      'source_url',
      'invalid',
      `url: must be an http or https address of at most ${MAX_URL} characters`,
      { limit: MAX_URL },
    )
  if (parsed.username !== '' || parsed.password !== '')
    throw httpErrorFor('source_user', 'invalid', 'url: must have no user or password in it')
  const host = parsed.hostname.replace(/^\[|\]$/g, '')
  // A name is looked up only when the page is read.
  if ((isIP(host) !== 0 && !guard.allows(host)) || (host === 'localhost' && !guard.allows('127.0.0.1')))
    throw httpErrorFor(
      'source_private',
      'invalid',
      'url: leads to a private address. If that is meant, name its network in KEFU_ALLOW_PRIVATE_PAGES (loopback is this machine) and start again.',
    )
  parsed.hash = ''
  return parsed
}
