import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from './config.js'
import { callControl } from './control-client.js'
import { openFoundation, type Foundation } from './foundation.js'
import { createLogger } from './log.js'

/**
 * Carries a command out by the running server if there is one, else here, on the database opened for it alone.
 * Throws KefuError.
 */
export async function throughServerOrHere<T>(
  config: Config,
  command: { name: string; input: unknown; read: (result: unknown) => T },
  here: (foundation: Foundation) => Promise<T>,
): Promise<{ result: T; running: boolean }> {
  const answer = await callControl(config.dataDir, command.name, command.input)
  if (answer.running) return { result: command.read(answer.result), running: true }
  const foundation = await openFoundation(config, quietly(config))
  try {
    return { result: await here(foundation), running: false }
  } finally {
    await foundation.close()
  }
}

/** For a command: only what goes wrong is worth a line. */
export function quietly(config: Config): Parameters<typeof openFoundation>[1] {
  const level = config.logLevel === 'info' ? 'warn' : config.logLevel
  return { logger: createLogger(level), now: Date.now, wait: delay }
}
