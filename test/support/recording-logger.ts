import { EventEmitter } from 'node:events'
import type { Logger } from '../../src/log.js'

export interface LogLine {
  readonly level: keyof Logger
  readonly fields: object
  readonly message: string
}

/** A Logger that keeps its lines, and emits `line` for each on its `events`. */
export class RecordingLogger implements Logger {
  readonly lines: LogLine[] = []
  readonly events = new EventEmitter()

  debug(fields: object, message: string): void {
    this.#add({ level: 'debug', fields, message })
  }

  info(fields: object, message: string): void {
    this.#add({ level: 'info', fields, message })
  }

  warn(fields: object, message: string): void {
    this.#add({ level: 'warn', fields, message })
  }

  error(fields: object, message: string): void {
    this.#add({ level: 'error', fields, message })
  }

  messages(level: keyof Logger): string[] {
    return this.lines.filter((line) => line.level === level).map(({ message }) => message)
  }

  #add(line: LogLine): void {
    this.lines.push(line)
    this.events.emit('line', line)
  }
}
