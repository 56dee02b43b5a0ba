/** What keeps WeChat from reaching an address, or is worth a word. */
export type AddressProblem = 'empty' | 'invalid' | 'local' | 'port' | 'http'

export interface PushAddress {
  /** The scheme and host; empty when there is none yet. */
  base: string
  problem: AddressProblem | null
}

/** Reads what somebody typed for their host name: with or without a scheme, a path or spaces. Https unless they say http. */
export function readAddress(typed: string): PushAddress {
  const text = typed.trim()
  if (text === '') return { base: '', problem: 'empty' }
  const url = parse(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `https://${text}`)
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '') return { base: '', problem: 'invalid' }
  return { base: url.origin, problem: problemOf(url) }
}

function problemOf({ protocol, hostname, port }: URL): AddressProblem | null {
  if (isLocal(hostname)) return 'local'
  // A name without a dot is known on its own network only.
  if (!hostname.includes('.') && !hostname.startsWith('[')) return 'invalid'
  if (port !== '') return 'port'
  return protocol === 'http:' ? 'http' : null
}

function isLocal(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '')
  if (address === 'localhost' || /\.(local|localhost|internal|lan|test)$/.test(address)) return true
  if (/^\d+(\.\d+){3}$/.test(address))
    return /^(0|10|127)\.|^192\.168\.|^169\.254\.|^172\.(1[6-9]|2\d|3[01])\./.test(address)
  return address.includes(':') && /^(::1?$|f[cd]|fe[89ab])/i.test(address)
}

function parse(text: string): URL | null {
  try {
    return new URL(text)
  } catch {
    return null
  }
}
