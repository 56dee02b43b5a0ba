import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../config/config.js'
import { callControl } from '../server/control-client.js'
import { openCore, type Core } from '../server/core.js'
import { createLogger } from '../server/log.js'

/**
 * Carries a command out by the running server if there is one, else here, on the database opened for it alone.
 * Throws KefuError.
 */
export async function runViaServer<T>(
  config: Config,
  command: { name: string; input: unknown; read: (result: unknown) => T },
  here: (core: Core) => Promise<T>,
): Promise<{ result: T; running: boolean }> {
  const answer = await callControl(config.dataDir, command.name, command.input)
  if (answer.running) return { result: command.read(answer.result), running: true }
  const core = await openCore(config, quietly(config))
  try {
    return { result: await here(core), running: false }
  } finally {
    await core.close()
  }
}

/** For a command: only what goes wrong is worth a line. */
export function quietly(config: Config): Parameters<typeof openCore>[1] {
  const level = config.logLevel === 'info' ? 'warn' : config.logLevel
  return { logger: createLogger(level), now: Date.now, wait: delay }
}
