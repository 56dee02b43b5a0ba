import { request } from 'undici'
import type { Finding } from './finding.js'

/** Milliseconds that WeChat's API has to answer. */
const TIMEOUT_MS = 10_000
/** A clock that is off by less is no trouble. */
const SMALL_SKEW_SECONDS = 5

export interface ClockOptions {
  readonly apiUrl: string
  readonly pushMaxAgeSeconds: number
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Whether WeChat's API can be reached, and whether our clock agrees with its. */
export async function checkClock({ apiUrl, pushMaxAgeSeconds, now }: ClockOptions): Promise<Finding[]> {
  const host = new URL(apiUrl).host
  const before = now()
  let date: string | undefined
  try {
    const answer = await request(`${apiUrl.replace(/\/+$/, '')}/cgi-bin/getcallbackip`, {
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    })
    await answer.body.dump()
    date = [answer.headers['date'] ?? []].flat()[0]
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    return [
      {
        check: 'api',
        level: 'fail',
        found: { zh: `连不上 ${host}（${code}）。`, en: `${host} can’t be reached (${code}).` },
        todo: {
          zh: '检查网络、DNS、防火墙和 WECHAT_API_URL。',
          en: 'Check the network, DNS, the firewall and WECHAT_API_URL.',
        },
      },
    ]
  }
  const reached: Finding = {
    check: 'api',
    level: 'ok',
    found: { zh: `可以访问 ${host}。`, en: `${host} can be reached.` },
  }
  return [reached, clockFinding(date, (before + now()) / 2, pushMaxAgeSeconds)]
}

function clockFinding(date: string | undefined, at: number, maxAge: number): Finding {
  const check = 'clock'
  const theirs = date === undefined ? NaN : Date.parse(date)
  if (Number.isNaN(theirs))
    return {
      check,
      level: 'warn',
      found: {
        zh: '微信的回答没有时间，无法核对时钟。',
        en: 'The answer has no date to compare the clock with.',
      },
    }
  // A date header has whole seconds: half a second is what was cut off on average.
  const skew = Math.round((at - theirs - 500) / 1000)
  const seconds = Math.abs(skew)
  const direction = skew > 0 ? { zh: '快', en: 'ahead' } : { zh: '慢', en: 'behind' }
  if (seconds <= SMALL_SKEW_SECONDS)
    return { check, level: 'ok', found: { zh: '时钟准确。', en: 'The clock is right.' } }
  return {
    check,
    level: maxAge > 0 && seconds >= maxAge / 2 ? 'fail' : 'warn',
    found: {
      zh: `本机时钟${direction.zh} ${seconds} 秒；推送时间相差超过 ${maxAge} 秒会被拒绝。`,
      en: `This machine’s clock is ${seconds} s ${direction.en}; pushes that differ by more than ${maxAge} s are refused.`,
    },
    todo: { zh: '开启时间同步（NTP）。', en: 'Turn time synchronisation (NTP) on.' },
  }
}
