import { ref, type Ref } from 'vue'
import type { ErrorCode, RefusalReason } from '../../../../src/protocol/refusals.js'
import { DeskError } from '../../api/client.js'
import { problemWords } from '../../text/problem-words.js'
import type { AdminKey, AdminTexts } from '../admin-texts.js'

/** A page's own texts for reasons of errors, or for their codes. */
export type ErrorWords = Readonly<Partial<Record<RefusalReason | ErrorCode, AdminKey>>>

export interface Saving {
  busy: Ref<boolean>
  /** What the service says against it, in words; empty when nothing. */
  problem: Ref<string>
  /** Does it, one at a time; resolves to whether it was done. */
  save: (action: () => Promise<unknown>) => Promise<boolean>
}

/**
 * One thing that is saved. `words` has this page's own for reasons and codes of errors; others are as everywhere, or
 * as `wordsOf` says.
 */
export function createSaving(
  texts: AdminTexts,
  words: ErrorWords = {},
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
        const own = ownWords(error, words)
        problem.value = own === undefined ? wordsOf(error, texts) : texts.t.value(own)
        return false
      } finally {
        busy.value = false
      }
    },
  }
}

/** A page's own text for an error; undefined where it has none. */
export function ownWords({ code, detail }: DeskError, words: ErrorWords): AdminKey | undefined {
  const own = new Map<string, AdminKey>(Object.entries(words))
  return own.get(detail.reason ?? '') ?? own.get(code)
}
