import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { DeskError } from '../../api/client.js'
import { problemWords } from '../../text/problem-words.js'
import type { AdminTexts } from '../admin-texts.js'

interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

/** A list that is read a page at a time. */
export interface Paged<T> {
  /** Null until the first page was read. */
  items: ShallowRef<readonly T[] | null>
  /** Whether there is more. */
  hasMore: Ref<boolean>
  /** Why it could not be read, in words; empty when it could. */
  problem: Ref<string>
  /** Reads from the beginning. */
  reload: () => Promise<void>
  more: () => Promise<void>
}

/** Reads the first page at once. */
export function createPaged<T>(
  texts: AdminTexts,
  read: (cursor: string | null) => Promise<Page<T>>,
): Paged<T> {
  const items = shallowRef<readonly T[] | null>(null)
  const hasMore = ref(false)
  const problem = ref('')
  let next: string | null = null

  async function turn(cursor: string | null): Promise<void> {
    try {
      const page = await read(cursor)
      items.value = cursor === null ? page.items : [...(items.value ?? []), ...page.items]
      next = page.next
      hasMore.value = next !== null
      problem.value = ''
    } catch (error) {
      if (!(error instanceof DeskError)) throw error
      problem.value = problemWords(error, texts)
    }
  }
  void turn(null)
  return { items, hasMore, problem, reload: () => turn(null), more: () => turn(next) }
}
