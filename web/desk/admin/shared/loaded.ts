import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { DeskError } from '../../api/client.js'
import { problemWords } from '../../text/problem-words.js'
import type { AdminTexts } from '../admin-texts.js'
import { ownWords, type ErrorWords } from './saving.js'

/** What a page shows, as the service has it. */
export interface Loaded<T> {
  /** Null until it was read. */
  value: ShallowRef<T | null>
  /** Why it could not be read, in words; empty when it could. */
  problem: Ref<string>
  reload: () => Promise<void>
}

/** Reads at once, and again when asked; what was asked for last is what stays. `words` has texts for reasons and codes of errors. */
export function createLoaded<T>(
  texts: AdminTexts,
  read: () => Promise<T>,
  words: ErrorWords = {},
): Loaded<T> {
  const value = shallowRef<T | null>(null)
  const problem = ref('')
  let last = 0

  async function reload(): Promise<void> {
    last += 1
    const turn = last
    try {
      const found = await read()
      if (turn !== last) return
      value.value = found
      problem.value = ''
    } catch (error) {
      if (!(error instanceof DeskError)) throw error
      if (turn !== last) return
      const own = ownWords(error, words)
      problem.value = own === undefined ? problemWords(error, texts) : texts.t.value(own)
    }
  }
  void reload()
  return { value, problem, reload }
}
