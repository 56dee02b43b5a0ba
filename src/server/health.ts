import type { Middleware } from 'koa'
import type { Store } from '../store/index.js'
import type { Phase } from './closing.js'
import { HttpError } from './error-form.js'

export interface HealthOptions {
  readonly phase: () => Phase
  readonly store: Pick<Store, 'db'>
  readonly wait: (milliseconds: number) => Promise<unknown>
}

/** How long the database may take to answer. */
const PATIENCE_MS = 2000

/** `/healthz`: the process is alive. `/readyz`: it takes and handles pushes, so traffic may come. */
export function healthPages({ phase, store, wait }: HealthOptions): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== '/healthz' && ctx.path !== '/readyz') {
      await next()
      return
    }
    ctx.set('Cache-Control', 'no-store')
    if (ctx.path === '/healthz') ctx.body = { status: 'ok' }
    else {
      if (phase() !== 'running') throw new HttpError(503, 'not_ready', `The service is ${phase()}.`)
      if (!(await answers())) throw new HttpError(503, 'not_ready', 'The database does not answer.')
      ctx.body = { status: 'ready' }
    }
  }

  async function answers(): Promise<boolean> {
    const asked = store.db
      .selectFrom('sequence')
      .select('value')
      .execute()
      .then(
        () => true,
        () => false,
      )
    return (await Promise.race([asked, wait(PATIENCE_MS)])) === true
  }
}
