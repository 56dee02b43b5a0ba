import compose from 'koa-compose'
import type { Context, Match } from './context.js'
import { checkQuery, filterOf, type Filtered, type FilterQuery } from './filter.js'

type Awaitable<T> = T | Promise<T>
export type Next = () => Promise<void>

/** Koa's: runs, may `await next()` for what is registered behind it, and ends the chain when it does not. */
export type Middleware<C extends Context = Context> = (ctx: C, next: Next) => Awaitable<unknown>

/** A text to be met exactly (white space around it aside), an expression, or several of them. */
export type Trigger = string | RegExp | readonly (string | RegExp)[]

/**
 * Middleware, registered with or without a condition. First registered runs first; each method is written with
 * the one before it.
 */
export class Composer<C extends Context = Context> {
  readonly #middleware: Middleware<C>[] = []
  #composed: Middleware<C> | undefined

  /** Runs for every push. Another Composer may stand for middleware. */
  use(...middleware: (Middleware<C> | Composer<C>)[]): this {
    for (const each of middleware) {
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
    const inner = composeAll(middleware)
    return this.use((ctx, next) => {
      const holds = condition(ctx)
      if (typeof holds === 'boolean') return holds ? inner(ctx, next) : next()
      return Promise.resolve(holds).then((held) => (held ? inner(ctx, next) : next()))
    })
  }

  /** Runs for the pushes that a query names; the context is narrowed to them. */
  on<Q extends FilterQuery>(query: Q | readonly Q[], ...middleware: Middleware<C & Filtered<Q>>[]): this {
    const queries: readonly FilterQuery[] = typeof query === 'string' ? [query] : query
    queries.forEach(checkQuery)
    const filters = queries.map(filterOf)
    const asked = (ctx: C): ctx is C & Filtered<Q> => filters.some((filter) => filter(ctx.push.payload))
    return this.when(asked, ...middleware)
  }

  /** Runs for text messages that meet a trigger; `ctx.match` holds what an expression found. */
  hears(trigger: Trigger, ...middleware: Middleware<C & Filtered<'message:text'>>[]): this {
    const given: readonly (string | RegExp)[] =
      typeof trigger === 'string' || trigger instanceof RegExp ? [trigger] : trigger
    const triggers = given.map((each) => (typeof each === 'string' ? each.trim() : each))
    const inner = composeAll(middleware)
    return this.on('message:text', async (ctx, next) => {
      const match = find(triggers, ctx.message.content.trim())
      if (!match) return next()
      const before = ctx.match
      setMatch(ctx, match)
      try {
        await inner(ctx, async () => {
          // What runs behind this chain did not hear: it sees the match that it had.
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
    })
  }

  /** All of it as one middleware, composed anew when something was added. */
  middleware(): Middleware<C> {
    return (ctx, next) => (this.#composed ??= composeAll(this.#middleware))(ctx, next)
  }
}

function composeAll<C extends Context>(middleware: readonly Middleware<C>[]): Middleware<C> {
  return compose([...middleware])
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
