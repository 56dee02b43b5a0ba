/** Why a page that knowledge is taken from can't be read. */
export const sourceProblems = [
  'private_address',
  'dns',
  'refused',
  'tls',
  'timeout',
  'reset',
  'bad_answer',
  /** It is not there any more. */
  'gone',
  /** An answer with another status. */
  'status',
  /** It leads on too often, or to where it must not. */
  'redirect',
  'too_large',
  /** Of no kind that is read. */
  'kind',
  'broken',
  'too_much',
  'too_slow',
  'no_text',
  'busy',
  /** There are as many entries as there can be. */
  'full',
] as const
export type SourceProblem = (typeof sourceProblems)[number]
