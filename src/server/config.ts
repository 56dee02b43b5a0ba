import { z } from 'zod'
import { ConfigError } from '../errors.js'

const port = (what: string) =>
  z.coerce
    .number(`${what} must be a port number from 0 to 65535 (0: any free one).`)
    .int(`${what} must be a whole number.`)
    .min(0, `${what} must not be below 0.`)
    .max(65535, `${what} must not be above 65535.`)

const schema = z.object({
  HOST: z
    .string()
    .min(1, 'HOST must be an address to listen on, such as 127.0.0.1 or 0.0.0.0.')
    .default('127.0.0.1'),
  PORT: port('PORT').default(3000),
  EMULATOR_PORT: port('EMULATOR_PORT').default(3001),
  LOG_LEVEL: z
    .enum(
      ['debug', 'info', 'warn', 'error', 'silent'],
      'LOG_LEVEL must be debug, info, warn, error or silent.',
    )
    .default('info'),
})

/** The settings, as they are used. */
export interface Config {
  readonly host: string
  readonly port: number
  readonly emulatorPort: number
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
}

/**
 * Reads the environment. Throws ConfigError that names every variable that can't work and what it should look
 * like, never its value. An empty variable counts as not set.
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const set = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  )
  const result = schema.safeParse(set)
  if (!result.success)
    throw new ConfigError(
      `The configuration can’t work:\n${result.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`).join('\n')}`,
    )
  const { HOST, PORT, EMULATOR_PORT, LOG_LEVEL } = result.data
  return { host: HOST, port: PORT, emulatorPort: EMULATOR_PORT, logLevel: LOG_LEVEL }
}

/** The environment, with what `.env` in the working directory adds to it (it replaces nothing). */
export function loadEnvironment(): NodeJS.ProcessEnv {
  try {
    process.loadEnvFile()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT'))
      throw new ConfigError(
        'The file .env can’t be read: check its permissions and that each line is NAME=value.',
        {
          cause: error,
        },
      )
  }
  return process.env
}
