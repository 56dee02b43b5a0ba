import type { z } from 'zod'
import type { AssistantSettings } from '../../../../src/assistant/assistant-settings.js'
import type { assistantView, runView, triedView } from '../../../../src/assistant/schemas/assistant-view.js'

export type AssistantView = z.infer<typeof assistantView>
export type TriedView = z.infer<typeof triedView>
export type RunView = z.infer<typeof runView>

/** An assistant's settings as the form has them: lists as lines, nothing as an empty text. */
export interface AssistantDraft {
  level: AssistantSettings['level']
  guidance: string
  topics: string
  matchAt: number | null
  schedule: string | null
  handover: string
  handoverClosed: string
  greeting: string
  thanks: string
}

export function assistantDraft({
  level,
  guidance,
  topics,
  matchAt,
  schedule,
  words,
}: AssistantSettings): AssistantDraft {
  return {
    level,
    guidance,
    topics: topics.join('\n'),
    matchAt,
    schedule,
    handover: words.handover,
    handoverClosed: words.handoverClosed,
    greeting: words.greeting,
    thanks: words.thanks ?? '',
  }
}

/** The inverse of assistantDraft. */
export function settingsOf(draft: AssistantDraft): AssistantSettings {
  const thanks = draft.thanks.trim()
  return {
    level: draft.level,
    guidance: draft.guidance.trim(),
    topics: [
      ...new Set(
        draft.topics
          .split('\n')
          .map((line) => line.trim())
          .filter((line) => line !== ''),
      ),
    ],
    matchAt: draft.matchAt,
    schedule: draft.schedule,
    words: {
      handover: draft.handover.trim(),
      handoverClosed: draft.handoverClosed.trim(),
      greeting: draft.greeting.trim(),
      thanks: thanks === '' ? null : thanks,
    },
  }
}
