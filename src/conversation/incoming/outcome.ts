import { HandlerError, type HandlerProblem } from '../../errors.js'
import type { HandoffReason } from '../../protocol/reasons.js'
import type { Answer } from '../../wechat/index.js'
import { AllowanceError } from '../allowance-error.js'

/** What rules or handlers in code did with a push. */
export interface BotResult {
  readonly answer: Answer
  /** Transferred when WeChat had been answered already. */
  readonly isLate: boolean
  /** Why they gave the conversation to people; undefined where they did not. */
  readonly handoff: string | undefined
  /** The assistant that they left the answer to; undefined where they did not. */
  readonly assistant: string | undefined
  readonly error: HandlerError | undefined
  /** They replied, or chose to be silent. */
  readonly hasAnswered: boolean
  readonly isEvent: boolean
}

/** What becomes of the conversation. */
export type Outcome =
  | { readonly kind: 'transferred' | 'answered' | 'ignored' }
  | { readonly kind: 'handoff'; readonly reason: string }
  | { readonly kind: 'assisted'; readonly assistant: string }

/** The first line that holds decides. WeChat carries a transfer out whatever came of the run that asked for it. */
const table: readonly {
  readonly holds: (result: BotResult) => boolean
  readonly outcome: (result: BotResult) => Outcome
}[] = [
  {
    holds: ({ answer, isLate }) => answer === 'transfer' && !isLate,
    outcome: () => ({ kind: 'transferred' }),
  },
  { holds: ({ answer }) => answer === 'transfer', outcome: () => handoffFor('transfer_late') },
  {
    holds: ({ handoff }) => handoff !== undefined,
    outcome: ({ handoff }) => ({ kind: 'handoff', reason: handoff ?? '' }),
  },
  { holds: ({ error }) => error !== undefined, outcome: ({ error }) => handoffFor(reasonOf(error)) },
  {
    holds: ({ assistant, isEvent }) => assistant !== undefined && !isEvent,
    outcome: ({ assistant }) => ({ kind: 'assisted', assistant: assistant ?? '' }),
  },
  { holds: ({ hasAnswered }) => hasAnswered, outcome: () => ({ kind: 'answered' }) },
  { holds: ({ isEvent }) => isEvent, outcome: () => ({ kind: 'ignored' }) },
  { holds: () => true, outcome: () => handoffFor('unanswered') },
]

export function decideOutcome(result: BotResult): Outcome {
  const line = table.find(({ holds }) => holds(result))
  if (!line) throw new Error('The last line of the table holds for every result.')
  return line.outcome(result)
}

/** Whether the push counts as failed: what handlers threw, and nothing that the platform forbids. */
export function isFailure(error: HandlerError | undefined): boolean {
  return error !== undefined && reasonOf(error) === 'handler_failed'
}

/** Whether another run could not end otherwise: WeChat's allowance is used up, say, or the answer came too late. */
export function isFinal(error: HandlerError): boolean {
  return error.cause instanceof AllowanceError || finalProblems.has(error.code)
}

const finalProblems: ReadonlySet<string> = new Set<HandlerProblem>(['late', 'misuse', 'business'])

/** Returns the error of a run whose rules replied, where a reply was refused afterwards. */
export function refusedReply(cause: unknown): HandlerError {
  return new HandlerError('threw', 'A reply of a rule was refused.', { cause })
}

/** Why people get a conversation whose handlers failed. */
function reasonOf(error: HandlerError | undefined): HandoffReason {
  if (error?.cause instanceof AllowanceError) return 'allowance'
  if (error?.code === 'business') return 'business'
  return error?.code === 'late' ? 'transfer_late' : 'handler_failed'
}

function handoffFor(reason: HandoffReason): Outcome {
  return { kind: 'handoff', reason }
}
