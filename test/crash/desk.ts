import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { World } from './world.js'

const conversationList = z.object({
  items: z.array(z.object({ id: z.int(), openId: z.string(), status: z.string() })),
})

/** What the service said at last to somebody who asks again until it says something. */
export type Said = 'done' | 'refused' | 'nothing'

/** For so long a person, or their page, asks again. */
const PATIENCE_MS = 150_000
/** A customer whose conversation is not there when it was looked for so often never reached us. */
const LOOKS = 20

/** People at the desk: the HTTP API, asked again when a server went away before it answered. */
export class Desk {
  readonly #world: World
  readonly #ids = new Map<string, number>()

  constructor(world: World) {
    this.#world = world
  }

  /** Queues a text. The same `clientId` each time it is asked for. */
  async send(openId: string, clientId: string, content: string): Promise<Said> {
    return this.#ask(openId, 'messages', { clientId, message: { msgType: 'text', content } })
  }

  /** Takes a conversation, or gives it back to the bot. */
  async change(openId: string, what: 'take' | 'release'): Promise<Said> {
    return this.#ask(openId, what, what === 'take' ? { agentId: this.#world.agentId } : undefined)
  }

  async #ask(openId: string, path: string, body: object | undefined): Promise<Said> {
    const giveUpAt = Date.now() + PATIENCE_MS
    let looked = 0
    while (Date.now() < giveUpAt) {
      try {
        const id = await this.#idOf(openId)
        if (id === undefined && ++looked === LOOKS) return 'refused'
        if (id === undefined) {
          await delay(100)
          continue
        }
        const { status } = await this.#call('POST', `/conversations/${id}/${path}`, body)
        if (status < 300) return 'done'
        if (status < 500) return 'refused'
      } catch {
        // The server is away, or went away.
      }
      await delay(100)
    }
    return 'nothing'
  }

  async #idOf(openId: string): Promise<number | undefined> {
    const known = this.#ids.get(openId)
    if (known !== undefined) return known
    const { text } = await this.#call('GET', '/conversations?limit=200')
    for (const item of conversationList.parse(JSON.parse(text)).items) this.#ids.set(item.openId, item.id)
    return this.#ids.get(openId)
  }

  async #call(method: string, path: string, body?: object): Promise<{ status: number; text: string }> {
    const answer = await fetch(`${this.#world.anyUrl()}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#world.apiKey}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    })
    return { status: answer.status, text: await answer.text() }
  }
}
