import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { text } from 'node:stream/consumers'

/** A system of yours that is told what happens at kefu: Node alone, no library. */
export function webhookReceiver(secret: string, tell: (event: HookEvent) => Promise<void>): Server {
  const seen = new Set<string>() // in earnest: a table with a unique key
  return createServer((req, res) => {
    const answer = async (): Promise<number> => {
      const id = String(req.headers['webhook-id'])
      const timestamp = String(req.headers['webhook-timestamp'])
      const signatures = String(req.headers['webhook-signature'])
      const body = await text(req)
      if (!isFrom(secret, { id, timestamp, signatures, body })) return 401
      if (!seen.has(id)) await tell(JSON.parse(body) as HookEvent)
      seen.add(id)
      return 204 // anything but 2xx, and it comes again
    }
    answer().then(
      (status) => res.writeHead(status).end(),
      () => res.writeHead(500).end(),
    )
  })
}

export interface HookEvent {
  readonly type: string
  readonly timestamp: string
  readonly data: {
    readonly sequence?: number
    readonly message?: { readonly id: number; readonly content?: string }
    readonly conversation?: { readonly id: number; readonly appId: string; readonly openId: string }
  }
}

interface Signed {
  readonly id: string
  readonly timestamp: string
  readonly signatures: string
  readonly body: string
}

/** Whether it is signed with the secret, and within five minutes of now. */
function isFrom(secret: string, { id, timestamp, signatures, body }: Signed): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest()
  const fresh = Math.abs(Date.now() / 1000 - Number(timestamp)) <= 300
  return fresh && signatures.split(' ').some((signature) => isEqual(signature.replace(/^v1,/, ''), expected))
}

function isEqual(signature: string, expected: Buffer): boolean {
  const given = Buffer.from(signature, 'base64')
  return given.length === expected.length && timingSafeEqual(given, expected)
}
