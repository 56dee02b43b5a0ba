import type { Bilingual } from '../protocol/bilingual.js'
import type { Format, Mode } from '../wechat/index.js'
import type { CheckName } from './check-names.js'

/**
 * `ok`: as WeChat wants it. `warn`: worth a look. `wrong`: a customer would notice, or a stranger could use it.
 * `skipped`: was not sent, or does not apply.
 */
export type Verdict = 'ok' | 'warn' | 'wrong' | 'skipped'

/** One thing that a receiver was asked, and how it did. */
export interface CheckRow {
  readonly check: CheckName
  /** How the push was written; null for a question to the URL. */
  readonly mode: Mode | null
  readonly format: Format | null
  readonly verdict: Verdict
  /** Milliseconds to the whole answer, the longest where there were several requests; null where nothing was sent. */
  readonly ms: number | null
  readonly found: Bilingual
  /** What comes of it, for the customer or for safety; null where all is well. */
  readonly meaning: Bilingual | null
}

/** A row without its name. */
export type Judgement = Pick<CheckRow, 'verdict' | 'found' | 'meaning'>

/** Whether nothing was found that must be mended. */
export function isRight(rows: readonly CheckRow[]): boolean {
  return rows.every(({ verdict }) => verdict !== 'wrong')
}
