import type { Format, Mode } from '../wechat/index.js'
import type { CheckPushes, Way } from './check-pushes.js'
import type { CheckRow } from './check-row.js'
import { judgeGenuine } from './judgement.js'
import { isAnswered, type Outcome } from './outcome.js'
import type { ReceiverLine } from './receiver-line.js'

export interface PushCheckOptions {
  readonly line: ReceiverLine
  readonly pushes: CheckPushes
  readonly timeoutMs: number
}

/** How pushes may be written: told by whoever asks, or tried. */
export interface Ways {
  readonly modes: readonly Mode[]
  readonly formats: readonly Format[]
}

/** A way that a receiver answers, with its answer to a text. */
export interface AnsweredWay extends Way {
  readonly outcome: Outcome
}

/** A customer's text in one way, and what became of it. */
interface Tried {
  readonly way: Way
  readonly outcome: Outcome | undefined
}

/**
 * Pushes a text in every way, and gives the rows and the ways that are answered. A receiver is set up for one of them,
 * so the others are no fault where one is answered.
 */
export async function tryWays(
  { modes, formats }: Ways,
  { line, pushes, timeoutMs }: PushCheckOptions,
): Promise<{ rows: CheckRow[]; answered: AnsweredWay[] }> {
  const tried: Tried[] = []
  for (const mode of modes)
    for (const format of formats) {
      const way = { mode, format }
      tried.push({ way, outcome: await line.push(pushes.text(way)) })
    }
  const answered = tried.flatMap(({ way, outcome }) =>
    outcome !== undefined && isAnswered(outcome) ? [{ ...way, outcome }] : [],
  )
  const rows = tried.flatMap(({ way, outcome }): CheckRow[] => {
    if (outcome === undefined) return []
    const judged = judgeGenuine(outcome, { timeoutMs, showsFailure: true })
    const about = { check: 'push.text', ...way, ms: outcome.ms } as const
    if (judged.verdict !== 'wrong' || answered.length === 0) return [{ ...about, ...judged }]
    return [{ ...about, verdict: 'skipped', found: judged.found, meaning: otherWay }]
  })
  return { rows, answered }
}

/** Of the ways that are answered, one for each format: the strictest mode, which a receiver of several is set up for. */
export function strictest(answered: readonly AnsweredWay[]): AnsweredWay[] {
  const byFormat = new Map<Format, AnsweredWay>()
  for (const way of answered) {
    const before = byFormat.get(way.format)
    if (!before || strictness[way.mode] > strictness[before.mode]) byFormat.set(way.format, way)
  }
  return [...byFormat.values()]
}

const strictness = { plain: 0, compatible: 1, secure: 2 } as const

const otherWay = {
  zh: '不接受这种加密方式和格式，在微信后台不要这样选。',
  en: 'Not set up for this mode and format: don’t choose them at mp.weixin.qq.com.',
}
