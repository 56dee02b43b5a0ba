import type { z } from 'zod'
import type { SetupView } from '../protocol-setup.js'
import { applySetup, checkSetup } from '../setup.js'
import type { worldInput } from '../setup-input.js'
import type { World } from '../world.js'
import type { Worlds } from '../worlds.js'

/** Makes a world with all that it begins with, or nothing. Throws ConfigError, and ControlError (409). */
export function openWorld(
  worlds: Worlds,
  { name, seed, clock, quirks, ...setup }: z.output<typeof worldInput>,
): { world: World; setup: SetupView } {
  checkSetup(setup)
  const world = worlds.open(name, { seed, fixedAt: clock, quirks })
  return { world, setup: applySetup(world, setup) }
}
