import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { ControlError } from './control-http.js'
import { identifier, parseInput } from './control-input.js'
import type { QuirksInput } from './protocol.js'
import { World, type WorldOptions } from './world.js'

/** Names the world of a request whose path does not. */
export const worldHeader = 'x-emulator-world'
/** Worlds besides the one at the emulator's own address: each may keep a thousand pushes and calls, and pictures. */
export const maxWorlds = 100
/** Bytes of pictures that each of them keeps at most. */
const maxMediaBytes = 32 * 1024 * 1024

/** How a world begins. */
export interface WorldSettings {
  readonly quirks?: QuirksInput | undefined
  readonly seed?: string | undefined
  readonly fixedAt?: number | undefined
}

export interface WorldsOptions extends Pick<
  WorldOptions,
  'origin' | 'pushHosts' | 'pushTimeoutMs' | 'retryDelayMs' | 'receiveTimeoutMs' | 'logger'
> {
  /** How the world at the emulator's own address begins. */
  readonly main?: WorldSettings
}

/** Where a request goes. */
interface Address {
  /** null is the world at the emulator's own address. */
  readonly name: string | null
  /** The path that was taken off. */
  readonly prefix: string
  /** `/w/NAME` without a slash behind it, where the page's own files would not be found. */
  readonly lacksSlash: boolean
}

const own: Address = { name: null, prefix: '', lacksSlash: false }

/** The worlds of an emulator: that of its own address, and others by name. */
export class Worlds {
  readonly main: World
  readonly #options: WorldsOptions
  readonly #named = new Map<string, World>()
  readonly #addresses = new WeakMap<IncomingMessage, Address>()

  constructor(options: WorldsOptions) {
    this.#options = options
    this.main = this.#make('', options.main ?? {}, undefined)
  }

  /** Reads which world a request means, by `/w/NAME` or by its header, and takes that off its address. */
  arrive(req: IncomingMessage): void {
    const [, name, rest = ''] = /^\/w\/([^/?#]*)([^]*)$/.exec(req.url ?? '') ?? []
    if (name !== undefined) {
      const lacksSlash = !rest.startsWith('/')
      req.url = lacksSlash ? `/${rest}` : rest
      this.#addresses.set(req, { name, prefix: `/w/${name}`, lacksSlash })
      return
    }
    const header = req.headers[worldHeader]
    if (header !== undefined) this.#addresses.set(req, { ...own, name: String(header) })
  }

  addressOf(req: IncomingMessage): Address {
    return this.#addresses.get(req) ?? own
  }

  /**
   * The world of a request, which `mayOpen` makes where there is none. Throws ConfigError for a name that none can
   * have, and ControlError where it is not there (404), or there are too many (409).
   */
  of(req: IncomingMessage, mayOpen: boolean): World {
    const { name } = this.addressOf(req)
    if (name === null) return this.main
    const world = this.get(name)
    if (world) return world
    if (mayOpen) return this.open(name)
    throw new ControlError(404, 'not_found', `There is no world ${name}: POST /_emulator/worlds makes it.`)
  }

  /** Throws ConfigError for a name that none can have. */
  get(name: string): World | undefined {
    parseInput(worldName, { world: name })
    return this.#named.get(name)
  }

  /** Makes one. Throws ConfigError and ControlError (409). */
  open(name: string, settings: WorldSettings = {}): World {
    if (this.get(name))
      throw new ControlError(
        409,
        'world_exists',
        `There is a world ${name} already: DELETE it first, or use it.`,
      )
    if (this.#named.size >= maxWorlds)
      throw new ControlError(
        409,
        'too_many_worlds',
        `There are ${maxWorlds} worlds already: DELETE /_emulator/worlds/NAME takes one away.`,
      )
    const world = this.#make(`/w/${name}`, settings, maxMediaBytes)
    this.#named.set(name, world)
    return world
  }

  /** Ends one and forgets all of it; false when there is none. */
  async remove(name: string): Promise<boolean> {
    const world = this.#named.get(name)
    if (!world) return false
    this.#named.delete(name)
    await world.close()
    return true
  }

  /** The names of those besides the emulator's own, oldest first. */
  get names(): readonly string[] {
    return [...this.#named.keys()]
  }

  /** Ends every session of WeChat's own agents whose time has passed. */
  expire(): void {
    for (const world of this.#all()) world.official.expire()
  }

  async close(): Promise<void> {
    await Promise.all(this.#all().map((world) => world.close()))
  }

  #all(): World[] {
    return [this.main, ...this.#named.values()]
  }

  #make(prefix: string, settings: WorldSettings, maxMedia: number | undefined): World {
    const { origin, pushHosts, pushTimeoutMs, retryDelayMs, receiveTimeoutMs, logger } = this.#options
    const { quirks, seed, fixedAt } = settings
    return new World({
      prefix,
      quirks,
      seed,
      fixedAt,
      maxMediaBytes: maxMedia,
      origin,
      pushHosts,
      pushTimeoutMs,
      retryDelayMs,
      receiveTimeoutMs,
      logger,
    })
  }
}

const worldName = z.object({ world: identifier })
