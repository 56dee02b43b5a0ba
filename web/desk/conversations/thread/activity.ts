/** A page whose keys, pointer and scroll rest for so long is not looked at: it may have been forgotten. */
export const activeMs = 120_000

export interface Activity {
  /** Whether somebody is at this page: it has the focus, and was used within two minutes. */
  isActive(): boolean
  stop: () => void
}

export interface ActivityOptions {
  target: Pick<EventTarget, 'addEventListener' | 'removeEventListener'>
  hasFocus: () => boolean
  /** Milliseconds, from a clock that only goes on. */
  clock: () => number
  /** Told when the page is used after it was not. */
  onBegin: () => void
}

const signs = ['keydown', 'pointerdown', 'pointermove', 'wheel', 'scroll', 'touchmove'] as const

/** Notices whether somebody uses the page. */
export function watchActivity({ target, hasFocus, clock, onBegin }: ActivityOptions): Activity {
  // Whoever has just opened it has used it.
  let usedAt = clock()
  const isActive = (): boolean => hasFocus() && clock() - usedAt < activeMs
  const used = (): void => {
    const began = !isActive()
    usedAt = clock()
    if (began && isActive()) onBegin()
  }
  for (const sign of signs) target.addEventListener(sign, used, { capture: true, passive: true })
  return {
    isActive,
    stop() {
      for (const sign of signs) target.removeEventListener(sign, used, { capture: true })
    },
  }
}
