import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  emulatedWechat,
  plantedSecret,
  rejection,
  type EmulatedWechat,
} from '../../test/support/emulated-wechat.js'
import { answerWith, rawServer } from '../../test/support/raw-server.js'
import type { UserHandle } from '../emulator/index.js'
import { ApiError, HandlerError, NetworkError } from '../errors.js'
import type { Api } from './api.js'
import { remedyFor, waitBeforeRetry } from './retry.js'

const sendPath = '/cgi-bin/message/custom/send'
const tokenPath = '/cgi-bin/stable_token'
const text = { msgType: 'text', content: '只说一次' } as const

let wechat: EmulatedWechat
let api: Api
let customer: UserHandle

beforeEach(async () => {
  wechat = await emulatedWechat()
  api = wechat.api()
  customer = await wechat.customer()
  await api.getAccessToken()
})
afterEach(() => wechat.close())

/** What the phone shows from us. */
function shown(): number {
  return customer.messages.filter(({ from }) => from === 'service').length
}

function sends(): number {
  return wechat.calls(sendPath).length
}

function fault(input: {
  errcode?: number
  reset?: 'before' | 'after'
  status?: number
  times?: number
}): void {
  wechat.emulator.faults.add({ path: sendPath, ...input })
}

describe('a message is sent again', () => {
  test('while WeChat is busy, three times with growing waits', async () => {
    fault({ errcode: -1, times: 3 })
    await api.send(customer.openId, text)
    expect([sends(), shown()]).toEqual([4, 1])
    expect(wechat.waits).toEqual([300, 1000, 3000])
  })

  test('but not for ever', async () => {
    fault({ errcode: -1, times: 99 })
    expect(await rejection(api.send(customer.openId, text))).toMatchObject({ errcode: -1 })
    expect([sends(), shown()]).toEqual([4, 0])
  })

  test.each([40001, 40014, 42001])('once, with a new token, after %d', async (errcode) => {
    fault({ errcode })
    await api.send(customer.openId, text)
    expect([sends(), shown()]).toEqual([2, 1])
    const tokens = wechat.calls(sendPath).map(({ request }) => request.query['access_token'])
    expect(new Set(tokens).size).toBe(2)
  })

  test('not a second time, when the new token is refused, too', async () => {
    fault({ errcode: 42001, times: 99 })
    expect(await rejection(api.send(customer.openId, text))).toMatchObject({ errcode: 42001, path: sendPath })
    expect([sends(), shown()]).toEqual([2, 0])
  })

  test('not at all, while there is no other token to be had', async () => {
    fault({ errcode: 40001, times: 99 })
    await rejection(api.send(customer.openId, text)) // this one has ended a token by force: no more within 30 s
    const [before, tokens] = [sends(), wechat.tokenCalls]
    for (let i = 0; i < 5; i++)
      expect(await rejection(api.send(customer.openId, text))).toMatchObject({
        errcode: 40001,
        path: sendPath,
      })
    expect([sends() - before, wechat.tokenCalls - tokens]).toEqual([5, 1])
  })

  test('after each kind of trouble as often as that kind allows', async () => {
    for (const errcode of [-1, 40001, -1]) fault({ errcode })
    await api.send(customer.openId, text)
    expect([sends(), shown()]).toEqual([4, 1])
    expect(wechat.waits).toEqual([300, 1000])
  })

  test('when no connection was made, a bounded number of times', async () => {
    const knocks: string[] = []
    const gone = await rawServer(() => undefined)
    await gone.close()
    const store = { get: async () => stored, set: async () => undefined, lease: async () => undefined }
    const stored = { accessToken: 'T', expiresAt: Date.now() + 7_200_000, forcedAt: [] }
    const wait = async (milliseconds: number): Promise<void> => {
      knocks.push(`${milliseconds}`)
    }
    const away = wechat.api({ url: gone.url, tokenStore: store, wait })
    const error = await rejection(away.send('o1', text))
    expect(error).toBeInstanceOf(NetworkError)
    expect(error).toMatchObject({ accepted: 'no', path: sendPath })
    expect(knocks).toEqual(['100', '500'])
  })

  test('when the connection comes about at a later try', async () => {
    const stored = { accessToken: 'T', expiresAt: Date.now() + 7_200_000, forcedAt: [] }
    const store = { get: async () => stored, set: async () => undefined, lease: async () => undefined }
    const gone = await rawServer(() => undefined)
    await gone.close()
    let back: Awaited<ReturnType<typeof rawServer>> | undefined
    const wait = async (): Promise<void> => {
      back ??= await rawServer(
        ({ socket }) => {
          answerWith(socket, '{"errcode":0,"errmsg":"ok"}')
        },
        undefined,
        gone.port,
      )
    }
    await wechat.api({ url: gone.url, tokenStore: store, wait }).send('o1', text)
    expect(back?.requests).toHaveLength(1)
    await back?.close()
  })
})

describe('a message is not sent again', () => {
  test.each([
    [45011, 'later'],
    [45009, 'later'],
    [45015, 'never'],
    [45047, 'never'],
    [40003, 'never'],
    [45002, 'never'],
    [47001, 'never'],
    [70000, 'never'],
    [41001, 'never'],
    [48001, 'never'],
    [99999, 'never'],
  ] as const)('after %d', async (errcode, remedy) => {
    fault({ errcode })
    const error = await rejection(api.send(customer.openId, text))
    expect(error).toBeInstanceOf(ApiError)
    expect(remedyFor(error)).toBe(remedy)
    expect([sends(), shown()]).toEqual([1, 0])
    expect(wechat.waits).toEqual([])
  })

  test('when the answer was lost after WeChat had accepted it', async () => {
    fault({ reset: 'after' })
    const error = await rejection(api.send(customer.openId, text))
    expect(error).toBeInstanceOf(NetworkError)
    expect(error).toMatchObject({ accepted: 'unknown', path: sendPath })
    expect(remedyFor(error)).toBe('unknown')
    expect([sends(), shown()]).toEqual([1, 1])
  })

  test('when the connection was cut before WeChat had accepted it: nobody can tell that from after', async () => {
    fault({ reset: 'before' })
    expect(await rejection(api.send(customer.openId, text))).toMatchObject({ accepted: 'unknown' })
    expect([sends(), shown()]).toEqual([1, 0])
  })

  test.each([500, 502, 504])('when an error page came with %d', async (status) => {
    fault({ status })
    expect(await rejection(api.send(customer.openId, text))).toMatchObject({ accepted: 'unknown' })
    expect([sends(), shown()]).toEqual([1, 0])
  })

  test('when the answer came too late', async () => {
    wechat.emulator.faults.add({ path: sendPath, delayMs: 5000 })
    const hasty = wechat.api({ timeoutMs: 200 })
    expect(await rejection(hasty.send(customer.openId, text))).toMatchObject({ accepted: 'unknown' })
    await vi.waitUntil(() => sends() === 1)
    expect(shown()).toBe(1)
  })
})

describe('a message whose token could not be had', () => {
  let fresh: Api
  beforeEach(() => {
    fresh = wechat.api()
  })

  test.each([40125, 40013, 40164, 40243, 40001, 45009, 45011, 89503])('is not sent: %d', async (errcode) => {
    wechat.emulator.faults.add({ path: tokenPath, errcode })
    const error = await rejection(fresh.send(customer.openId, text))
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ errcode, path: tokenPath })
    expect([sends(), wechat.tokenCalls]).toEqual([0, 2])
  })

  test('is sent once the token comes, where WeChat was busy with that', async () => {
    wechat.emulator.faults.add({ path: tokenPath, errcode: -1, times: 3 })
    await fresh.send(customer.openId, text)
    expect([sends(), wechat.tokenCalls]).toEqual([1, 1 + 4])
  })

  test('is not sent where WeChat stays busy, and the tries do not multiply', async () => {
    wechat.emulator.faults.add({ path: tokenPath, errcode: -1, times: 99 })
    expect(await rejection(fresh.send(customer.openId, text))).toMatchObject({ errcode: -1, path: tokenPath })
    expect([sends(), wechat.tokenCalls]).toEqual([0, 1 + 4])
  })

  test.each([{ reset: 'after' }, { reset: 'before' }, { status: 502 }] as const)(
    'is known not to be sent, whatever became of the token’s request: %o',
    async (what) => {
      wechat.emulator.faults.add({ path: tokenPath, ...what })
      const error = await rejection(fresh.send(customer.openId, text))
      expect(error).toBeInstanceOf(NetworkError)
      expect(error).toMatchObject({ accepted: 'no', path: tokenPath })
      expect(error).toMatchObject({ message: expect.not.stringContaining('may have acted') as string })
      expect(sends()).toBe(0)
      await fresh.send(customer.openId, text)
      expect(shown()).toBe(1)
    },
  )

  test('is not sent without a connection, and the tries do not multiply', async () => {
    const gone = await rawServer(() => undefined)
    await gone.close()
    const waits: number[] = []
    const wait = async (milliseconds: number): Promise<void> => {
      waits.push(milliseconds)
    }
    const error = await rejection(wechat.api({ url: gone.url, wait }).send('o1', text))
    expect(error).toMatchObject({ accepted: 'no', path: tokenPath })
    expect(waits).toEqual([100, 500])
  })

  test('is not sent where the answer holds no token', async () => {
    for (const answer of [
      '{}',
      '{"access_token":"","expires_in":7200}',
      '{"access_token":"T"}',
      '{"access_token":"T","expires_in":0}',
      '{"access_token":7,"expires_in":7200}',
    ]) {
      const odd = await rawServer(({ socket }) => {
        answerWith(socket, answer)
      })
      const error = await rejection(wechat.api({ url: odd.url }).send('o1', text))
      expect(error).toBeInstanceOf(ApiError)
      expect(error).toMatchObject({ path: tokenPath, reason: 'unknown' })
      expect(odd.requests).toHaveLength(1)
      await odd.close()
    }
  })
})

test('the classic token is asked for where that is wanted', async () => {
  await wechat.api({ tokenKind: 'classic' }).send(customer.openId, text)
  const [call] = wechat.calls('/cgi-bin/token')
  expect(call?.request).toMatchObject({
    method: 'GET',
    query: { grant_type: 'client_credential', appid: wechat.appId },
  })
  expect(plantedSecret).toMatch(/^dead/)
  expect(shown()).toBe(1)
})

describe('remedyFor', () => {
  test('knows what may be done about anything that can be thrown', () => {
    expect(remedyFor(new NetworkError('', { accepted: 'no', path: '' }))).toBe('connect')
    expect(remedyFor(new NetworkError('', { accepted: 'unknown', path: '' }))).toBe('unknown')
    expect(remedyFor(new HandlerError('threw', ''))).toBe('never')
    expect(remedyFor(undefined)).toBe('never')
  })

  test('never asks for a wait where nothing may be sent again', () => {
    for (const remedy of ['later', 'unknown', 'never'] as const)
      expect(waitBeforeRetry(remedy, {})).toBeUndefined()
  })
})
