import { isIP } from 'node:net'
import type { Context, Middleware } from 'koa'
import { bare, isLoopback } from './loopback.js'

export interface GuardOptions {
  /** The host that the server listens on. */
  readonly host: string
  /** Other names by which it may be called, such as a container's. */
  readonly allowedHosts: readonly string[]
}

/** Refuses, with 403, requests that a page of another site made a browser send. */
export function refuseOtherOrigins(): Middleware {
  return async (ctx, next) => {
    const origin = ctx.get('origin')
    if (origin !== '' && !sameHost(origin, ctx.hostname))
      refuse(ctx, `The request comes from a page at ${origin.slice(0, 100)}, which may not use the emulator.`)
    else await next()
  }
}

/**
 * Refuses, with 403, requests for a name that is not this machine's, which is how DNS rebinding gets past a
 * browser. Where every address is listened on, an address in figures is one of them: rebinding needs a name.
 */
export function refuseOtherHosts({ host, allowedHosts }: GuardOptions): Middleware {
  const isWildcard = host === '0.0.0.0' || host === '::'
  return async (ctx, next) => {
    const name = bare(ctx.hostname)
    // Whoever looks whether it runs may call it by any name, and learns no more than that.
    const known =
      ctx.path === '/_emulator/health' ||
      isLoopback(name) ||
      name === host ||
      allowedHosts.includes(name) ||
      (isWildcard && isIP(name) !== 0)
    if (known) await next()
    else
      refuse(
        ctx,
        `The emulator is not known as ${name.slice(0, 100)}: call it by ${isWildcard ? 'localhost' : host}, or allow the name: --allow-host ${name.slice(0, 100)}, ` +
          `EMULATOR_ALLOW_HOST=${name.slice(0, 100)}, or allowedHosts of createEmulator.`,
      )
  }
}

/** An error of the control API. */
export function fail(ctx: Context, status: number, code: string, message: string): void {
  ctx.status = status
  ctx.body = { error: { code, message } }
}

function refuse(ctx: Context, message: string): void {
  fail(ctx, 403, 'forbidden', message)
}

function sameHost(origin: string, hostname: string): boolean {
  if (!URL.canParse(origin)) return false
  const from = bare(new URL(origin).hostname)
  const here = bare(hostname)
  return from === here || (isLoopback(from) && isLoopback(here))
}
