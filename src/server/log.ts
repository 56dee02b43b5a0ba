import { pino } from 'pino'
import type { Logger } from '../log.js'
import type { Config } from '../config/config.js'
import { describeError } from './describe-error.js'
import { terminalLine } from './terminal-line.js'

/** Where lines go: stderr, or a test. */
export interface LogOutput {
  write(text: string): unknown
  readonly isTTY?: boolean
}

/**
 * JSON lines, or readable ones on a terminal. Of an error its kind, words and place are kept, and nothing that a
 * driver hangs on it: that may hold a row, and a row a customer's text.
 */
export function createLogger(level: Config['logLevel'], output: LogOutput = process.stderr): Logger {
  const sync =
    output === process.stderr && output.isTTY !== true ? pino.destination({ dest: 2, sync: true }) : undefined
  const write = (line: string): unknown => output.write(output.isTTY === true ? terminalLine(line) : line)
  return pino(
    {
      level,
      base: null,
      serializers: { err: describeError, error: describeError },
      formatters: { level: (label) => ({ level: label }) },
    },
    sync ?? { write },
  )
}
