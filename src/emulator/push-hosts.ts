import { ConfigError } from '../errors.js'
import { bare, isLoopback } from './loopback.js'

/** The hosts that pushes may go to besides this machine. */
export class PushHosts {
  readonly #names: Set<string>

  constructor(names: readonly string[] = []) {
    this.#names = new Set(names.map(bare))
  }

  /** Lets a URL's host be pushed to: whoever writes the program, or starts it, may name any. */
  trust(pushUrl: string): void {
    this.#names.add(bare(new URL(pushUrl).hostname))
  }

  trustAll(apps: readonly { readonly pushUrl: string }[] = []): void {
    for (const { pushUrl } of apps) this.trust(pushUrl)
  }

  /** Throws ConfigError, as `check` does. */
  checkAll(apps: readonly { readonly pushUrl: string }[] = []): void {
    for (const { pushUrl } of apps) this.check(pushUrl)
  }

  /** Throws ConfigError for a URL that whoever may use the control API may not have pushed to. */
  check(pushUrl: string): void {
    const name = bare(new URL(pushUrl).hostname)
    if (isLoopback(name) || this.#names.has(name)) return
    throw new ConfigError(
      `pushUrl: ${name} is not this machine, and anybody who can reach the emulator could read through it what answers there. ` +
        `If it is yours: --push-to ${name}, EMULATOR_PUSH_TO=${name}, or pushTo of createEmulator.`,
    )
  }
}
