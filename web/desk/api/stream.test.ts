import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { openStream, type Link, type Stream } from './stream.js'
import type { DeskEvent } from './views.js'

let stream: Stream | undefined
let asked: string[]
let links: Link[]
let events: DeskEvent[]
let fresh: number
let reset: number
let signedOut: number
/** How each request is answered, one after the other; then with a stream that stays open. */
let answers: (() => Response)[]
let controllers: ReadableStreamDefaultController<Uint8Array>[]

beforeEach(() => {
  ;[asked, links, events, fresh, reset, signedOut, answers, controllers] = [[], [], [], 0, 0, 0, [], []]
})
afterEach(() => {
  stream?.close()
})

function open(silenceMs = 60_000): void {
  stream = openStream({
    url: '/events',
    fetch: async (url, init) => {
      asked.push(url instanceof Request ? url.url : url.toString())
      const answer = answers.shift()
      if (answer) return answer()
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          controllers.push(controller)
          init?.signal?.addEventListener('abort', () => {
            controller.error(new Error('aborted'))
          })
        },
      })
      return new Response(body, { status: 200 })
    },
    onLink: (link) => links.push(link),
    onFresh: () => fresh++,
    onReset: () => reset++,
    database: () => 'database-1',
    onEvent: (event) => events.push(event),
    onSignedOut: () => signedOut++,
    backoffMs: () => 1,
    silenceMs,
  })
}
const say = (text: string): void => {
  controllers.at(-1)?.enqueue(new TextEncoder().encode(text))
}
const until = (read: () => unknown): ReturnType<typeof expect.poll> => expect.poll(read, { timeout: 5000 })

it('reads everything anew at first, and afterwards only what came since', async () => {
  open()
  await until(() => fresh).toBe(1)
  say('id: 41\nevent: conversation\ndata: {"conversation":{}}\n\n')
  await until(() => events.length).toBe(1)
  controllers[0]?.close()
  await until(() => asked).toEqual(['/events', '/events?after=41&database=database-1'])
  await until(() => links).toEqual(['live', 'lost', 'live'])
  expect(fresh).toBe(1)
})

it('a reset says that nothing holds any more', async () => {
  open()
  await until(() => fresh).toBe(1)
  say('id: 99\nevent: reset\ndata: {}\n\n')
  await until(() => reset).toBe(1)
  expect(fresh).toBe(1)
  expect(events).toEqual([])
})

it('comes back after refusals and network errors, and ends when the session has', async () => {
  answers = [
    () => new Response('', { status: 503 }),
    () => {
      throw new TypeError('network')
    },
    () => new Response('', { status: 401 }),
  ]
  open()
  await until(() => signedOut).toBe(1)
  expect(asked).toHaveLength(3)
})

it('silence counts as a broken line', async () => {
  open(30)
  await until(() => asked.length > 2).toBe(true)
})

it('tries at once when the network is said to be back', async () => {
  open()
  await until(() => fresh).toBe(1)
  stream?.wake()
  await until(() => asked.length).toBe(2)
})

it('stands aside when the service closed it for later pages, until somebody wants this one', async () => {
  open()
  await until(() => fresh).toBe(1)
  say('id: 7\nevent: conversation\ndata: {"conversation":{}}\n\n')
  say('event: closed\ndata: {"reason":"too_many_pages"}\n\n')
  controllers[0]?.close()
  await until(() => links).toEqual(['live', 'aside'])
  // Neither time nor the network brings it back.
  stream?.wake()
  await new Promise((resolve) => setTimeout(resolve))
  expect(asked).toHaveLength(1)
  stream?.want()
  await until(() => links).toEqual(['live', 'aside', 'lost', 'live'])
  expect(asked).toEqual(['/events', '/events?after=7&database=database-1'])
  stream?.want()
  expect(asked).toHaveLength(2)
})

it('events of another version are left out', async () => {
  open()
  await until(() => fresh).toBe(1)
  say('event: later\ndata: {}\n\nevent: agents\ndata: {}\n\n')
  await until(() => events).toEqual([{ type: 'agents' }])
})

vi.setConfig({ testTimeout: 20_000 })
