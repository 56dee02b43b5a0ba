import { Refusal } from './refusal.js'

// Per day, as WeChat publishes them for official accounts; those of Mini Programs are not published.
// /doc/subscription/guide/dev/api/ (接口调用频次)
const dailyLimits: Readonly<Record<string, number>> = {
  '/cgi-bin/token': 2000,
  '/cgi-bin/stable_token': 500_000,
  '/cgi-bin/message/custom/send': 500_000,
  '/cgi-bin/message/custom/typing': 500_000,
  '/cgi-bin/message/custom/business/typing': 500_000,
  '/cgi-bin/media/upload': 100_000,
  '/cgi-bin/media/get': 200_000,
}

/** Resets of all counters in a month. /miniprogram/dev/server/API/openApi-mgnt/api_clearquota */
const clearsPerMonth = 10
/** Resets of single paths in a month. Same place, openapi/quota/clear. */
const pathClearsPerMonth = 50

/** WeChat's day and month begin at midnight in Shanghai. */
const shanghaiMs = 8 * 3600 * 1000

/** One app's daily call counters. */
export class Quota {
  #day = ''
  #month = ''
  #clears = 0
  #pathClears = 0
  readonly #used = new Map<string, number>()

  /** Counts a call; refuses it (45009) when the day's are used up. */
  count(path: string, now: number): void {
    this.#turn(now)
    const limit = dailyLimits[path]
    if (limit === undefined) return
    const used = this.#used.get(path) ?? 0
    if (used >= limit) throw new Refusal(45009)
    this.#used.set(path, used + 1)
  }

  /** Undefined for a path that has no quota. */
  view(path: string, now: number): { daily_limit: number; used: number; remain: number } | undefined {
    this.#turn(now)
    const limit = dailyLimits[path]
    if (limit === undefined) return undefined
    const used = this.#used.get(path) ?? 0
    return { daily_limit: limit, used, remain: limit - used }
  }

  clearAll(now: number): void {
    this.#turn(now)
    if (this.#clears >= clearsPerMonth) throw new Refusal(48006)
    this.#clears += 1
    this.#used.clear()
  }

  clear(path: string, now: number): void {
    this.#turn(now)
    if (dailyLimits[path] === undefined) throw new Refusal(76021)
    if (this.#pathClears >= pathClearsPerMonth) throw new Refusal(48006)
    this.#pathClears += 1
    this.#used.delete(path)
  }

  #turn(now: number): void {
    const date = new Date(now + shanghaiMs).toISOString()
    const [day, month] = [date.slice(0, 10), date.slice(0, 7)]
    if (day !== this.#day) this.#used.clear()
    if (month !== this.#month) {
      this.#clears = 0
      this.#pathClears = 0
    }
    this.#day = day
    this.#month = month
  }
}
