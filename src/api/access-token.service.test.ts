import { beforeEach, describe, expect, test } from 'vitest'
import { rejection } from '../../test/support/emulated-wechat.js'
import { gate } from '../../test/support/gate.js'
import { RecordingLogger } from '../../test/support/recording-logger.js'
import { AccessTokens } from '../emulator/access-tokens.js'
import { ApiError, NetworkError } from '../errors.js'
import { AccessToken, type FetchedToken } from './access-token.js'
import { memoryTokenStore, type TokenStore } from './token-store.js'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const key = 'wx1:stable@api.weixin.qq.com'

let now: number
/** WeChat's side. */
let wechat: AccessTokens
let store: TokenStore
let logger: RecordingLogger
/** When tokens were asked for, and whether by force. */
let fetches: { at: number; force: boolean }[]
/** Stands before each fetch. */
let before: () => Promise<void>

beforeEach(() => {
  now = Date.UTC(2026, 0, 1)
  wechat = new AccessTokens()
  store = memoryTokenStore()
  logger = new RecordingLogger()
  fetches = []
  before = async () => undefined
})

/** One process's. */
function accessToken(options: { stable?: boolean; store?: TokenStore } = {}): AccessToken {
  const { stable = true } = options
  return new AccessToken({
    key,
    store: options.store ?? store,
    stable,
    logger,
    now: () => now,
    wait: async (milliseconds) => {
      now += milliseconds
      await new Promise(setImmediate)
    },
    fetch: async (force): Promise<FetchedToken> => {
      fetches.push({ at: now, force })
      await before()
      const { accessToken, expiresIn } = stable ? wechat.stable(now, force) : wechat.classic(now)
      return { accessToken, expiresInSeconds: expiresIn }
    },
  })
}

function works(token: string): boolean {
  return wechat.check(token, now) === 0
}

describe('a token', () => {
  test('is fetched once for all that ask at once', async () => {
    const token = accessToken()
    const got = await Promise.all(Array.from({ length: 20 }, () => token.get()))
    expect(new Set(got).size).toBe(1)
    expect(fetches).toEqual([{ at: now, force: false }])
  })

  test('is fetched once for all processes that share a store', async () => {
    const processes = Array.from({ length: 10 }, () => accessToken())
    const got = await Promise.all(processes.flatMap((token) => [token.get(), token.get()]))
    expect(new Set(got).size).toBe(1)
    expect(fetches).toHaveLength(1)
  })

  test('is looked for once in the store by all that ask at once in one process', async () => {
    let looks = 0
    const counting: TokenStore = {
      ...store,
      lease: (name, leaseMs) => {
        looks += 1
        return store.lease(name, leaseMs)
      },
    }
    const token = accessToken({ store: counting })
    await Promise.all(Array.from({ length: 20 }, () => token.get()))
    expect(looks).toBe(1)
  })

  test('that another process fetched between our look and our lease is taken', async () => {
    let theirs = ''
    const slow: TokenStore = {
      ...store,
      lease: async (name, leaseMs) => {
        theirs = await accessToken().get()
        return store.lease(name, leaseMs)
      },
    }
    expect(await accessToken({ store: slow }).get()).toBe(theirs)
    expect(fetches).toHaveLength(1)
  })

  test('is kept until it needs renewal', async () => {
    const token = accessToken()
    const first = await token.get()
    now += 2 * hour - 5 * minute - 1
    expect(await token.get()).toBe(first)
    expect(fetches).toHaveLength(1)
  })

  test('is renewed early, in the background, while the old one goes on', async () => {
    const token = accessToken()
    const first = await token.get()
    now += 2 * hour - 5 * minute
    const renewal = gate()
    before = () => renewal.opened
    expect(await token.get()).toBe(first)
    expect(await token.get()).toBe(first)
    renewal.open()
    await expect.poll(() => token.get()).not.toBe(first)
    expect(works(await token.get())).toBe(true)
    expect(fetches).toHaveLength(2)
  })

  test('that another process renewed early is taken over without a fetch', async () => {
    const [one, other] = [accessToken(), accessToken()]
    const first = await one.get()
    expect(await other.get()).toBe(first)
    now += 2 * hour - minute
    await one.get()
    await expect.poll(() => one.get()).not.toBe(first)
    await other.get()
    await expect.poll(() => other.get()).toBe(await one.get())
    expect(fetches).toHaveLength(2)
  })

  test('goes on when early renewal fails, which is tried every 30 s and logged', async () => {
    const token = accessToken()
    const first = await token.get()
    now += 2 * hour - 5 * minute
    before = async () =>
      Promise.reject(new NetworkError('down', { accepted: 'no', path: '/cgi-bin/stable_token' }))
    for (let i = 0; i < 60; i++) {
      expect(await token.get()).toBe(first)
      await new Promise(setImmediate)
      now += second
    }
    expect(fetches.map(({ at }) => at - (fetches[1]?.at ?? 0)).slice(1)).toEqual([0, 30 * second])
    expect(logger.messages('warn')).toEqual(Array(2).fill('early renewal of the access token failed'))
  })

  test('that is nearly over is waited for', async () => {
    const token = accessToken()
    const first = await token.get()
    now += 2 * hour - 10 * second
    const next = await token.get()
    expect(next).not.toBe(first)
    expect(works(next)).toBe(true)
  })

  test('is not to be had when it is over and WeChat gives none', async () => {
    const token = accessToken()
    await token.get()
    now += 2 * hour
    const error = new ApiError({
      errcode: 40164,
      errmsg: '',
      rid: undefined,
      path: '',
      reason: '',
      explanation: '',
    })
    before = async () => Promise.reject(error)
    expect(await rejection(token.get())).toBe(error)
    before = async () => undefined
    expect(works(await token.get())).toBe(true)
  })

  test('of a short life is used for what it is worth', async () => {
    const token = accessToken()
    wechat.stable(now, false)
    now += 2 * hour - 5 * minute - second // WeChat now gives one with 301 s left
    const first = await token.get()
    now += 2 * second
    await token.get()
    await expect.poll(() => token.get()).not.toBe(first)
    expect(fetches).toHaveLength(2)
  })
})

describe('a token that WeChat refuses', () => {
  for (const stable of [true, false]) {
    const kind = stable ? 'stable' : 'classic'

    test(`is replaced once for all that were refused at once (${kind})`, async () => {
      const processes = [accessToken({ stable }), accessToken({ stable })]
      const [first = ''] = await Promise.all(processes.map((token) => token.get()))
      fetches = []
      const got = await Promise.all(
        processes.flatMap((token) => Array.from({ length: 10 }, () => token.replace(first))),
      )
      expect(new Set(got).size).toBe(1)
      expect(got[0]).not.toBe(first)
      expect(fetches.filter(({ force }) => force)).toHaveLength(stable ? 1 : 0)
      expect(fetches).toHaveLength(stable ? 2 : 1)
    })

    test(`is replaced by what is there already (${kind})`, async () => {
      const [one, other] = [accessToken({ stable }), accessToken({ stable })]
      const first = await one.get()
      await other.get()
      const second = await one.replace(first)
      fetches = []
      expect(await one.replace(first)).toBe(second)
      expect(await other.replace(first)).toBe(second)
      expect(fetches).toEqual([])
    })

    test(`is replaced also when a renewal that knows nothing of it is under way (${kind})`, async () => {
      const token = accessToken({ stable })
      const first = await token.get()
      now += 2 * hour - 4 * minute
      const renewal = gate()
      before = () => renewal.opened
      const held = stable ? wechat.stable(now - 3 * minute, false) : undefined
      expect(held?.accessToken).toBe(stable ? first : undefined)
      await token.get()
      const replaced = token.replace(first)
      now -= 3 * minute // WeChat's clock is behind ours: to it, it is too early for another one
      renewal.open()
      const next = await replaced
      expect(next).not.toBe(first)
      expect(works(next)).toBe(true)
    })

    test(`for ever costs ever fewer fetches (${kind})`, async () => {
      const token = accessToken({ stable })
      const from = now
      let bad = await token.get()
      fetches = []
      // A call every five seconds for a day.
      for (; now < from + 24 * hour; now += 5 * second) bad = await token.replace(await token.get())
      const replacing = stable ? fetches.filter(({ force }) => force) : fetches
      expect(bad).not.toBe('')
      const gaps = replacing.slice(1).map(({ at }, i) => at - (replacing[i]?.at ?? 0))
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(30 * second)
      // WeChat's day allows 20 forced renewals of the stable token, and 2000 classic tokens.
      expect(replacing.length).toBeLessThanOrEqual(stable ? 20 : 800)
      // To ask without force whether there is another one: no more than twice a minute.
      if (stable) expect(fetches.length - replacing.length).toBeLessThanOrEqual(2 * 60 * 24 + 40)
    })
  }

  test('costs at most two fetches in one call, and one without force in the calls that follow at once', async () => {
    const token = accessToken()
    const first = await token.get()
    fetches = []
    const second = await token.replace(first)
    expect(fetches.map(({ force }) => force)).toEqual([false, true])
    fetches = []
    // There is no third one to be had within 30 s.
    for (let i = 0; i < 50; i++) expect(await token.replace(second)).toBe(second)
    expect(fetches.map(({ force }) => force)).toEqual([false])
  })

  test('is looked up without force first: somebody else may have ended it', async () => {
    const token = accessToken()
    const first = await token.get()
    const outsiders = wechat.stable(now, true).accessToken
    fetches = []
    expect(await token.replace(first)).toBe(outsiders)
    expect(fetches.map(({ force }) => force)).toEqual([false])
  })

  test.each(['refused', 'lost'])('is not forced again at once when forcing was %s', async (fate) => {
    const token = accessToken()
    const first = await token.get()
    fetches = []
    before = async () => {
      if (fetches.at(-1)?.force !== true) return
      if (fate === 'lost') wechat.stable(now, true)
      throw new NetworkError('cut', { accepted: 'unknown', path: '/cgi-bin/stable_token' })
    }
    await rejection(token.replace(first))
    for (let i = 0; i < 29; i++) {
      await token.replace(first)
      now += second
    }
    expect(fetches.filter(({ force }) => force)).toHaveLength(1)
    before = async () => undefined
    now += second
    const next = await token.replace(first)
    expect(works(next)).toBe(true)
    expect(fetches.filter(({ force }) => force)).toHaveLength(fate === 'lost' ? 1 : 2)
  })

  test.each([true, false])(
    'is not replaced without end where the store forgets everything (stable: %s)',
    async (stable) => {
      const forgetful = {
        get: async () => undefined,
        set: async () => undefined,
        lease: async () => async () => undefined,
      }
      const token = accessToken({ stable, store: forgetful })
      const first = await token.get()
      fetches = []
      let last = first
      for (let i = 0; i < 50; i++) last = await token.replace(last)
      expect(fetches.length).toBeLessThanOrEqual(3)
    },
  )

  test('by a clock that has been wrong is replaced nevertheless', async () => {
    const right = now
    now += 20 * 365 * 24 * hour
    const token = accessToken()
    const first = await token.get()
    const second = await token.replace(first)
    now = right
    wechat = new AccessTokens()
    const third = await token.replace(second)
    expect(third).not.toBe(second)
    expect(works(third)).toBe(true)
    expect(works(await token.replace(third))).toBe(true)
    expect(fetches.at(-1)?.force).toBe(true)
  })
})

describe('the lease', () => {
  test('of a process that died is taken over when it lapses', async () => {
    let until = now + 15 * second
    const dead: TokenStore = {
      ...store,
      lease: async (name, leaseMs) => (now < until ? undefined : store.lease(name, leaseMs)),
    }
    expect(works(await accessToken({ store: dead }).get())).toBe(true)
    expect(fetches.map(({ at }) => at >= until)).toEqual([true])
    until = Infinity
  })

  test('that never ends is not waited for for ever, and nothing is in doubt', async () => {
    const from = now
    const stuck: TokenStore = { ...store, lease: async () => undefined }
    const error = await rejection(accessToken({ store: stuck }).get())
    expect(error).toBeInstanceOf(NetworkError)
    expect(error).toMatchObject({ accepted: 'no' })
    expect(now - from).toBeLessThanOrEqual(31 * second)
    expect(fetches).toEqual([])
  })

  test('is given back also when the fetch fails', async () => {
    before = async () => Promise.reject(new NetworkError('down', { accepted: 'no', path: '' }))
    await rejection(accessToken().get())
    before = async () => undefined
    const from = now
    await accessToken().get()
    expect(now).toBe(from)
  })

  test('that lapsed during a slow fetch does not let the late one overwrite what a faster one got', async () => {
    const until = now + 15 * second
    const leases: TokenStore = {
      ...store,
      lease: async (name, leaseMs) =>
        now < until && fetches.length > 0 ? undefined : store.lease(name, leaseMs),
    }
    // The memory store's lease does not lapse; two stores over the same tokens play one whose does.
    const other: TokenStore = { ...leases, lease: async () => async () => undefined }
    const slow = accessToken({ stable: false, store: leases })
    const answered = gate()
    before = () => answered.opened
    const late = slow.get()
    await expect.poll(() => fetches.length).toBe(1)
    now += 16 * second
    before = async () => undefined
    const faster = await accessToken({ stable: false, store: other }).get()
    answered.open()
    expect(await late).toBe(faster)
    expect((await store.get(key))?.accessToken).toBe(faster)
  })
})

describe('a store that fails', () => {
  const failing = (part: keyof TokenStore): TokenStore => ({
    ...store,
    [part]: async () =>
      Promise.reject(
        Object.assign(new Error('READONLY'), { command: { args: ['{"accessToken":"planted"}'] } }),
      ),
  })

  test.each(['get', 'lease'] as const)('leaves nothing in doubt and says what failed: %s', async (part) => {
    const error = await rejection(accessToken({ store: failing(part) }).get())
    expect(error).toBeInstanceOf(NetworkError)
    expect(error).toMatchObject({ accepted: 'no', message: expect.stringContaining('READONLY') as string })
    const { inspect } = await import('node:util')
    expect(inspect(error, { depth: 10 })).not.toContain('planted')
  })

  test('to keep a token does not lose it, and is logged without it', async () => {
    const token = accessToken({ store: failing('set') })
    const got = await token.get()
    expect(works(got)).toBe(true)
    expect(await token.get()).toBe(got)
    expect(fetches).toHaveLength(1)
    const { inspect } = await import('node:util')
    expect(logger.messages('warn')).toHaveLength(1)
    expect(inspect(logger.lines, { depth: 10 })).not.toContain(got)
    expect(inspect(logger.lines, { depth: 10 })).not.toContain('planted')
  })

  test('to give a lease back does not lose the token', async () => {
    const sticky: TokenStore = {
      ...store,
      lease: async () => async () => Promise.reject(new Error('gone')),
    }
    expect(works(await accessToken({ store: sticky }).get())).toBe(true)
    expect(logger.messages('warn')).toHaveLength(1)
  })
})
