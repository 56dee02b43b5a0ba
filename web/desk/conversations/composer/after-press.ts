import { useEventListener } from '@vueuse/core'

/**
 * Gives a function that carries an act out when no button of a pointer is held any more, at once where none is. A page
 * that moves between press and release takes the click from what was pressed.
 */
export function useAfterPress(): (act: () => void) => void {
  let isHeld = false
  let waiting: (() => void)[] = []
  const always = { capture: true } as const
  useEventListener(
    'pointerdown',
    () => {
      isHeld = true
    },
    always,
  )
  useEventListener(
    ['pointerup', 'pointercancel'],
    () => {
      isHeld = false
      const acts = waiting
      waiting = []
      // Behind the click, which comes after the release.
      setTimeout(() => {
        for (const act of acts) act()
      })
    },
    always,
  )
  return (act) => {
    if (isHeld) waiting.push(act)
    else act()
  }
}
