import { isComposing } from '../../both/composing.js'
import { shortcuts, type Command } from './keymap.js'

/** So long after a shortcut moved the focus a key may still be meant as a shortcut, in milliseconds. */
const graceMs = 1500

/** Commands that say where the focus goes: behind them one types on at once, and what is typed is text. */
const leading: ReadonlySet<Command> = new Set<Command>(['reply', 'note', 'tags', 'search'])
/** Of these, the ones whose keys stay commands for a moment in a field that another command has moved the focus to. */
const staying = new Set(
  shortcuts.flatMap(([keys, command]) =>
    keys.length === 1 && leading.has(command) && command !== 'search' ? [keys[0]] : [],
  ),
)

type Key = Pick<
  KeyboardEvent,
  'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'isComposing' | 'keyCode' | 'repeat'
>

/** Keeps the keys of shortcuts out of the fields that shortcuts move the focus to. */
export interface KeyGuard {
  /** A key did a command. */
  did: (command: Command, event: Pick<Key, 'key'>) => void
  /** A field got the focus. */
  focused: () => void
  /** Somebody pointed at something, or went on with Tab. */
  moved: () => void
  released: (event: Pick<Key, 'key'>) => void
  /** What a key pressed in a field is: text, a command all the same, or nothing. */
  read: (event: Key) => 'text' | 'command' | 'nothing'
}

/** `now` is in milliseconds, of a clock that never goes back. */
export function createKeyGuard(now: () => number): KeyGuard {
  /** The key that did a command and is still down: while it is, it repeats. */
  let held: string | null = null
  /** Whether the next focus is a shortcut's doing, and since when one is. */
  let isExpected = false
  let focusedAt = -Infinity
  const nameOf = ({ key }: Pick<Key, 'key'>): string => (key.length === 1 ? key.toUpperCase() : key)

  return {
    did(command, event) {
      held = nameOf(event)
      isExpected = !leading.has(command)
      focusedAt = -Infinity
    },
    focused() {
      if (isExpected) focusedAt = now()
      isExpected = false
    },
    moved() {
      isExpected = false
      focusedAt = -Infinity
    },
    released(event) {
      if (held === nameOf(event)) held = null
    },
    read(event) {
      if (isComposing(event)) {
        focusedAt = -Infinity
        return 'text'
      }
      const key = nameOf(event)
      if (event.repeat && key === held) return 'nothing'
      held = null
      const isSoon = now() - focusedAt < graceMs
      focusedAt = -Infinity
      const hasModifier = event.ctrlKey || event.metaKey || event.altKey
      return isSoon && !hasModifier && staying.has(key) ? 'command' : 'text'
    },
  }
}
