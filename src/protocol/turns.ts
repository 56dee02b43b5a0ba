/** How an assistant's turn stands: it waits for quiet, or its answer is being made. */
export const openTurnStates = ['quiet', 'running'] as const
export type OpenTurnState = (typeof openTurnStates)[number]

/** What became of a try to answer a turn. */
export const runOutcomes = [
  'answered',
  'silent',
  'handed_off',
  /** The customer went on writing. */
  'superseded',
  /** A person, or a rule, has the conversation. */
  'taken',
  'no_allowance',
] as const
export type RunOutcome = (typeof runOutcomes)[number]

/** How an answer came about: a wording that fits surely, an entry that the model chose, or fixed words. */
export const answerKinds = ['match', 'select', 'words'] as const
export type AnswerKind = (typeof answerKinds)[number]

/** Why an assistant gave a conversation to people. */
export const assistantReasons = [
  'no_entry',
  'not_known',
  'asks_person',
  'angry',
  'needs_action',
  'unsafe',
  'not_helpful',
  'topic',
  'not_text',
  'assistant_failed',
  'assistant_limit',
  'assistant_off',
] as const
export type AssistantReason = (typeof assistantReasons)[number]
