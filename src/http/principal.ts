import type { Context } from 'koa'

/** Which Mini Programs somebody may see. */
export type Scope = readonly string[] | 'all'

/** A program, by the key that it shows. */
export interface Program {
  readonly kind: 'program'
  /** Null for KEFU_API_KEY, which is whoever runs the service. */
  readonly keyId: number | null
  readonly name: string
  readonly apps: Scope
}

/** A person at the desk. */
export interface SignedInAgent {
  readonly kind: 'agent'
  readonly id: number
  readonly name: string
  readonly role: 'agent' | 'admin'
  readonly apps: Scope
}

/** Who asks. */
export type Principal = Program | SignedInAgent

/**
 * Finds out who asks; undefined when the request shows nothing of the kind. Throws HttpError when it shows something
 * that does not hold. It may be asked again about the same request: a stream of events asks now and then whether
 * whoever opened it may still read.
 */
export type PrincipalOf = (ctx: Context) => Promise<Principal | undefined>

/** The first that knows who asks. */
export function firstPrincipal(...sources: readonly PrincipalOf[]): PrincipalOf {
  return async (ctx) => {
    for (const source of sources) {
      const principal = await source(ctx)
      if (principal) return principal
    }
    return undefined
  }
}

/** Asks once for what stands before the routes and for the route itself; a stream that asks later asks anew. */
export function askedAhead(principalOf: PrincipalOf): {
  readonly ahead: PrincipalOf
  readonly principalOf: PrincipalOf
} {
  const asked = new WeakMap<Context, ReturnType<PrincipalOf>>()
  return {
    ahead(ctx) {
      const answer = principalOf(ctx)
      // Where no route asks, nobody is there to be told.
      answer.catch(() => undefined)
      asked.set(ctx, answer)
      return answer
    },
    principalOf(ctx) {
      const known = asked.get(ctx)
      asked.delete(ctx)
      return known ?? principalOf(ctx)
    },
  }
}

/** Whether somebody may see what belongs to a Mini Program. */
export function mayUse({ apps }: Pick<Principal, 'apps'>, appId: string): boolean {
  return apps === 'all' || apps.includes(appId)
}

/** Whether somebody may change how the service works: an admin, or whoever runs it. A program's own key may not. */
export function isAdmin(principal: Principal): boolean {
  return principal.kind === 'agent' ? principal.role === 'admin' : principal.keyId === null
}

/** Whoever it is in a word, as the audit log writes it. */
export function principalWord(principal: Principal): string {
  if (principal.kind === 'agent') return `agent:${principal.id}`
  return principal.keyId === null ? 'key' : `key:${principal.keyId}`
}
