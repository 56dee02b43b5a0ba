import type { Incoming } from '../wechat/index.js'
import type { Context } from './context.js'

/** Which pushes a middleware may do something with, told without running it. */
export interface Reach<C extends Context> {
  /** Returns false where the payload alone says that it does nothing. */
  readonly ofPayload: (payload: Incoming) => boolean
  /** Returns false where the whole context says so; asked after `ofPayload`. */
  readonly ofContext: (ctx: C) => boolean
}

const key = Symbol('reach')

/** Names a middleware's reach. */
export function withReach<C extends Context, M extends object>(middleware: M, reach: Reach<C>): M {
  return Object.assign(middleware, { [key]: reach })
}

/** Returns a middleware's reach: everything, where it names none. */
export function reachOf<C extends Context>(middleware: object): Reach<C> {
  return (middleware as { readonly [key]?: Reach<C> })[key] ?? everything
}

/** Returns the reach of several middleware: what any of them reaches. Asks for them anew each time. */
export function anyReach<C extends Context>(middleware: () => readonly object[]): Reach<C> {
  return {
    ofPayload: (payload) => middleware().some((each) => reachOf<C>(each).ofPayload(payload)),
    ofContext: (ctx) =>
      middleware().some((each) => {
        const { ofPayload, ofContext } = reachOf<C>(each)
        return ofPayload(ctx.push.payload) && ofContext(ctx)
      }),
  }
}

/** Returns what is reached where a condition on the payload lets it through. */
export function reachBehindPayload<C extends Context>(
  holds: (payload: Incoming) => boolean,
  inner: Reach<C>,
): Reach<C> {
  return {
    ofPayload: (payload) => holds(payload) && inner.ofPayload(payload),
    ofContext: inner.ofContext,
  }
}

/** Returns what is reached where a condition holds; one that waits or throws may hold, and its run tells. */
export function reachBehind<C extends Context>(
  condition: (ctx: C) => boolean | Promise<boolean>,
  inner: Reach<C>,
): Reach<C> {
  return {
    ofPayload: inner.ofPayload,
    ofContext: (ctx) => mayHold(condition, ctx) && inner.ofContext(ctx),
  }
}

function mayHold<C>(condition: (ctx: C) => boolean | Promise<boolean>, ctx: C): boolean {
  try {
    const holds = condition(ctx)
    if (typeof holds === 'boolean') return holds
    // Its run awaits it again, and reports what it throws.
    holds.catch(() => undefined)
    return true
  } catch {
    return true
  }
}

const everything: Reach<Context> = { ofPayload: () => true, ofContext: () => true }
