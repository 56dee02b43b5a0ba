import { describe, expect, it } from 'vitest'
import { AddressGuard } from './address-guard.js'

describe('an address guard', () => {
  const guard = new AddressGuard()

  it.each([
    ['127.0.0.1', 'this machine'],
    ['127.255.255.254', 'this machine'],
    ['0.0.0.0', 'this machine, as Linux takes it'],
    ['10.1.2.3', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['169.254.169.254', 'cloud metadata'],
    ['100.100.100.200', 'Alibaba Cloud’s metadata, in CGNAT'],
    ['100.64.0.1', 'CGNAT'],
    ['192.0.0.192', 'Oracle’s metadata'],
    ['198.18.0.1', 'benchmarks'],
    ['203.0.113.9', 'documentation'],
    ['224.0.0.1', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'broadcast'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'mapped loopback'],
    ['::ffff:7f00:1', 'mapped loopback, in hex'],
    ['0:0:0:0:0:ffff:7f00:0001', 'mapped loopback, written out'],
    ['::FFFF:10.0.0.1', 'mapped private'],
    ['::127.0.0.1', 'compatible loopback'],
    ['64:ff9b::7f00:1', 'loopback through NAT64'],
    ['64:ff9b::169.254.169.254', 'metadata through NAT64'],
    ['64:ff9b:1::1', 'local NAT64'],
    ['2002:7f00:1::', '6to4 of loopback'],
    ['2001:0:1::1', 'Teredo'],
    ['2001:db8::1', 'documentation'],
    ['fc00::1', 'unique local'],
    ['fd00:ec2::254', 'AWS’s metadata'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local with a zone'],
    ['fec0::1', 'site-local'],
    ['ff02::1', 'multicast'],
    ['localhost', 'no address'],
    ['', 'nothing'],
  ])('refuses %s (%s)', (address) => {
    expect(guard.allows(address)).toBe(false)
  })

  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '172.15.255.255',
    '172.32.0.1',
    '100.63.255.255',
    '100.128.0.1',
    '223.255.255.255',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
    '2400:3200::1',
    '2606:4700::1111',
  ])('allows %s', (address) => {
    expect(guard.allows(address)).toBe(true)
  })

  it('allows the networks that the operator names, and no others', () => {
    const named = new AddressGuard(['10.0.0.0/8', '127.0.0.1', '::1/128'])
    expect(
      ['10.9.9.9', '127.0.0.1', '::1', '::ffff:10.1.1.1', '1.1.1.1'].every((each) => named.allows(each)),
    ).toBe(true)
    expect(
      ['127.0.0.2', '192.168.0.1', '169.254.169.254', 'fe80::1'].some((each) => named.allows(each)),
    ).toBe(false)
  })
})
