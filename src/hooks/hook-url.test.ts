import { describe, expect, it } from 'vitest'
import { AddressGuard } from './address-guard.js'
import { checkHookUrl } from './hook-url.js'

describe('an endpoint’s address', () => {
  it.each([
    'ftp://example.com',
    'example.com',
    '/hooks',
    'file:///etc/passwd',
    'https://user:pass@example.com',
    'https://example.com/#x',
    'http://127.0.0.1:3000/',
    'http://127.1/',
    'http://[::ffff:127.0.0.1]/',
    'http://localhost/',
    'http://169.254.169.254/latest/meta-data',
    `https://example.com/${'x'.repeat(2000)}`,
  ])('is not %s', (url) => {
    expect(() => checkHookUrl(url, new AddressGuard())).toThrow(/^url /)
  })

  it.each(['https://example.com/hooks?team=1', 'http://example.com:8080', 'https://8.8.8.8/'])(
    'may be %s',
    (url) => {
      expect(() => checkHookUrl(url, new AddressGuard())).not.toThrow()
    },
  )

  it('may be private where the operator allows it', () => {
    const guard = new AddressGuard(['127.0.0.0/8', '10.0.0.0/8'])
    expect(() => checkHookUrl('http://localhost:9000/', guard)).not.toThrow()
    expect(() => checkHookUrl('http://10.2.3.4/', guard)).not.toThrow()
    expect(() => checkHookUrl('http://192.168.1.1/', guard)).toThrow(/KEFU_ALLOW_PRIVATE_HOOKS/)
  })
})
