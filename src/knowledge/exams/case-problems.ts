/** Why a row can't be a case. */
export const caseProblems = [
  'no_question',
  'no_expected',
  'too_long',
  'no_entry',
  'several',
  'known',
] as const
export type CaseProblem = (typeof caseProblems)[number]

/** The most characters of a question. */
export const MAX_SAYS = 500
