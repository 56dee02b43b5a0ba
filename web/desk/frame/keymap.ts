import { isComposing } from '../../both/composing.js'

/** What a key asks for. */
export type Command =
  | 'next'
  | 'previous'
  | 'open'
  | 'search'
  | 'reply'
  | 'note'
  | 'take'
  | 'release'
  | 'assign'
  | 'close'
  | 'undo'
  | 'tags'
  | 'context'
  | 'palette'
  | 'help'
  | 'tab1'
  | 'tab2'
  | 'tab3'
  | 'tab4'

/** The keys of desk.md §6, in the order of the help. */
export const shortcuts: readonly (readonly [keys: readonly string[], command: Command])[] = [
  [['J'], 'next'],
  [['K'], 'previous'],
  [['Enter'], 'open'],
  [['/'], 'search'],
  [['R'], 'reply'],
  [['N'], 'note'],
  [['T'], 'take'],
  [['B'], 'release'],
  [['A'], 'assign'],
  [['E'], 'close'],
  [['Z'], 'undo'],
  [['L'], 'tags'],
  [[']'], 'context'],
  [['G', '1'], 'tab1'],
  [['G', '2'], 'tab2'],
  [['G', '3'], 'tab3'],
  [['G', '4'], 'tab4'],
  [['Ctrl', 'K'], 'palette'],
  [['?'], 'help'],
]

const single = new Map<string | undefined, Command>()
const afterG = new Map<string | undefined, Command>()
for (const [keys, command] of shortcuts)
  if (keys.length === 1) single.set(keys[0], command)
  else if (keys[0] === 'G') afterG.set(keys[1], command)

type Key = Pick<
  KeyboardEvent,
  'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'isComposing' | 'keyCode' | 'defaultPrevented'
>

/** How long after G a digit still belongs to it. */
const sequenceMs = 1500

/**
 * Reads keys as commands. Single keys mean nothing in a field, with a modifier, or while an input method composes;
 * Ctrl/Cmd+K means the same everywhere.
 */
export function createKeymap(
  now: () => number,
): (event: Key, inField: boolean, singleKeys: boolean) => Command | null {
  let gAt = -Infinity
  return (event, inField, singleKeys) => {
    if (event.defaultPrevented || isComposing(event)) return null
    const key = event.key.length === 1 ? event.key.toUpperCase() : event.key
    if ((event.ctrlKey || event.metaKey) && !event.altKey) return key === 'K' ? 'palette' : null
    if (event.altKey || inField || !singleKeys) return null
    const follows = now() - gAt < sequenceMs
    gAt = -Infinity
    if (follows) return afterG.get(key) ?? null
    if (key === 'G') {
      gAt = now()
      return null
    }
    return single.get(key) ?? null
  }
}
