import { nextTick, watch, type Ref } from 'vue'

/** The line above what was not read when the conversation was opened. */
export interface FreshLine {
  /** Scrolls it to the upper edge, where it is above. */
  show: () => void
}

/**
 * How many messages were not read is told beside them, so the last of them may come a moment after the line was shown,
 * which then stands a message lower: where it stood at the edge, it is brought there again, and `onMoved` called.
 */
export function useFreshLine(
  first: Readonly<Ref<number | null>>,
  inner: Readonly<Ref<HTMLElement | null>>,
  topOf: (element: HTMLElement) => number,
  onMoved: () => void,
): FreshLine {
  const line = (): HTMLElement | null => inner.value?.querySelector<HTMLElement>('[data-fresh]') ?? null
  watch(first, async () => {
    const before = line()
    if (!before || Math.abs(topOf(before)) >= 2) return
    await nextTick()
    line()?.scrollIntoView({ block: 'start' })
    onMoved()
  })
  return {
    show() {
      const element = line()
      if (element && topOf(element) < 0) element.scrollIntoView({ block: 'start' })
    },
  }
}
