import { ref, type Ref } from 'vue'
import { DeskError } from '../api/client.js'
import { problemWords } from '../text/problem-words.js'
import type { AdminKey, AdminTexts } from './admin-texts.js'

export interface Saving {
  busy: Ref<boolean>
  /** What the service says against it, in words; empty when nothing. */
  problem: Ref<string>
  /** Does it, one at a time; resolves to whether it was done. */
  save: (action: () => Promise<unknown>) => Promise<boolean>
}

/**
 * One thing that is saved. `words` has this page's own for codes of refusals; others are as everywhere, or as
 * `wordsOf` says.
 */
export function createSaving(
  texts: AdminTexts,
  words: Partial<Record<string, AdminKey>> = {},
  wordsOf: (error: DeskError, texts: AdminTexts) => string = problemWords,
): Saving {
  const busy = ref(false)
  const problem = ref('')
  return {
    busy,
    problem,
    async save(action) {
      if (busy.value) return false
      busy.value = true
      problem.value = ''
      try {
        await action()
        return true
      } catch (error) {
        if (!(error instanceof DeskError)) throw error
        const own = words[error.code]
        problem.value = own === undefined ? wordsOf(error, texts) : texts.t.value(own)
        return false
      } finally {
        busy.value = false
      }
    },
  }
}
