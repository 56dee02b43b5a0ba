import { tame } from '../log.js'

const colours: Readonly<Record<string, number>> = { debug: 90, info: 32, warn: 33, error: 31 }

/** A JSON line of the log as a person reads it: time, level, words, then the fields. */
export function terminalLine(json: string): string {
  const { level, time, msg, err, error = err, ...fields } = parse(json)
  const clock = new Date(Number(time)).toTimeString().slice(0, 8)
  const name = typeof level === 'string' ? level : 'info'
  const colour = colours[name] ?? 0
  const rest = Object.entries(fields).map(([key, value]) => `${key}=${shown(value)}`)
  const head = `\u001b[90m${clock}\u001b[0m \u001b[${colour}m${name.padEnd(5)}\u001b[0m ${tame(String(msg))}`
  const tail = rest.length > 0 ? ` \u001b[90m${rest.join(' ')}\u001b[0m` : ''
  return `${head}${tail}\n${describe(error, '        ')}`
}

function describe(error: unknown, indent: string): string {
  if (typeof error !== 'object' || error === null) return ''
  const { name, message, stack, cause } = error as Record<string, unknown>
  const lines = [`${indent}${tame(String(name))}: ${tame(String(message))}`]
  if (typeof stack === 'string') lines.push(...stack.split('\n').map((line) => indent + tame(line)))
  return `${lines.join('\n')}\n${describe(cause, `${indent}  `)}`
}

function shown(value: unknown): string {
  return tame(typeof value === 'string' && /^[\w./:@-]+$/.test(value) ? value : JSON.stringify(value))
}

function parse(json: string): Record<string, unknown> {
  return JSON.parse(json) as Record<string, unknown>
}
