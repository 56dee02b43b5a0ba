import type { Ref } from 'vue'

/** The messages of a log as they lie in the page, and what of them is kept in its place. */
export interface KeptPlace {
  /** The messages' elements, from top to bottom. */
  shown: () => HTMLElement[]
  /** How far an element is below the log's upper edge, in pixels. */
  topOf: (element: HTMLElement) => number
  /** How much lies below what is seen, in pixels. */
  below: () => number
  /** From now on the first message in sight is the one that stays. */
  hold: () => void
  /** Puts it back to where it stood. */
  keep: () => void
  /**
   * Takes back by how much it was moved by what came above it, and leaves what the reader has scrolled: the browser says
   * so a frame later, in which both may have happened.
   */
  follow: () => void
  /** Which one it is, and where it stands. */
  held: () => { id: number; top: number } | null
}

/** `log` scrolls, `inner` has the messages, each with its `data-id`. */
export function useKeptPlace(
  log: Readonly<Ref<HTMLElement | null>>,
  inner: Readonly<Ref<HTMLElement | null>>,
): KeptPlace {
  /** `within` is how far the element is below the beginning of all, which scrolling does not change. */
  let place: { element: HTMLElement; top: number; within: number } | null = null

  const shown = (): HTMLElement[] => [...(inner.value?.querySelectorAll<HTMLElement>('[data-id]') ?? [])]
  const topOf = (element: HTMLElement): number =>
    element.getBoundingClientRect().top - (log.value?.getBoundingClientRect().top ?? 0)

  const withinOf = (element: HTMLElement): number =>
    element.getBoundingClientRect().top - (inner.value?.getBoundingClientRect().top ?? 0)

  return {
    shown,
    topOf,
    below: () =>
      log.value === null ? 0 : log.value.scrollHeight - log.value.scrollTop - log.value.clientHeight,
    hold() {
      const all = shown()
      let [low, high] = [0, all.length - 1]
      while (low < high) {
        const middle = (low + high) >>> 1
        const element = all[middle]
        if (element && topOf(element) + element.offsetHeight <= 0) low = middle + 1
        else high = middle
      }
      const element = all[low]
      place = element ? { element, top: topOf(element), within: withinOf(element) } : null
    },
    keep() {
      if (log.value === null || place?.element.isConnected !== true) return
      const moved = topOf(place.element) - place.top
      if (Math.abs(moved) >= 1) log.value.scrollTop += moved
      place.within = withinOf(place.element)
    },
    follow() {
      if (log.value === null || place?.element.isConnected !== true) return
      const moved = withinOf(place.element) - place.within
      if (Math.abs(moved) >= 1) log.value.scrollTop += moved
    },
    held: () => (place === null ? null : { id: Number(place.element.dataset['id']), top: place.top }),
  }
}
