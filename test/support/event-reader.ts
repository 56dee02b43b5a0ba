import { eventData } from '../../src/desk/schemas/event.js'

/** An event of GET /events, its data checked against its schema. */
export interface SeenEvent {
  readonly id: string | undefined
  readonly event: string
  readonly data: unknown
}

/** A page that follows GET /events. */
export class EventReader {
  readonly events: SeenEvent[] = []
  /** What the page would ask with when it comes again. */
  lastId = ''
  /** Resolves when the stream has ended, however it did. */
  readonly ended: Promise<void>
  readonly #begun: Promise<void>
  #begin = (): void => undefined
  readonly #abort = new AbortController()
  readonly #body: ReadableStreamDefaultReader<Uint8Array>

  private constructor(answer: Response) {
    if (!answer.body) throw new Error('The stream has no body.')
    this.#body = answer.body.getReader() as ReadableStreamDefaultReader<Uint8Array>
    this.#begun = new Promise((resolve) => (this.#begin = resolve))
    this.ended = this.#read().catch(() => undefined)
  }

  /** Resolves when the stream is open and says where it begins. */
  static async open(
    url: string,
    {
      key,
      headers = { authorization: `Bearer ${key ?? ''}` },
      after,
      lastEventId,
    }: { key?: string; headers?: Readonly<Record<string, string>>; after?: string; lastEventId?: string },
  ): Promise<EventReader> {
    const answer = await fetch(`${url}/api/v1/events${after === undefined ? '' : `?after=${after}`}`, {
      headers: {
        ...headers,
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
    })
    if (answer.status !== 200) throw new Error(`GET /events answered ${answer.status}`)
    const reader = new EventReader(answer)
    await Promise.race([reader.#begun, reader.ended])
    if (reader.lastId === '') throw new Error('The stream ended before it said where it begins.')
    return reader
  }

  async close(): Promise<void> {
    this.#abort.abort()
    await this.#body.cancel().catch(() => undefined)
    await this.ended
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder()
    let text = ''
    for (;;) {
      const { value, done } = await this.#body.read()
      if (done) return
      text += decoder.decode(value, { stream: true })
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) this.#take(block)
    }
  }

  #take(block: string): void {
    const fields = new Map(
      block.split('\n').map((line): [string, string] => {
        const [name = '', ...value] = line.split(': ')
        return [name, value.join(': ')]
      }),
    )
    const id = fields.get('id')
    if (id !== undefined) {
      this.lastId = id
      this.#begin()
    }
    const event = fields.get('event')
    if (event === undefined) return
    const schema = Object.entries(eventData).find(([name]) => name === event)?.[1]
    if (!schema) throw new Error(`There is no event ${event}.`)
    const data: unknown = JSON.parse(fields.get('data') ?? '')
    schema.parse(data)
    this.events.push({ id, event, data })
  }
}
