import { nextTick, onUnmounted, ref, type Ref } from 'vue'

export interface DragOrder {
  /** The place of the row that is dragged; null when none is. */
  dragged: Ref<number | null>
  /** Begins with a row's handle pressed. */
  start: (event: PointerEvent, place: number) => void
}

/** So near an edge of what scrolls, the pages's content follows the pointer. */
const EDGE = 48
const SCROLL_STEP = 10

/**
 * Orders a list's children by pointer or finger: rows change places as the pointer passes their middles. Escape, or the
 * system taking the pointer away, puts the row back.
 */
export function createDragOrder(
  list: Readonly<Ref<HTMLElement | null>>,
  options: {
    move: (from: number, to: number) => void
    /** Told at the end, where the row has another place. */
    onMoved: (place: number) => void
  },
): DragOrder {
  const dragged = ref<number | null>(null)
  let from = 0
  let y = 0
  let isFollowing = false
  let end = (): void => undefined

  /** -1 where the row above is to be passed, 1 for the one below. */
  function wanted(place: number): -1 | 0 | 1 {
    const rows = list.value?.children
    const [above, below] = [rows?.[place - 1], rows?.[place + 1]]
    if (above && y < middle(above)) return -1
    return below && y > middle(below) ? 1 : 0
  }
  async function follow(): Promise<void> {
    if (isFollowing) return
    isFollowing = true
    for (;;) {
      const place = dragged.value
      const step = place === null ? 0 : wanted(place)
      if (place === null || step === 0) break
      options.move(place, place + step)
      dragged.value = place + step
      await nextTick()
    }
    isFollowing = false
  }
  function scrollAlong(): void {
    if (dragged.value === null) return
    const box = list.value?.closest('.scroll')
    if (box) {
      const { top, bottom } = box.getBoundingClientRect()
      if (y < top + EDGE) box.scrollTop -= SCROLL_STEP
      else if (y > bottom - EDGE) box.scrollTop += SCROLL_STEP
      void follow()
    }
    requestAnimationFrame(scrollAlong)
  }

  function start(event: PointerEvent, place: number): void {
    const element = list.value
    if (!element || event.button !== 0 || dragged.value !== null) return
    event.preventDefault()
    const { pointerId } = event
    const listeners = new AbortController()
    const { signal } = listeners
    from = place
    y = event.clientY
    dragged.value = place
    // By the list, which stays where it is: a row that is moved loses the pointer.
    element.setPointerCapture(pointerId)
    end = (): void => {
      listeners.abort()
      dragged.value = null
      if (element.hasPointerCapture(pointerId)) element.releasePointerCapture(pointerId)
    }
    function putBack(): void {
      const place = dragged.value
      end()
      if (place !== null && place !== from) options.move(place, from)
    }
    element.addEventListener(
      'pointermove',
      (moved) => {
        if (moved.pointerId !== pointerId) return
        y = moved.clientY
        void follow()
      },
      { signal },
    )
    element.addEventListener(
      'pointerup',
      (released) => {
        if (released.pointerId !== pointerId) return
        const place = dragged.value
        end()
        if (place !== null && place !== from) options.onMoved(place)
      },
      { signal },
    )
    element.addEventListener('pointercancel', putBack, { signal })
    window.addEventListener('keydown', (key) => key.key === 'Escape' && putBack(), { signal })
    requestAnimationFrame(scrollAlong)
  }
  onUnmounted(() => {
    end()
  })
  return { dragged, start }
}

function middle(element: Element): number {
  const { top, height } = element.getBoundingClientRect()
  return top + height / 2
}
