import type { Context } from 'koa'
import type { FeedEvent, FeedFollower } from '../conversation/index.js'
import type { Logger } from '../log.js'
import type { Channel } from '../protocol/signals.js'
import { every, type Signals } from '../store/index.js'
import { EventStream } from '../http/event-stream.js'
import { mayUse, type Principal, type PrincipalOf } from '../http/principal.js'
import { HttpError } from '../http/http-error.js'

/** An event for pages besides the feed; it has no number, and whoever was away asks anew. */
export interface PassingEvent {
  readonly event: string
  /** Returns the payload for somebody; undefined when it is not for them. */
  readonly dataFor: (principal: Principal) => object | undefined
}

/** Where passing events come from. */
export interface PassingEvents {
  on(listener: (event: PassingEvent) => void): () => void
}

export interface LiveEventsOptions {
  readonly follower: FeedFollower
  readonly principalOf: PrincipalOf
  readonly signals: Signals
  /** Signals after which a stream's principal may have to leave. */
  readonly endings: readonly Channel[]
  readonly passing: readonly PassingEvents[]
  readonly logger: Logger
  /** Told of each stream of an agent; gives what is to be called when it closes. */
  readonly onOpened?: (agentId: number) => Promise<() => void>
  /** 15 s when not given. */
  readonly heartbeatMs?: number
  /** How many streams there may be at once; 1000 when not given. */
  readonly most?: number
}

/** The streams of one agent, whose oldest is closed for one more; and of one key, which is refused one more. */
export const STREAMS_PER_AGENT = 20
export const STREAMS_PER_KEY = 10

interface Live {
  readonly ctx: Context
  readonly stream: EventStream
  principal: Principal
}

/** The streams of GET /events: each is told what it may see, for as long as whoever opened it may see it. */
export class LiveEvents {
  readonly #options: LiveEventsOptions
  readonly #live = new Set<Live>()
  readonly #ends: (() => void)[]
  /** Each event is written out once for all streams. */
  readonly #texts = new WeakMap<FeedEvent, string>()
  #closed = false

  constructor(options: LiveEventsOptions) {
    this.#options = options
    const recheck = (): void => {
      for (const live of this.#live) void this.#recheck(live)
    }
    this.#ends = [
      every(options.heartbeatMs ?? 15_000, () => {
        for (const live of this.#live) live.stream.beat()
        recheck()
      }),
      ...options.endings.map((channel) => options.signals.on(channel, recheck)),
      ...options.passing.map((source) =>
        source.on((event) => {
          this.#pass(event)
        }),
      ),
    ]
  }

  /** How many streams are open. */
  get size(): number {
    return this.#live.size
  }

  /** Answers a request with the events after a number, or from now on. Throws HttpError when there are too many. */
  open(ctx: Context, principal: Principal, after: number | undefined): void {
    if (this.#closed) throw new HttpError('unavailable', 'The service is stopping.')
    this.#makeRoom(principal)
    if (this.#live.size >= (this.#options.most ?? 1000))
      throw new HttpError('too_many', 'Too many pages follow the events.', { 'Retry-After': '30' })
    ctx.respond = false
    const stream = new EventStream(ctx.res)
    const live: Live = { ctx, stream, principal }
    this.#live.add(live)
    const leave = this.#options.follower.follow(after, {
      begin(sequence, reset) {
        if (reset) stream.send(`id: ${sequence}\nevent: reset\ndata: {}\n\n`)
        // A page that is cut off before its first event knows where to go on from.
        else stream.send(`id: ${sequence}\n\n`)
      },
      receive: (events) => {
        for (const event of events) this.#send(live, event)
      },
      catchUp: async (events) => {
        for (const event of events) {
          this.#send(live, event)
          await stream.drained()
        }
      },
      fail() {
        stream.close()
      },
    })
    const closed = this.#note(principal)
    stream.onClose(() => {
      leave()
      this.#live.delete(live)
      void closed.then((end) => end?.())
    })
  }

  /** One agent or key takes no more than its part. A page whose stream is closed for this is told so. */
  #makeRoom(principal: Principal): void {
    const own = [...this.#live].filter((live) => sameOne(live.principal, principal))
    if (principal.kind === 'program') {
      if (own.length >= STREAMS_PER_KEY)
        throw new HttpError('too_many', `One key may follow the events ${STREAMS_PER_KEY} times at once.`, {
          'Retry-After': '30',
        })
      return
    }
    for (const oldest of own.slice(0, Math.max(own.length - STREAMS_PER_AGENT + 1, 0))) {
      this.#live.delete(oldest)
      oldest.stream.send('event: closed\ndata: {"reason":"too_many_pages"}\n\n')
      oldest.stream.close()
    }
  }

  /** Ends all streams; pages come again, to another process or a later one. */
  close(): void {
    this.#closed = true
    for (const end of this.#ends.splice(0)) end()
    for (const { stream } of this.#live) stream.close()
  }

  async #note(principal: Principal): Promise<(() => void) | undefined> {
    if (principal.kind !== 'agent') return undefined
    try {
      return await this.#options.onOpened?.(principal.id)
    } catch (err) {
      this.#options.logger.warn({ err }, 'that an agent is there could not be noted')
      return undefined
    }
  }

  /** Ends a stream whose principal may not follow any more; one that may see less from now on is told less. */
  async #recheck(live: Live): Promise<void> {
    try {
      const now = await this.#options.principalOf(live.ctx)
      if (now && sameOne(now, live.principal)) live.principal = now
      else live.stream.close()
    } catch (error) {
      // A database that is away is no reason to send everybody off.
      if (error instanceof HttpError) live.stream.close()
      else this.#options.logger.warn({ err: error }, 'whether a page may still follow could not be found out')
    }
  }

  #pass(event: PassingEvent): void {
    for (const { stream, principal } of this.#live) {
      const data = event.dataFor(principal)
      if (data !== undefined) stream.send(`event: ${event.event}\ndata: ${JSON.stringify(data)}\n\n`)
    }
  }

  #send({ stream, principal }: Live, event: FeedEvent): void {
    if (mayUse(principal, event.data.conversation.appId)) stream.send(this.#textOf(event))
  }

  #textOf(event: FeedEvent): string {
    const known = this.#texts.get(event)
    if (known !== undefined) return known
    const text = `id: ${event.sequence}\nevent: ${event.kind}\ndata: ${JSON.stringify(event.data)}\n\n`
    this.#texts.set(event, text)
    return text
  }
}

function sameOne(a: Principal, b: Principal): boolean {
  if (a.kind === 'agent') return b.kind === 'agent' && a.id === b.id
  return b.kind === 'program' && a.keyId === b.keyId
}
