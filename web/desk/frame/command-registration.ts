import { onUnmounted } from 'vue'
import { useCommands } from './commands.js'
import type { Command } from './keymap.js'

/** Does commands for as long as the component is there. */
export function useCommand(command: Command, run: () => void, enabled?: () => boolean): void {
  onUnmounted(useCommands().register(command, run, enabled))
}
