import { inspect } from 'node:util'

/** Where kefu writes what it does: pino's shape, so that a pino logger fits as it is. An error is the field `err`. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** A logger that keeps quiet. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** Warnings and errors on stderr, an error with its stack below: used by a library that was given no logger. */
export const consoleLogger: Logger = {
  debug() {},
  info() {},
  warn: (fields, message) => {
    console.warn(written(fields, message))
  },
  error: (fields, message) => {
    console.error(written(fields, message))
  },
}

const MAX_CAUSES = 5

function written(fields: object, message: string): string {
  const rest = Object.entries(fields).filter(([, value]) => !(value instanceof Error))
  const errors = Object.values(fields).filter((value) => value instanceof Error)
  const line = `kefu: ${message}${rest.length === 0 ? '' : ` ${described(Object.fromEntries(rest))}`}`
  return [line, ...errors.flatMap((error) => errorLines(error, '  ', MAX_CAUSES))].join('\n')
}

/** An error's kind and words, where it was thrown, and its causes. */
function errorLines(error: unknown, indent: string, causes: number): string[] {
  if (!(error instanceof Error)) return [indent + tame(inspect(error, { breakLength: Infinity }))]
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  const cause =
    error.cause === undefined || causes === 0
      ? []
      : [`${indent}because of`, ...errorLines(error.cause, `${indent}  `, causes - 1)]
  // Errors of kefu's own have it; docs/errors.md explains them.
  const { docs } = error as { docs?: unknown }
  const leads = typeof docs === 'string' && !error.message.includes(docs) ? [`  see ${docs}`] : []
  return [tame(`${error.name}: ${error.message}`), ...leads.map(tame), ...frames.map(tame)]
    .map((line) => indent + line)
    .concat(cause)
}

function described(fields: object): string {
  try {
    const json = JSON.stringify(fields, (_key, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    )
    return tame(json)
  } catch {
    // Anything can be thrown, also what refers to itself.
    return tame(inspect(fields, { breakLength: Infinity }))
  }
}

/** The text without control characters, which could write to a terminal what they like. */
export function tame(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )
}
