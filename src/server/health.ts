import type { Middleware } from 'koa'
import type { Store } from '../store/index.js'
import type { Phase } from './closing.js'
import { HttpError } from '../http/http-error.js'
import type { WriteProbe } from './write-probe.js'

export interface HealthOptions {
  readonly phase: () => Phase
  readonly store: Pick<Store, 'db'>
  /** Whether the database takes writes. */
  readonly writes: Pick<WriteProbe, 'works'>
  readonly wait: (milliseconds: number) => Promise<unknown>
}

/** How long the database may take to answer. */
const PATIENCE_MS = 2000

/** `/healthz`: the process is alive. `/readyz`: it takes and handles pushes, so traffic may come. */
export function healthPages({ phase, store, writes, wait }: HealthOptions): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== '/healthz' && ctx.path !== '/readyz') {
      await next()
      return
    }
    ctx.set('Cache-Control', 'no-store')
    if (ctx.path === '/healthz') ctx.body = { status: 'ok' }
    else {
      if (phase() !== 'running') throw new HttpError('not_ready', `The service is ${phase()}.`)
      const trouble = (await inTime(answers())) ?? (await inTime(takesWrites()))
      if (trouble !== undefined) throw new HttpError('not_ready', trouble)
      ctx.body = { status: 'ready' }
    }
  }

  /** Returns the trouble, or undefined. A database that hangs is one. */
  async function inTime(trouble: Promise<string | undefined>): Promise<string | undefined> {
    return Promise.race([trouble, wait(PATIENCE_MS).then(() => SILENT)])
  }

  async function answers(): Promise<string | undefined> {
    return store.db
      .selectFrom('sequence')
      .select('value')
      .execute()
      .then(
        () => undefined,
        () => SILENT,
      )
  }

  async function takesWrites(): Promise<string | undefined> {
    return (await writes.works())
      ? undefined
      : 'The database takes no writes: is its disk full? Pushes are refused until it does.'
  }
}

const SILENT = 'The database does not answer.'
