import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { parseNetworks } from '../config/networks.js'
import { ClientAddress } from './client-address.js'

type Request = Pick<IncomingMessage, 'headers' | 'socket'>

function request(remoteAddress: string, headers: Record<string, string> = {}): Request {
  return { headers, socket: { remoteAddress } } as unknown as Request
}

describe('the client’s address', () => {
  it('is the socket’s where no proxy is trusted, whatever the headers say', () => {
    const client = new ClientAddress({ trustedProxies: [] })
    expect(client.of(request('203.0.113.9', { 'x-forwarded-for': '127.0.0.1' }))).toBe('203.0.113.9')
    expect(client.of(request('::ffff:203.0.113.9'))).toBe('203.0.113.9')
  })

  it('is what the nearest trusted proxy saw', () => {
    const client = new ClientAddress({ trustedProxies: parseNetworks('loopback,10.0.0.0/8') ?? [] })
    const seen = (forwarded: string): string =>
      client.of(request('127.0.0.1', { 'x-forwarded-for': forwarded }))
    expect(seen('203.0.113.9')).toBe('203.0.113.9')
    expect(seen('203.0.113.9, 10.1.2.3')).toBe('203.0.113.9')
    expect(seen('2001:db8::1')).toBe('2001:db8::1')
    // With a port, as some write it: without one they would all be the proxy.
    expect(seen('203.0.113.9:50123')).toBe('203.0.113.9')
    expect(seen('[2001:db8::1]:50123, 10.1.2.3:80')).toBe('2001:db8::1')
    expect(seen('::ffff:203.0.113.9')).toBe('203.0.113.9')
    // What stands further left was written by the client.
    expect(seen('127.0.0.1, 203.0.113.9')).toBe('203.0.113.9')
    expect(seen('10.9.9.9, 203.0.113.9, 10.1.2.3')).toBe('203.0.113.9')
  })

  it('stays the proxy’s where its header can’t be read', () => {
    const client = new ClientAddress({ trustedProxies: ['10.0.0.1'] })
    expect(client.of(request('10.0.0.1', { 'x-forwarded-for': 'unknown' }))).toBe('10.0.0.1')
    expect(client.of(request('10.0.0.1'))).toBe('10.0.0.1')
  })

  const own = { host: 'localhost:3000' }

  it('is local where a program of this machine asks by a loopback name', () => {
    const client = new ClientAddress({ trustedProxies: [] })
    for (const address of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])
      for (const host of ['localhost', 'LOCALHOST:3000', '127.0.0.1:3000', '[::1]:3000'])
        expect(client.isLocal(request(address, { host }))).toBe(true)
    expect(client.isLocal(request('203.0.113.9', own))).toBe(false)
  })

  it('is not local under another name, as a page has it whose name leads here', () => {
    const client = new ClientAddress({ trustedProxies: [] })
    for (const host of [
      'kefu.example.com',
      '127.0.0.1.example.com',
      '192.168.1.9:3000',
      'localhost.evil',
      'localhost.',
      '0x7f.1',
      '[::ffff:127.0.0.1]',
      'localhost, kefu.example.com',
      'localhost@kefu.example.com',
      '',
    ])
      expect(client.isLocal(request('127.0.0.1', { host })), host).toBe(false)
    expect(client.isLocal(request('127.0.0.1'))).toBe(false)
  })

  it.each([
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-forwarded',
    'x-original-forwarded-for',
    'x-real-ip',
    'forwarded',
    'via',
    'true-client-ip',
    'cf-connecting-ip',
    'x-client-ip',
    'x-forwarded-client-cert',
    'x-original-host',
    'x-azure-clientip',
    'x-amzn-trace-id',
    'x-envoy-external-address',
    'x-proxyuser-ip',
    'wl-proxy-client-ip',
    'ali-cdn-real-ip',
    'eo-connecting-ip',
    'cdn-loop',
    'x-remote-addr',
  ])('is not local with %s, whatever it says', (header) => {
    const client = new ClientAddress({ trustedProxies: [] })
    for (const value of ['127.0.0.1', ''])
      expect(client.isLocal(request('127.0.0.1', { ...own, [header]: value }))).toBe(false)
  })

  it('is never local at a service that others are meant to reach', () => {
    for (const reach of [
      { trustedProxies: parseNetworks('loopback') ?? [] },
      { trustedProxies: ['10.0.0.1'] },
      { trustedProxies: [], publicUrl: 'https://kefu.example.com' },
    ])
      expect(new ClientAddress(reach).isLocal(request('127.0.0.1', own))).toBe(false)
  })
})
