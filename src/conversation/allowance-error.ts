import { KefuError } from '../errors.js'
import type { Allowance } from './allowance.js'

/** The bot's share of what WeChat allows is used up; nothing was queued. */
export class AllowanceError extends KefuError {
  readonly code = 'allowance'
}

/** Returns why the bot may send nothing now. */
export function refusedBy({ remaining }: Pick<Allowance, 'remaining'>): AllowanceError {
  return new AllowanceError(
    remaining > 0
      ? 'The bot’s share of the messages that WeChat allows is used up; the rest is kept for people.'
      : 'WeChat allows no more messages until the customer writes again.',
  )
}
