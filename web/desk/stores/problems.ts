import { DeskError } from '../api/client.js'
import type { I18n } from '../locales/i18n.js'
import { problemWords } from '../text/problem-words.js'
import { storeKey } from './store-key.js'
import type { Toasts } from './toasts.js'

/** What the service says against what was tried, as a toast. */
export interface Problems {
  problem: (error: DeskError) => void
  /** Does it; what the service says against it is shown. Resolves to whether it was done. */
  run: (action: () => Promise<unknown>) => Promise<boolean>
}

export const [problemsKey, useProblems] = storeKey<Problems>('problems')

export function createProblems(i18n: I18n, toasts: Pick<Toasts, 'say'>): Problems {
  const problem = (error: DeskError): void => {
    // The way in is shown by then.
    if (error.status === 401) return
    toasts.say(problemWords(error, i18n), 'bad')
  }
  return {
    problem,
    async run(action) {
      try {
        await action()
        return true
      } catch (error) {
        if (!(error instanceof DeskError)) throw error
        problem(error)
        return false
      }
    },
  }
}

/** Does what can fail without anybody being told. */
export async function quietly(action: () => Promise<unknown>): Promise<void> {
  try {
    await action()
  } catch (error) {
    if (!(error instanceof DeskError)) throw error
  }
}
