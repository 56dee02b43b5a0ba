import { isIP } from 'node:net'
import { ConfigError } from '../errors.js'
import { refusal } from '../protocol/refusals.js'
import type { AddressGuard } from './address-guard.js'

/** Characters: as long as browsers and proxies pass an address on. */
const MAX_URL = 2000

/** Throws ConfigError when an endpoint's address can't work; a name is looked up only when something is sent. */
export function checkHookUrl(url: string, guard: AddressGuard): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || !/^https?:$/.test(parsed.protocol) || url.length > MAX_URL)
    throw new ConfigError(`url must be an http or https address of at most ${MAX_URL} characters.`, {
      refusal: refusal('hook_url', { limit: MAX_URL }),
    })
  if (parsed.username !== '' || parsed.password !== '' || parsed.hash !== '')
    throw new ConfigError(
      'url must have no user, password or # in it: the signature shows who a delivery is from.',
      { refusal: refusal('hook_user') },
    )
  const host = parsed.hostname.replace(/^\[|\]$/g, '')
  if ((isIP(host) !== 0 && !guard.allows(host)) || (host === 'localhost' && !guard.allows('127.0.0.1')))
    throw new ConfigError(
      'url leads to a private address. If that is meant, name its network in KEFU_ALLOW_PRIVATE_HOOKS (loopback is this machine) and start again.',
      { refusal: refusal('hook_private') },
    )
}
