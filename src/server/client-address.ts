import { BlockList, isIP, isIPv4 } from 'node:net'
import type { IncomingMessage } from 'node:http'

const LOOPBACK = ['127.0.0.0/8', '::1/128']

/** The addresses and networks of a list with commas, `loopback` standing for this machine; undefined when it is none. */
export function parseNetworks(list: string): readonly string[] | undefined {
  const parts = list
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .flatMap((part) => (part === 'loopback' ? LOOPBACK : [part]))
  return parts.every(isNetwork) ? parts : undefined
}

/** Tells who a request is from, believing X-Forwarded-For only as far as trusted proxies wrote it. */
export class ClientAddress {
  readonly #trusted: BlockList
  readonly #loopback = listOf(LOOPBACK)

  constructor(trusted: readonly string[]) {
    this.#trusted = listOf(trusted)
  }

  of(request: Pick<IncomingMessage, 'headers' | 'socket'>): string {
    let address = plain(request.socket.remoteAddress ?? '')
    const forwarded = [request.headers['x-forwarded-for'] ?? ''].flat().join(',').split(',').reverse()
    for (const hop of forwarded.map((each) => plain(each.trim()))) {
      if (!contains(this.#trusted, address) || isIP(hop) === 0) return address
      address = hop
    }
    return address
  }

  /** Whether a request was made on this machine and came through no proxy. */
  isLocal(request: Pick<IncomingMessage, 'headers' | 'socket'>): boolean {
    const passedOn = ['x-forwarded-for', 'x-real-ip', 'forwarded', 'via'].some(
      (name) => request.headers[name] !== undefined,
    )
    return !passedOn && contains(this.#loopback, plain(request.socket.remoteAddress ?? ''))
  }
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    list.addSubnet(address, prefix === undefined ? (family === 'ipv4' ? 32 : 128) : Number(prefix), family)
  }
  return list
}

function contains(list: BlockList, address: string): boolean {
  return isIP(address) !== 0 && list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
}

/** An IPv4 address as one, also where the socket shows it as IPv6. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/')
  if (isIP(address) === 0 || more.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (isIPv4(address) ? 32 : 128))
}
