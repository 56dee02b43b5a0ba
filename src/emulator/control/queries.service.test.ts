import Koa from 'koa'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startPushReceiver, type PushReceiver, type ReceiverAnswer } from '../../../test/push-receiver.js'
import { silentLogger } from '../../log.js'
import { controlFrame } from '../control-http.js'
import type { Delivery, PhoneMessage } from '../protocol.js'
import { PushHosts } from '../push-hosts.js'
import type { World } from '../world.js'
import { Worlds } from '../worlds.js'
import { controlRouter } from './router.js'

const app = { appId: 'wx00000000000000a1', appSecret: 'secret', token: 'token', mode: 'plain' as const }
const messages = `/apps/${app.appId}/users/o1/messages`

let receiver: PushReceiver
let answer: ReceiverAnswer
let world: World
let server: Server
let url: string

beforeEach(async () => {
  answer = 'success'
  receiver = await startPushReceiver(() => answer)
  const pushHosts = new PushHosts()
  const worlds = new Worlds({
    origin: () => url,
    pushHosts,
    pushTimeoutMs: 5000,
    retryDelayMs: 0,
    receiveTimeoutMs: 2000,
    logger: silentLogger,
  })
  world = worlds.main
  world.addApp({ ...app, pushUrl: receiver.url })
  const koa = new Koa()
  koa.silent = true
  koa.use(controlFrame(silentLogger))
  koa.use(controlRouter({ worlds, door: undefined, pushHosts, pushTimeoutMs: 5000 }).routes())
  const handle = koa.callback()
  server = createServer((req, res) => void handle(req, res))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  await world.close()
  server.close()
  server.closeAllConnections()
  await receiver.close()
})

async function items<T>(path: string, signal?: AbortSignal): Promise<T[]> {
  const response = await fetch(`${url}/_emulator${path}`, { ...(signal ? { signal } : {}) })
  expect(response.status).toBe(200)
  return ((await response.json()) as { items: T[] }).items
}

/** Waits until so many requests wait for something. */
async function waiting(count: number): Promise<void> {
  await expect.poll(() => world.platform.bus.size).toBe(count)
}

function say(content: string): void {
  const user = world.platform.app(app.appId)?.user('o1')
  if (user) world.platform.show(user, 'service', { msgType: 'text', content })
}

describe('?wait= of a phone’s messages', () => {
  it('answers as soon as one with a greater sequence is there', async () => {
    say('1')
    const [first] = await items<PhoneMessage>(messages)
    const after = first?.sequence ?? 0
    const later = items<PhoneMessage>(`${messages}?after=${after}&wait=60000`)
    await waiting(1)
    const others = world.platform.app(app.appId)?.user('o2')
    if (others) world.platform.show(others, 'service', { msgType: 'text', content: 'for somebody else' })
    say('2')
    expect((await later).map(({ content }) => content)).toEqual([{ msgType: 'text', content: '2' }])
    await waiting(0)
  })

  it('answers with nothing when the time has passed', async () => {
    expect(await items(`${messages}?wait=1`)).toEqual([])
  })

  it('is let go by a client that leaves', async () => {
    const leaving = new AbortController()
    const request = items(`${messages}?wait=60000`, leaving.signal)
    await waiting(1)
    leaving.abort()
    await expect(request).rejects.toThrow()
    await waiting(0)
  })

  it('is let go when the world ends', async () => {
    const request = items(`${messages}?wait=60000`)
    await waiting(1)
    await world.close()
    expect(await request).toEqual([])
  })

  it.each(['60001', '-1', 'false', '1&wait=2', ''])('refuses %j', async (wait) => {
    const response = await fetch(`${url}/_emulator${messages}?wait=${wait}`)
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      error: { code: 'invalid_input', message: 'wait: must be 0 to 60000 milliseconds' },
    })
  })
})

describe('?wait= of what was recorded', () => {
  it('answers with the next push, or the next one that has ended', async () => {
    const [begun, ended] = [
      items<Delivery>('/deliveries?wait=60000&openId=o1'),
      items<Delivery>('/deliveries?wait=60000&openId=o1&ended=true'),
    ]
    await waiting(2)
    await world.user('o2').sends('somebody else')
    await world.user('o1').sends('在吗')
    expect((await begun).map(({ openId, state }) => [openId, state])).toEqual([['o1', 'pending']])
    expect((await ended).map(({ openId, state }) => [openId, state])).toEqual([['o1', 'answered']])
    const last = (await ended)[0]?.sequence ?? 0
    expect(await items(`/deliveries?after=${last}&wait=1`)).toEqual([])
    expect(await items(`/deliveries?appId=wx9`)).toEqual([])
  })

  it('answers with the next call of a path', async () => {
    const request = items(`/calls?path=/cgi-bin/message&wait=60000`)
    await waiting(1)
    const record = (path: string): unknown =>
      world.recorder.addCall({
        appId: null,
        openId: null,
        startedAt: 0,
        durationMs: 0,
        request: { method: 'GET', path, query: {}, headers: {}, body: '' },
        response: null,
        errcode: 0,
        faultId: null,
      })
    record('/cgi-bin/token')
    record('/cgi-bin/message/custom/send')
    expect(await request).toMatchObject([{ request: { path: '/cgi-bin/message/custom/send' } }])
  })
})
