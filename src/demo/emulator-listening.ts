import { isLoopback } from '../emulator/loopback.js'
import type { EmulatorOptions } from '../emulator/index.js'
import { ConfigError } from '../errors.js'
import type { Config } from '../config/config.js'

/** The address of `kefu demo` and `kefu emulate`, and who may use it. */
export type EmulatorListening = Required<
  Pick<EmulatorOptions, 'host' | 'port' | 'allowedHosts' | 'pushTo' | 'key'>
>

/** The command line's options that stand for variables. */
export interface ListeningFlags {
  readonly host?: string
  readonly port?: string
  readonly emulatorPort?: string
  readonly allowHost?: readonly string[]
  readonly pushTo?: readonly string[]
  readonly seedFile?: string
  readonly seed?: string
  readonly clock?: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** The environment with what the command line says instead; `port` is the variable that `--port` stands for. */
export function withFlags(
  environment: Environment,
  flags: ListeningFlags,
  port: 'PORT' | 'EMULATOR_PORT',
): Environment {
  const names = (variable: string, more: readonly string[] = []): string | undefined =>
    [environment[variable], ...more].filter((each) => each !== undefined && each !== '').join(',')
  return {
    ...environment,
    EMULATOR_ALLOW_HOST: names('EMULATOR_ALLOW_HOST', flags.allowHost),
    EMULATOR_PUSH_TO: names('EMULATOR_PUSH_TO', flags.pushTo),
    ...(flags.host !== undefined && { EMULATOR_HOST: flags.host }),
    ...(flags.emulatorPort !== undefined && { EMULATOR_PORT: flags.emulatorPort }),
    ...(flags.seedFile !== undefined && { EMULATOR_SEED_FILE: flags.seedFile }),
    ...(flags.seed !== undefined && { EMULATOR_SEED: flags.seed }),
    ...(flags.clock !== undefined && { EMULATOR_CLOCK: flags.clock }),
    ...(flags.port !== undefined && { [port]: flags.port }),
  }
}

/**
 * Beyond this machine the emulator is opened by name only: it pushes to where it is told and shows what answers.
 * Throws ConfigError that says how.
 */
export function emulatorListening(config: Config, { noKey = false } = {}): EmulatorListening {
  const {
    emulatorHost,
    emulatorPort: port,
    emulatorAllowHosts: allowedHosts,
    emulatorPushTo: pushTo,
  } = config
  const host = emulatorHost ?? '127.0.0.1'
  if (emulatorHost === undefined && !isLoopback(config.host))
    throw new ConfigError(
      `HOST is ${config.host}, which opens the service to other machines, and the emulator is not opened by that. ` +
        `To open it, say so: --host ${config.host} --allow-host NAME (EMULATOR_HOST and EMULATOR_ALLOW_HOST); ` +
        'for this machine alone: --host 127.0.0.1 (EMULATOR_HOST=127.0.0.1).',
    )
  if (!isLoopback(host) && allowedHosts.length === 0)
    throw new ConfigError(
      `The emulator would listen on ${host}, for other machines: say by which name they call it, ` +
        '--allow-host NAME (EMULATOR_ALLOW_HOST=NAME), such as the container’s name or this machine’s address.',
    )
  const key = noKey ? false : (config.emulatorKey ?? (isLoopback(host) ? false : undefined))
  return { host, port, allowedHosts, pushTo, key }
}

/** Where the phone is, for each name that the emulator is called by; the key stands where browsers send it to nobody. */
export function phoneLinks(
  { url, port, key }: { readonly url: string; readonly port: number; readonly key: string | undefined },
  { allowedHosts }: Pick<EmulatorListening, 'allowedHosts'>,
): string[] {
  const hosts = (allowedHosts ?? []).map(
    (name) => `http://${name.includes(':') ? `[${name}]` : name}:${port}`,
  )
  return [url, ...hosts].map((address) => `${address}/${key === undefined ? '' : `#key=${key}`}`)
}
