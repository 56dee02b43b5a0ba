import { inject, type InjectionKey } from 'vue'
import type { Command } from './keymap.js'

/** What keys and the command bar can do at the moment: whoever can do it says so. */
export interface Commands {
  /** Returns how to take it back. The last one that registered does it; `enabled` says whether it can now. */
  register(command: Command, run: () => void, enabled?: () => boolean): () => void
  /** Whether somebody does it at the moment. */
  can(command: Command): boolean
  /** Does it; false when nobody can. */
  run(command: Command): boolean
}

export const commandsKey: InjectionKey<Commands> = Symbol('commands')

export function useCommands(): Commands {
  const commands = inject(commandsKey)
  if (commands === undefined) throw new Error('There are no commands around this component.')
  return commands
}

export function createCommands(): Commands {
  const known: { command: Command; run: () => void; enabled: () => boolean }[] = []
  const find = (command: Command): (() => void) | undefined =>
    known.findLast((one) => one.command === command && one.enabled())?.run
  return {
    register(command, run, enabled = () => true) {
      const entry = { command, run, enabled }
      known.push(entry)
      return () => {
        known.splice(known.indexOf(entry), 1)
      }
    },
    can: (command) => find(command) !== undefined,
    run(command) {
      const run = find(command)
      run?.()
      return run !== undefined
    },
  }
}
