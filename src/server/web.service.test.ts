import { createServer, type Server } from 'node:http'
import { Agent, get } from 'node:http'
import Koa, { type Middleware } from 'koa'
import { afterEach, describe, expect, it } from 'vitest'
import { RecordingLogger } from '../../test/support/recording-logger.js'
import { makeStore } from '../../test/stores.js'
import { AllowanceError, CommandError } from '../conversation/index.js'
import { ConfigError } from '../errors.js'
import { closingConnections, type Phase } from './closing.js'
import { errorForm } from '../http/error-form.js'
import { HttpError } from '../http/http-error.js'
import { countedErrors } from './known-errors.js'
import { healthPages } from './health.js'
import { listen } from '../http/listen.js'
import { Metrics } from './metrics.js'

let server: Server | undefined
afterEach(() => {
  server?.close()
  server = undefined
})

const none = async (): Promise<{ depth: number; oldestAt: undefined }> => ({ depth: 0, oldestAt: undefined })
const metrics = (): Metrics =>
  new Metrics({ queues: { inbox: none, outbox: none, webhooks: none, webhooks_dead: none }, now: Date.now })

async function serve(...middleware: Middleware[]): Promise<string> {
  const app = new Koa()
  for (const each of middleware) app.use(each)
  const handler = app.callback()
  const made = createServer((req, res) => void handler(req, res))
  server = made
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve))
  const address = made.address()
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
}

describe('an error of the web', () => {
  it.each([
    [new HttpError('invalid', 'The name is missing.'), 422, 'invalid', 'The name is missing.'],
    [new CommandError('not_found', 'No such conversation.'), 404, 'not_found', 'No such conversation.'],
    [new CommandError('not_yours', 'Not yours.'), 403, 'not_yours', 'Not yours.'],
    [new CommandError('not_possible', 'Not possible.'), 409, 'not_possible', 'Not possible.'],
    [new AllowanceError('All used.'), 409, 'allowance', 'All used.'],
    [new ConfigError('Can’t work.'), 422, 'config', 'Can’t work.'],
    [
      Object.assign(new Error('Another layer’s.'), { status: 429, code: 'too_many', expose: true }),
      429,
      'too_many',
      'Another layer’s.',
    ],
    [Object.assign(new Error('planted'), { status: 413 }), 413, 'too_large', 'The body is too large.'],
    [
      Object.assign(new SyntaxError('planted'), { status: 400 }),
      400,
      'bad_request',
      'The request can’t be read.',
    ],
    [Object.assign(new Error('planted'), { status: 415 }), 400, 'bad_request', 'The request can’t be read.'],
    [new Error('planted'), 503, 'unavailable', 'That could not be done now. Try again; the log says why.'],
  ])('%s has the contract’s form', async (error, status, code, message) => {
    const logger = new RecordingLogger()
    const url = await serve(errorForm({ logger, known: countedErrors(metrics()) }), () => {
      throw error
    })
    const answer = await fetch(`${url}/x`)
    expect(answer.status).toBe(status)
    expect(await answer.json()).toEqual({ error: { code, message } })
    expect(logger.messages('error')).toEqual(status >= 500 ? ['a request failed'] : [])
  })

  it('about the allowance is counted', async () => {
    const counted = metrics()
    const url = await serve(
      errorForm({ logger: new RecordingLogger(), known: countedErrors(counted) }),
      () => {
        throw new AllowanceError('All used.')
      },
    )
    await fetch(url)
    expect(await counted.registry.getSingleMetricAsString('kefu_allowance_refusals_total')).toContain(
      '{by="api"} 1',
    )
  })
})

describe('/readyz', () => {
  it('says why not, while the service starts, stops, or the database is away', async () => {
    const test = await makeStore('sqlite')
    let phase: Phase = 'starting'
    let writes = true
    const url = await serve(
      errorForm({ logger: new RecordingLogger(), known: countedErrors(metrics()) }),
      healthPages({
        phase: () => phase,
        store: test.store,
        writes: { works: async () => writes },
        wait: () => new Promise(() => undefined),
      }),
    )
    const ready = async (): Promise<[number, string]> => {
      const answer = await fetch(`${url}/readyz`)
      return [answer.status, await answer.text()]
    }
    const no = (message: string): [number, string] => [
      503,
      JSON.stringify({ error: { code: 'not_ready', message } }),
    ]
    expect(await ready()).toEqual(no('The service is starting.'))
    phase = 'running'
    expect(await ready()).toEqual([200, '{"status":"ready"}'])
    writes = false
    expect(await ready()).toMatchObject([503, expect.stringContaining('takes no writes') as string])
    writes = true
    expect(await ready()).toEqual([200, '{"status":"ready"}'])
    await test.store.close()
    expect(await ready()).toEqual(no('The database does not answer.'))
    phase = 'stopping'
    expect(await ready()).toEqual(no('The service is stopping.'))
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    await test.remove()
  })

  it('does not wait for a database that hangs', async () => {
    const test = await makeStore('sqlite')
    let letGo: () => void = () => undefined
    const held = test.store.db.connection().execute(() => new Promise<void>((resolve) => (letGo = resolve)))
    const url = await serve(
      errorForm({ logger: new RecordingLogger(), known: countedErrors(metrics()) }),
      healthPages({
        phase: () => 'running',
        store: test.store,
        writes: { works: async () => true },
        wait: async () => undefined,
      }),
    )
    expect((await fetch(`${url}/readyz`)).status).toBe(503)
    letGo()
    await held
    await test.remove()
  })
})

describe('a service that stops', () => {
  it('ends connections with their answers', async () => {
    let phase: Phase = 'running'
    const url = await serve(
      closingConnections(() => phase),
      (ctx) => {
        ctx.body = 'ok'
      },
    )
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const connection = (): Promise<string | undefined> =>
      new Promise((resolve) => {
        get(url, { agent }, (answer) => {
          answer.resume().once('end', () => {
            resolve(answer.headers.connection)
          })
        })
      })
    expect(await connection()).toBe('keep-alive')
    phase = 'stopping'
    expect(await connection()).toBe('close')
    agent.destroy()
  })

  it('lets requests under way end, and cuts those that take too long', async () => {
    let answer: () => void = () => undefined
    const began: string[] = []
    const listening = await listen(
      (req, res) => {
        began.push(req.url ?? '')
        if (req.url === '/slow') answer = () => res.end('done')
      },
      { host: '127.0.0.1', port: 0, variable: 'PORT' },
    )
    const slow = fetch(`${listening.url}/slow`)
    const never = fetch(`${listening.url}/never`).catch(() => 'cut')
    await expect.poll(() => began).toHaveLength(2)
    const closed = listening.close(200)
    answer()
    expect(await (await slow).text()).toBe('done')
    expect(await never).toBe('cut')
    await closed
    await expect(fetch(listening.url)).rejects.toThrow()
  })
})
