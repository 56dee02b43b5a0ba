/** Where kefu writes what it does: pino's shape, so that a pino logger fits as it is. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** A logger that keeps quiet. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** Warnings and errors as single lines on stderr: what a library may say when nobody gave it a logger. */
export const consoleLogger: Logger = {
  debug() {},
  info() {},
  warn: (fields, message) => {
    console.warn(`kefu: ${message}`, describe(fields))
  },
  error: (fields, message) => {
    console.error(`kefu: ${message}`, describe(fields))
  },
}

function describe(fields: object): string {
  return JSON.stringify(fields, (_key, value: unknown) =>
    value instanceof Error ? { name: value.name, message: value.message } : value,
  )
}
