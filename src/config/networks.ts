import { isIP, isIPv4 } from 'node:net'

/** This machine. */
export const LOOPBACK = ['127.0.0.0/8', '::1/128']

/** The addresses and networks of a list with commas, `loopback` standing for this machine; undefined when it is none. */
export function parseNetworks(list: string): readonly string[] | undefined {
  const parts = list
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .flatMap((part) => (part === 'loopback' ? LOOPBACK : [part]))
  return parts.every(isNetwork) ? parts : undefined
}

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/')
  if (isIP(address) === 0 || more.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (isIPv4(address) ? 32 : 128))
}
