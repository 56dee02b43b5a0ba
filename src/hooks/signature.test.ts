import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { makeSecret, signedHeaders } from './signature.js'

const seconds = (): number => Math.floor(Date.now() / 1000)
const delivery = { eventId: 'msg_1', body: '{"type":"message.received","data":{"text":"你好 👋"}}' }

describe('a signed delivery', () => {
  it('has the signature of the specification’s own example', () => {
    // https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/javascript/src/index.test.ts
    const headers = signedHeaders(
      { eventId: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: '{"test": 2432232314}' },
      ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
      1_614_265_330,
    )
    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })

  it('is verified by the reference library', () => {
    const secret = makeSecret()
    const headers = signedHeaders(delivery, [secret], seconds())
    expect(new Webhook(secret).verify(delivery.body, headers)).toEqual(JSON.parse(delivery.body))
  })

  it('is not verified with another body, id, time or secret', () => {
    const secret = makeSecret()
    const at = seconds()
    const headers = signedHeaders(delivery, [secret], at)
    const refuses = (body: string, changed: Record<string, string>, by = secret): void => {
      expect(() => new Webhook(by).verify(body, { ...headers, ...changed })).toThrow()
    }
    refuses(`${delivery.body} `, {})
    refuses(delivery.body, { 'webhook-id': 'msg_2' })
    refuses(delivery.body, { 'webhook-timestamp': String(at - 1) })
    refuses(delivery.body, {}, makeSecret())
  })

  it('is verified with the new and with the old secret while one replaces the other', () => {
    const [fresh, old] = [makeSecret(), makeSecret()]
    const headers = signedHeaders(delivery, [fresh, old], seconds())
    for (const secret of [fresh, old])
      expect(() => new Webhook(secret).verify(delivery.body, headers)).not.toThrow()
  })
})
