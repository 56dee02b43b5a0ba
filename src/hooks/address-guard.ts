import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'

/**
 * Which addresses a request that somebody else chose the address of may go to: those of the public internet, and
 * the networks that the operator names.
 */
export class AddressGuard {
  readonly #allowed: BlockList

  /** `allowed`: addresses and networks, such as `10.0.0.0/8`, that may be reached though they are not public. */
  constructor(allowed: readonly string[] = []) {
    this.#allowed = listOf(allowed)
  }

  allows(address: string): boolean {
    const plain = unmapped(address)
    return contains(this.#allowed, plain) || isPublic(plain)
  }
}

/** Whether an address is one of the public internet. What is not an address is not. */
function isPublic(address: string): boolean {
  if (isIPv4(address)) return !contains(notPublic, address)
  if (!isIPv6(address)) return false
  const inside = translated(address)
  if (inside !== undefined) return isPublic(inside)
  return contains(unicast, address) && !contains(notPublic, address)
}

// IANA's special-purpose registries (https://www.iana.org/assignments/iana-ipv4-special-registry and
// iana-ipv6-special-registry), and multicast. Cloud metadata lies in 169.254.0.0/16, Alibaba Cloud's in
// 100.64.0.0/10.
const notPublic = listOf([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  // Teredo, ORCHID and the like; documentation; 6to4, which may carry any IPv4 address.
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
])

/** All that IPv6 gives out to networks of the internet; loopback, link-local, unique-local and mapped are outside. */
const unicast = listOf(['2000::/3'])
/** IPv4 seen through NAT64, as in networks that have only IPv6. */
const nat64 = listOf(['64:ff9b::/96'])

function translated(address: string): string | undefined {
  return contains(nat64, address) ? lastFourBytes(address) : undefined
}

/** An IPv4 address as one, however IPv6 writes it: `::ffff:127.0.0.1` and `::ffff:7f00:1` are 127.0.0.1. */
function unmapped(address: string): string {
  if (!isIPv6(address)) return address
  return /^::ffff:[\da-f]{1,4}:[\da-f]{1,4}$/.test(canonical(address)) ? lastFourBytes(address) : address
}

function lastFourBytes(address: string): string {
  const [high = 0, low = 0] = canonical(address)
    .split(':')
    .slice(-2)
    .map((group) => parseInt(group || '0', 16))
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/** An IPv6 address as URLs write it: lower case, in groups of hex alone, shortened. */
function canonical(address: string): string {
  return new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1)
}

function contains(list: BlockList, address: string): boolean {
  return isIP(address) !== 0 && list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
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
