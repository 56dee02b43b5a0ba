import { KefuError } from '../errors.js'
import { program } from './program.js'

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof KefuError)) throw error
  process.stderr.write(`\n${error.message}\n\n`)
  process.exitCode = 1
}
