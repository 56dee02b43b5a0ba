import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../log.js'
import { pushUrl } from '../apps/push-url.js'
import { banner, setupLines, whatIsMissing } from './banner.js'
import type { Config } from '../config/config.js'
import { createLogger } from '../server/log.js'
import { startService, type Running } from '../server/start.js'

/** When a stop that hangs is cut off: service managers kill after 10 s. */
const STOP_MS = 9500

/** Runs the service until a signal ends it. Throws ConfigError when it can't start. */
export async function runStart(config: Config): Promise<void> {
  const logger = createLogger(config.logLevel)
  const ending = endings(logger)
  const running = await startService(config, { logger, now: Date.now, wait: delay })
  ending.of(running)
  if (process.stdout.isTTY) process.stdout.write(`${banner(config, running).join('\n')}\n`)
  else {
    announce(config, running, logger)
    // Not to the log: whoever reads it later must not find a link.
    if (running.setupUrl !== undefined) process.stdout.write(`${setupLines(running.setupUrl).join('\n')}\n`)
  }
}

function announce(config: Config, running: Running, logger: Logger): void {
  const { url, engine, rules } = running
  const pushUrls = running.apps.map(({ appId }) => pushUrl(config, appId))
  logger.info({ url, pushUrls, engine, rules }, 'kefu is ready')
  for (const missing of whatIsMissing(config, running)) logger.warn({}, missing)
}

/** Ends the process on a signal, or on what nobody caught, which goes to the log as any other error does. */
function endings(logger: Logger): { of(running: Running): void } {
  let running: Running | undefined
  let stopping = false
  const end = (exitCode: number): void => {
    if (stopping) process.exit(exitCode || 1) // asked twice: at once
    stopping = true
    logger.info({}, 'stopping')
    const stopped = running?.stop() ?? Promise.resolve()
    void Promise.race([stopped, delay(STOP_MS)]).then(() => {
      logger.info({}, 'stopped')
      process.exit(exitCode)
    })
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      end(0)
    })
  process.on('uncaughtException', (error) => {
    logger.error({ err: error }, 'an error that nobody caught: the service stops')
    end(1)
  })
  process.on('unhandledRejection', (error) => {
    logger.error({ err: error }, 'a promise was rejected and nobody caught it')
  })
  return {
    of(service) {
      running = service
    },
  }
}
