import { BlockList, isIP, isIPv4 } from 'node:net'
import type { IncomingMessage } from 'node:http'
import { LOOPBACK } from '../config/networks.js'
import { isLoopbackName } from './same-origin.js'

/**
 * The headers in which proxies, balancers and CDNs name the client. Where one of them is there, somebody passed the
 * request on.
 */
const FORWARDING =
  /forwarded|^(via|cdn-loop)$|^x-(original-|envoy-|proxy|amzn-trace-)|(^|-)(real|client|connecting|user|source|remote|external)-?(ip|address|addr)$/

/** The settings that say whether anybody but this machine is meant to reach the service. */
export interface Reach {
  readonly trustedProxies: readonly string[]
  readonly publicUrl?: string | undefined
}

/** Tells who a request is from, believing X-Forwarded-For only as far as trusted proxies wrote it. */
export class ClientAddress {
  readonly #trusted: BlockList
  readonly #loopback = listOf(LOOPBACK)
  /** A service with a public address, or behind a proxy, takes nobody for local: a proxy can be on this machine. */
  readonly #isPrivate: boolean

  constructor({ trustedProxies, publicUrl }: Reach) {
    this.#trusted = listOf(trustedProxies)
    this.#isPrivate = trustedProxies.length === 0 && publicUrl === undefined
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

  /**
   * Whether a request was made on this machine and came through no proxy: from loopback, by a loopback name, without
   * a word of a proxy, at a service that is meant for this machine alone. What is missing proves nothing by itself.
   */
  isLocal(request: Pick<IncomingMessage, 'headers' | 'socket'>): boolean {
    return (
      this.#isPrivate &&
      contains(this.#loopback, plain(request.socket.remoteAddress ?? '')) &&
      isLoopbackName(request.headers.host ?? '') &&
      !Object.keys(request.headers).some((name) => FORWARDING.test(name))
    )
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

/** An IPv4 address as one, also where the socket shows it as IPv6; without the port that some proxies write. */
function plain(address: string): string {
  const [, ofFour, ofSix] = /^(?:(\d[\d.]*):\d{1,5}|\[([\da-f:.]+)\](?::\d{1,5})?)$/i.exec(address) ?? []
  return (ofFour ?? ofSix ?? address).replace(/^::ffff:(?=\d+\.)/i, '')
}
