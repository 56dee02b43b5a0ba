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
  try {
    return JSON.stringify(fields, (_key, value: unknown) => {
      if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack }
      return typeof value === 'bigint' ? String(value) : value
    })
  } catch {
    // Anything can be thrown, also what refers to itself.
    return inspect(fields, { breakLength: Infinity })
  }
}
