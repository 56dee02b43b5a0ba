import { createHmac, randomBytes } from 'node:crypto'

const PREFIX = 'whsec_'

/** A new secret in the form of Standard Webhooks: `whsec_` and 32 random bytes in base64. */
export function makeSecret(): string {
  return PREFIX + randomBytes(32).toString('base64')
}

/**
 * The three headers of Standard Webhooks (https://www.standardwebhooks.com, 1.0): HMAC-SHA256 over
 * `id.timestamp.body` by each secret, so that both ends can change theirs one after the other.
 */
export function signedHeaders(
  delivery: { readonly eventId: string; readonly body: string },
  secrets: readonly string[],
  seconds: number,
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const { eventId, body } = delivery
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64')
    return `v1,${createHmac('sha256', key).update(`${eventId}.${seconds}.${body}`).digest('base64')}`
  })
  return {
    'webhook-id': eventId,
    'webhook-timestamp': String(seconds),
    'webhook-signature': signatures.join(' '),
  }
}
