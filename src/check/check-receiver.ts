import type { Format, Mode, PushSecrets } from '../wechat/index.js'
import { strictest, tryWays, type Ways } from './base-checks.js'
import { CheckPushes } from './check-pushes.js'
import type { CheckRow } from './check-row.js'
import { checkForgeries } from './forged-checks.js'
import { ReceiverLine } from './receiver-line.js'
import { checkRepeats, checkShapes } from './shape-checks.js'
import { checkUrl } from './url-checks.js'

export interface CheckOptions {
  readonly url: string
  readonly secrets: Omit<PushSecrets, 'mode'>
  /** The mode and the format that are chosen at mp.weixin.qq.com; each is tried when not given. */
  readonly mode: Mode | undefined
  readonly format: Format | undefined
  /** Milliseconds that WeChat waits for an answer. */
  readonly timeoutMs: number
  /** Milliseconds above which a repeat was probably handled again. */
  readonly quickMs: number
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** A whole number from `least` on and below `end`, drawn by chance. */
  readonly random: (least: number, end: number) => number
  readonly signal: AbortSignal
}

/** Plays WeChat's pusher against a receiver, and gives a row for each thing as soon as it is known. */
export async function* checkReceiver(options: CheckOptions): AsyncGenerator<CheckRow> {
  const { url, secrets, mode, timeoutMs, quickMs, now, random, signal } = options
  const line = new ReceiverLine({ url, timeoutMs, now, signal })
  const pushes = new CheckPushes({ secrets, run: random(36 ** 5, 36 ** 6).toString(36), now })
  const push = { line, pushes, timeoutMs }
  const digits = (): string => String(random(10 ** 9, 10 ** 10))
  try {
    yield* checkUrl({ line, token: secrets.token, now, echostr: () => digits() + digits() })
    const { rows, answered } = await tryWays(waysOf(options), push)
    yield* rows
    const ways = strictest(answered)
    for (const { mode, format } of ways) yield* checkShapes({ mode, format }, push)
    const [first] = ways
    if (!first) return
    const { outcome, ...usual } = first
    yield* checkRepeats(usual, { ...push, quickMs })
    yield* checkForgeries(usual, { ...push, now, usual: outcome, isModeTold: mode !== undefined })
  } finally {
    await line.close()
  }
}

function waysOf({ secrets, mode, format }: CheckOptions): Ways {
  const modes: readonly Mode[] = secrets.encodingAESKey ? ['secure', 'compatible', 'plain'] : ['plain']
  return { modes: mode ? [mode] : modes, formats: format ? [format] : ['json', 'xml'] }
}
