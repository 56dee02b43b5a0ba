import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AccessTokens } from '../emulator/access-tokens.js'
import { Refusal } from '../emulator/refusal.js'
import { silentLogger } from '../log.js'
import { limits } from '../wechat/index.js'
import { AccessToken } from './access-token.js'
import { nextForce, recent } from './forced-renewal.js'
import { memoryTokenStore, type TokenStore } from './token-store.js'
import { runs } from '../../test/support/property-runs.js'

const second = 1000
const day = 24 * 3600 * second
const key = 'wx1:stable@api.weixin.qq.com'
const processes = 3

type Step =
  /** These processes make a call each, all at once: it takes a token, and has it replaced if WeChat refuses it. */
  | { do: 'call'; processes: number[] }
  | { do: 'pass'; ms: number }
  /** Somebody who does not share the store gets a token, by force if the kind has that. */
  | { do: 'outsider' }
  /** WeChat refuses every token for a while, whatever it is. */
  | { do: 'refuse'; calls: number }
  | { do: 'fail'; fetches: number }
  /** A process starts anew, without memory. */
  | { do: 'restart'; process: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      processes: fc.array(fc.nat(processes - 1), { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.oneof(
        fc.integer({ min: 1, max: 40 * second }),
        fc.integer({ min: 1, max: limits.tokenSeconds * second }),
        fc.constantFrom(30 * second, 6600 * second, 6900 * second, 7190 * second, 7200 * second),
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('outsider' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('refuse' as const), calls: fc.integer({ min: 1, max: 30 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('fail' as const), fetches: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('restart' as const), process: fc.nat(processes - 1) }),
  },
)

/** A world with WeChat's real token rules, one store, some processes and a clock. */
class World {
  now = Date.UTC(2026, 0, 1)
  readonly wechat = new AccessTokens()
  readonly store: TokenStore = memoryTokenStore()
  /** The same, but each of its answers takes so many turns of the event loop: calls overlap in many ways. */
  readonly #slowStore: TokenStore
  readonly fetches: { at: number; force: boolean; process: number; replacing: boolean }[] = []
  readonly stable: boolean
  readonly #tokens: AccessToken[]
  #refusals = 0
  #failures = 0
  /** In the step under way. */
  #refused = 0
  #replacing = new Set<number>()
  #outsiderForcedAt = -Infinity
  #refusedAnywayAt = -Infinity

  constructor(stable: boolean, delays: () => number) {
    this.stable = stable
    const turns = async (): Promise<void> => {
      for (let left = delays(); left > 0; left--) await new Promise(setImmediate)
    }
    const slowly = async <T>(act: () => Promise<T>): Promise<T> => {
      await turns()
      const result = await act()
      await turns()
      return result
    }
    this.#slowStore = {
      get: (name) => slowly(() => this.store.get(name)),
      set: (name, token) => slowly(() => this.store.set(name, token)),
      lease: (name, leaseMs) => slowly(() => this.store.lease(name, leaseMs)),
    }
    this.#tokens = Array.from({ length: processes }, (_, process) => this.#start(process))
  }

  #start(process: number): AccessToken {
    return new AccessToken({
      key,
      store: this.#slowStore,
      stable: this.stable,
      logger: silentLogger,
      now: () => this.now,
      wait: () => new Promise(setImmediate),
      fetch: async (force) => {
        this.fetches.push({ at: this.now, force, process, replacing: this.#replacing.has(process) })
        await new Promise(setImmediate)
        if (this.#failures > 0) {
          this.#failures -= 1
          throw new Error('WeChat cannot be reached')
        }
        const { accessToken, expiresIn } = this.stable
          ? this.wechat.stable(this.now, force)
          : this.wechat.classic(this.now)
        return { accessToken, expiresInSeconds: expiresIn }
      },
    })
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'pass':
        this.now += step.ms
        return
      case 'outsider':
        // Within WeChat's rules, and not so that it uses up ours.
        if (
          this.stable &&
          this.now -
            Math.max(this.#outsiderForcedAt, this.fetches.filter(({ force }) => force).at(-1)?.at ?? 0) <
            30 * second
        )
          return
        if (this.stable) {
          try {
            this.wechat.stable(this.now, true)
          } catch (error) {
            if (!(error instanceof Refusal)) throw error
          }
          this.#outsiderForcedAt = this.now
        } else this.wechat.classic(this.now)
        return
      case 'refuse':
        this.#refusals = step.calls
        return
      case 'fail':
        this.#failures = step.fetches
        return
      case 'restart':
        this.#tokens[step.process] = this.#start(step.process)
        return
      case 'call': {
        const before = this.fetches.length
        const calm = this.#refusals === 0 && this.#failures === 0
        this.#refused = 0
        await Promise.all(step.processes.map((process) => this.#call(process, calm)))
        // Renewals in the background come to their end, too.
        for (let i = 0; i < 40; i++) await new Promise(setImmediate)
        const fetched = this.fetches.slice(before)
        // One for a token to begin with, and one for what somebody else has ended. Where WeChat fails or refuses
        // whatever it gets, a call may cost a try, a look-up and a renewal by force.
        const most = calm ? (this.#refused === 0 ? 1 : 2) : 3 * step.processes.length
        expect(fetched.length).toBeLessThanOrEqual(most)
        if (calm) expect(fetched.filter(({ force }) => force)).toEqual([])
      }
    }
  }

  async #call(process: number, calm: boolean): Promise<void> {
    const mine = this.#tokens[process]
    if (!mine) throw new Error('no such process')
    let token: string
    try {
      token = await mine.get()
    } catch {
      return // nothing to call with
    }
    const always = this.#refusals > 0
    if (always) {
      this.#refusals -= 1
      this.#refusedAnywayAt = this.now
    }
    if (!always && this.wechat.check(token, this.now) === 0) return

    this.#refused += 1
    const stored = await this.store.get(key)
    this.#replacing.add(process)
    const replaced = await mine.replace(token).catch((error: unknown) => ({ error }))
    this.#replacing.delete(process)
    if (typeof replaced !== 'string') return
    // Never the refused one when the store has a newer one.
    if (stored && stored.accessToken !== token && stored.expiresAt - this.now > 10 * second)
      expect(replaced).not.toBe(token)
    // What somebody else has ended is found again; only what was in the store may have been ended in its turn. A
    // stable token that WeChat has just called the right one is not asked for again so soon.
    const adopted = replaced === stored?.accessToken && replaced !== token
    const lately = this.now - this.#refusedAnywayAt < 30 * second
    if (this.stable && calm && !adopted && !lately) expect(this.wechat.check(replaced, this.now)).toBe(0)
  }
}

function gaps(times: readonly number[]): number[] {
  return times.slice(1).map((at, i) => at - (times[i] ?? 0))
}

test.each([true, false])(
  'whatever happens, WeChat is asked for no more tokens than it allows (stable: %s)',
  async (stable) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 60 }),
        fc.array(fc.nat(3)),
        async (steps, delays) => {
          let taken = 0
          const world = new World(stable, () => delays[taken++ % delays.length] ?? 0)
          for (const one of steps) await world.take(one)

          const forced = world.fetches
            .filter((fetch) => (stable ? fetch.force : fetch.replacing))
            .map(({ at }) => at)
          for (const at of forced)
            expect(forced.filter((other) => other <= at && at - other < day).length).toBeLessThanOrEqual(
              stable ? 20 : 2000,
            )
          if (stable) for (const gap of gaps(forced)) expect(gap).toBeGreaterThanOrEqual(30 * second)
          if (!stable) expect(world.fetches.some(({ force }) => force)).toBe(false)
        },
      ),
      { numRuns: runs(500) },
    )
  },
)

test('forced renewals as often as allowed are never more than 20 in any 24 hours, nor closer than 30 s', () => {
  let forcedAt: number[] = []
  const all: number[] = []
  for (let now = 0; now < 3 * day; now += 10 * second) {
    forcedAt = recent(forcedAt, now)
    if (now < nextForce(forcedAt, true)) continue
    forcedAt.push(now)
    all.push(now)
  }
  expect(Math.min(...gaps(all))).toBe(30 * second)
  for (const at of all)
    expect(all.filter((other) => other <= at && at - other < day).length).toBeLessThanOrEqual(20)
  // Yet it goes on trying.
  expect(Math.max(...gaps(all))).toBeLessThanOrEqual(limits.tokenSeconds * second)
})

test('the wait for the next forced renewal never shrinks with their number, whatever times were kept', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 2 * day })),
      fc.integer({ min: 0, max: 2 * day }),
      fc.boolean(),
      (kept, now, stable) => {
        const forcedAt = recent(kept, now)
        expect(recent(forcedAt, now)).toEqual(forcedAt)
        const last = forcedAt.at(-1)
        if (last === undefined) expect(nextForce(forcedAt, stable)).toBe(-Infinity)
        else {
          const wait = nextForce(forcedAt, stable) - last
          expect(wait).toBeGreaterThanOrEqual(30 * second)
          expect(wait).toBeGreaterThanOrEqual(nextForce(forcedAt.slice(1), stable) - last)
          expect(wait).toBeLessThanOrEqual((stable ? 7200 : 120) * second)
        }
      },
    ),
  )
})
