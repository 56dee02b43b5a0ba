import { pino } from 'pino'
import type { Logger } from '../log.js'
import type { Config } from './config.js'

/** JSON lines on stderr; an error as its kind, words and stack. */
export function createLogger(level: Config['logLevel']): Logger {
  return pino({ level, base: null }, pino.destination({ dest: 2, sync: true }))
}
