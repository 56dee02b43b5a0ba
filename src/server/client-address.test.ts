import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { ClientAddress, parseNetworks } from './client-address.js'

type Request = Pick<IncomingMessage, 'headers' | 'socket'>

function request(remoteAddress: string, headers: Record<string, string> = {}): Request {
  return { headers, socket: { remoteAddress } } as unknown as Request
}

describe('the client’s address', () => {
  it('is the socket’s where no proxy is trusted, whatever the headers say', () => {
    const client = new ClientAddress([])
    expect(client.of(request('203.0.113.9', { 'x-forwarded-for': '127.0.0.1' }))).toBe('203.0.113.9')
    expect(client.of(request('::ffff:203.0.113.9'))).toBe('203.0.113.9')
  })

  it('is what the nearest trusted proxy saw', () => {
    const client = new ClientAddress(parseNetworks('loopback,10.0.0.0/8') ?? [])
    const seen = (forwarded: string): string =>
      client.of(request('127.0.0.1', { 'x-forwarded-for': forwarded }))
    expect(seen('203.0.113.9')).toBe('203.0.113.9')
    expect(seen('203.0.113.9, 10.1.2.3')).toBe('203.0.113.9')
    expect(seen('2001:db8::1')).toBe('2001:db8::1')
    // What stands further left was written by the client.
    expect(seen('127.0.0.1, 203.0.113.9')).toBe('203.0.113.9')
    expect(seen('10.9.9.9, 203.0.113.9, 10.1.2.3')).toBe('203.0.113.9')
  })

  it('stays the proxy’s where its header can’t be read', () => {
    const client = new ClientAddress(['10.0.0.1'])
    expect(client.of(request('10.0.0.1', { 'x-forwarded-for': 'unknown' }))).toBe('10.0.0.1')
    expect(client.of(request('10.0.0.1'))).toBe('10.0.0.1')
  })

  it('is local only without a proxy between', () => {
    for (const trusted of [[], parseNetworks('loopback') ?? []]) {
      const client = new ClientAddress(trusted)
      for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1'])
        expect(client.isLocal(request(address))).toBe(true)
      expect(client.isLocal(request('203.0.113.9'))).toBe(false)
      for (const header of ['x-forwarded-for', 'x-real-ip', 'forwarded', 'via'])
        expect(client.isLocal(request('127.0.0.1', { [header]: '127.0.0.1' }))).toBe(false)
    }
  })
})

describe('parseNetworks', () => {
  it.each(['true', '1', '10.0.0.0/33', '10.0.0.0/8/8', '::1/129', 'proxy.example.com', '10.0.0'])(
    'refuses %s',
    (list) => {
      expect(parseNetworks(list)).toBeUndefined()
    },
  )
})
