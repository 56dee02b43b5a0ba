import compose from 'koa-compose'
import type { Incoming } from '../wechat/index.js'
import type { Context, Match } from './context.js'
import { checkQuery, filterOf, type Filtered, type FilterQuery } from './filter.js'
import { anyReach, reachBehind, reachBehindPayload, withReach, type Reach } from './reach.js'

type Awaitable<T> = T | Promise<T>
export type Next = () => Promise<void>

/** Koa's: runs, may `await next()` for what is registered behind it, and ends the chain when it does not. */
export type Middleware<C extends Context = Context> = (ctx: C, next: Next) => Awaitable<unknown>

/** Looks on, beside the handlers; it can't answer and holds nothing up. */
export type Observer<C extends Context = Context> = (ctx: C) => Awaitable<unknown>

/** A text to be met exactly (white space around it aside), an expression, or several of them. */
export type Trigger = string | RegExp | readonly (string | RegExp)[]

/**
 * Middleware, registered with or without a condition. First registered runs first; each method is written with
 * the one before it.
 */
export class Composer<C extends Context = Context> {
  readonly #middleware: Middleware<C>[] = []
  readonly #observers: Observer<C>[] = []
  readonly #composers: Composer<C>[] = []
  #composed: Middleware<C> | undefined

  /**
   * Runs for every push. Another Composer may stand for middleware. What `observes` gets each push, beside the
   * handlers: it can't reply or transfer, and no answer waits for it.
   */
  use(observer: Observer<C>, options: { readonly observes: true }): this
  use(...middleware: (Middleware<C> | Composer<C>)[]): this
  use(...given: (Observer<C> | Middleware<C> | Composer<C> | { readonly observes: true })[]): this {
    const [observer, options] = given
    if (typeof observer === 'function' && isObserving(options)) {
      this.#observers.push(observer as Observer<C>)
      return this
    }
    for (const each of given as (Middleware<C> | Composer<C>)[]) {
      if (each instanceof Composer) this.#composers.push(each)
      const next = each instanceof Composer ? each.middleware() : each
      if (typeof next !== 'function') throw new TypeError('Middleware must be a function or a Composer.')
      this.#middleware.push(next)
    }
    this.#composed = undefined
    return this
  }

  /** Runs where a condition holds; a type guard narrows the context. */
  when<D extends C>(condition: (ctx: C) => ctx is D, ...middleware: Middleware<D>[]): this
  when(condition: (ctx: C) => Awaitable<boolean>, ...middleware: Middleware<C>[]): this
  when(condition: (ctx: C) => Awaitable<boolean>, ...middleware: Middleware<C>[]): this {
    return this.#useWhere(
      condition,
      middleware,
      reachBehind(
        condition,
        anyReach(() => middleware),
      ),
    )
  }

  #useWhere<D extends C>(
    condition: (ctx: C) => Awaitable<boolean>,
    middleware: readonly Middleware<D>[],
    reach: Reach<C>,
  ): this {
    const inner = composeAll(middleware) as Middleware<C>
    const conditional: Middleware<C> = (ctx, next) => {
      const holds = condition(ctx)
      if (typeof holds === 'boolean') return holds ? inner(ctx, next) : next()
      return Promise.resolve(holds).then((held) => (held ? inner(ctx, next) : next()))
    }
    return this.use(withReach(conditional, reach))
  }

  /** Runs for the pushes that a query names; the context is narrowed to them. */
  on<Q extends FilterQuery>(query: Q | readonly Q[], ...middleware: Middleware<C & Filtered<Q>>[]): this {
    const queries: readonly FilterQuery[] = typeof query === 'string' ? [query] : query
    queries.forEach(checkQuery)
    const filters = queries.map(filterOf)
    const holds = (payload: Incoming): boolean => filters.some((filter) => filter(payload))
    const reach = reachBehindPayload(
      holds,
      anyReach<C>(() => middleware),
    )
    return this.#useWhere((ctx) => holds(ctx.push.payload), middleware, reach)
  }

  /** Runs for text messages that meet a trigger; `ctx.match` holds what an expression found. */
  hears(trigger: Trigger, ...middleware: Middleware<C & Filtered<'message:text'>>[]): this {
    const given: readonly (string | RegExp)[] =
      typeof trigger === 'string' || trigger instanceof RegExp ? [trigger] : trigger
    const triggers = given.map((each) => (typeof each === 'string' ? each.trim() : each))
    const inner = composeAll(middleware)
    const isHeard = (payload: Incoming): boolean =>
      payload.msgType === 'text' && find(triggers, payload.content.trim()) !== undefined
    const heard: Middleware<C & Filtered<'message:text'>> = async (ctx, next) => {
      const match = find(triggers, ctx.message.content.trim())
      if (!match) return next()
      const before = ctx.match
      setMatch(ctx, match)
      try {
        await inner(ctx, async () => {
          // The middleware behind this chain did not hear: it sees its own match.
          setMatch(ctx, before)
          try {
            await next()
          } finally {
            setMatch(ctx, match)
          }
        })
      } finally {
        setMatch(ctx, before)
      }
    }
    // Whether those inside reach it is not asked: they see the match that a run finds.
    return this.on(
      'message:text',
      withReach(
        heard,
        reachBehindPayload(
          isHeard,
          anyReach(() => [inner]),
        ),
      ),
    )
  }

  /** All of it as one middleware, composed anew when something was added. */
  middleware(): Middleware<C> {
    const all: Middleware<C> = (ctx, next) => (this.#composed ??= composeAll(this.#middleware))(ctx, next)
    return withReach(all, this.reach())
  }

  /** How many middleware are registered. */
  get size(): number {
    return this.#middleware.length
  }

  /** Returns the reach of the middleware from one place to another, also of those that are registered later. */
  reach(from = 0, to?: number): Reach<C> {
    return anyReach(() => this.#middleware.slice(from, to))
  }

  get hasObservers(): boolean {
    return this.#observers.length > 0 || this.#composers.some((each) => each.hasObservers)
  }

  /** Runs what only looks on. Rejects with the first error, after all have run. */
  async runObservers(ctx: C): Promise<void> {
    const looking = [
      ...this.#observers.map(async (observer) => observer(ctx)),
      ...this.#composers.map((each) => each.runObservers(ctx)),
    ]
    const failed = (await Promise.allSettled(looking)).find((each) => each.status === 'rejected')
    if (failed) throw failed.reason
  }
}

function composeAll<C extends Context>(middleware: readonly Middleware<C>[]): Middleware<C> {
  return compose([...middleware])
}

function isObserving(options: unknown): options is { readonly observes: true } {
  return typeof options === 'object' && options !== null && 'observes' in options && options.observes === true
}

function find(triggers: readonly (string | RegExp)[], text: string): Match | undefined {
  for (const trigger of triggers) {
    if (typeof trigger === 'string') {
      if (text === trigger) return [text]
      continue
    }
    trigger.lastIndex = 0 // a global or sticky expression would go on from its last find
    const found = trigger.exec(text)
    if (found) return found
  }
  return undefined
}

function setMatch(ctx: { match: Match }, match: Match): void {
  ctx.match = match
}
