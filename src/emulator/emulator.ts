import { ConfigError } from '../errors.js'
import { silentLogger, type Logger } from '../log.js'
import { limits } from '../wechat/index.js'
import { ControlError, controlFrame } from './control-http.js'
import { parseInput, quirksInput } from './control-input.js'
import { openWorld } from './control/open-world.js'
import { controlRouter } from './control/router.js'
import type { EmulatedWorld } from './emulated-world.js'
import { refuseOtherHosts } from './guard.js'
import { authority, listenOn, newApp } from './http-server.js'
import { checkKey, Door, makeKey } from './key.js'
import { bare, isLoopback } from './loopback.js'
import { phonePage } from './phone-page.js'
import type { AppInput, FaultInput, QuirksInput } from './protocol.js'
import type { SetupInput, StubInput, WorldInput } from './protocol-setup.js'
import { PushHosts } from './push-hosts.js'
import { applySetup, checkSetup } from './setup.js'
import { seedInput, timeInput, worldInput } from './setup-input.js'
import { toItsWorld, withSlash } from './world-front.js'
import { withoutApiSettings } from './world.js'
import { Worlds } from './worlds.js'

export interface EmulatorOptions {
  /** The host to listen on; 127.0.0.1 when not given. */
  host?: string | undefined
  /** Any free one when not given. */
  port?: number | undefined
  /** Names by which it may be called besides `host` and this machine's own, such as a container's. */
  allowedHosts?: readonly string[] | undefined
  /** Hosts besides this machine that the control API may have pushed to; those that `apps` and `addApp` name are too. */
  pushTo?: readonly string[] | undefined
  /**
   * The key of the control API and the phone. When not given: nothing on loopback, beyond it a new one
   * (`Emulator.key`). False asks for nothing: for a network that is closed by itself.
   */
  key?: string | false | undefined
  /** Which of WeChat's odd ways are played at first; see Quirks for the usual ones. */
  quirks?: QuirksInput | undefined
  apps?: readonly AppInput[] | undefined
  /** Customers who have entered or written before; `appId` may be left out while there is one app. */
  users?: SetupInput['users'] | undefined
  /** What shall go wrong. */
  faults?: readonly FaultInput[] | undefined
  /** Answers for paths that the emulator does not play. */
  stubs?: readonly StubInput[] | undefined
  /** The same ids, tokens and nonces in each run: from 1 to 256 characters. */
  seed?: string | undefined
  /** Where the clock stands still: milliseconds since 1970, or a time with its zone. It runs when not given. */
  clock?: number | string | undefined
  /** How long a push may take to be answered; WeChat's 5000 when not given. */
  pushTimeoutMs?: number | undefined
  /** How long after a failed attempt the next one begins; at once when not given. */
  retryDelayMs?: number | undefined
  /** How long `receives()` and `receivesText()` wait when they are not told; 2000 when not given. */
  receiveTimeoutMs?: number | undefined
  logger?: Logger | undefined
}

/** WeChat on this machine: the world at the emulator's own address, and others beside it. */
export interface Emulator extends EmulatedWorld {
  readonly port: number
  /** The key of the control API; undefined where it asks for none. */
  readonly key: string | undefined
  /**
   * A world of its own in this emulator, made when there is none; how it begins can be said only then.
   * Throws ConfigError, also when there are too many.
   */
  world(name: string, begins?: Omit<WorldInput, 'name'>): EmulatedWorld
  /** Ends a world and forgets all of it; false when there is none. */
  removeWorld(name: string): Promise<boolean>
  close(): Promise<void>
}

const expiryCheckMs = 1000
/** Below the 5000 after which test runners give up, so that a test fails with the reason. */
const defaultReceiveTimeoutMs = 2000

/** Starts an emulated WeChat. Throws ConfigError when an app makes no sense or the port is taken. */
export async function createEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { host = '127.0.0.1', port = 0, allowedHosts = [], logger = silentLogger } = options
  const { apps = [], users = [], faults = [], stubs = [], seed, clock } = options
  const { pushTimeoutMs = limits.pushTimeoutSeconds * 1000, retryDelayMs = 0 } = options
  const { receiveTimeoutMs = defaultReceiveTimeoutMs } = options
  const { key: wanted = isLoopback(host) ? false : makeKey() } = options
  const key = wanted === false ? undefined : checkKey(wanted)
  const door = key === undefined ? undefined : new Door(key, () => listening.port)
  const pushHosts = new PushHosts(options.pushTo)
  const worlds = new Worlds({
    origin: () => origin,
    main: {
      quirks: options.quirks && parseInput(quirksInput, options.quirks),
      seed: seed === undefined ? undefined : parseInput(seedInput, seed),
      fixedAt: clock === undefined ? undefined : parseInput(timeInput, clock),
    },
    pushHosts,
    pushTimeoutMs,
    retryDelayMs,
    receiveTimeoutMs,
    logger,
  })
  const { main } = worlds
  const setup = { apps: apps.map(withoutApiSettings), users, faults, stubs }
  pushHosts.trustAll(checkSetup(setup).apps)

  const control = newApp(logger)
  control.use(controlFrame(logger))
  control.use(refuseOtherHosts({ host, allowedHosts: allowedHosts.map(bare) }))
  if (door) control.use(door.guard())
  const router = controlRouter({ worlds, door, pushHosts, pushTimeoutMs })
  control.use(router.routes()).use(router.allowedMethods())
  const wechat = newApp(logger)
  wechat.use(withSlash(worlds))
  wechat.use(phonePage())
  wechat.use(toItsWorld(worlds, door === undefined))

  const [handleControl, handleWechat] = [control.callback(), wechat.callback()]
  const listening = await listenOn(host, port, (req, res) => {
    worlds.arrive(req)
    void (req.url?.startsWith('/_emulator') === true ? handleControl(req, res) : handleWechat(req, res))
  })
  const origin = `http://${authority(host)}:${listening.port}`
  applySetup(main, setup)
  const expiry = setInterval(() => {
    worlds.expire()
  }, expiryCheckMs)
  expiry.unref()

  return {
    url: origin,
    port: listening.port,
    key,
    quirks: main.quirks,
    addApp: (input) => main.addApp(input),
    removeApp: (appId) => main.removeApp(appId),
    resetApp: (appId) => main.resetApp(appId),
    user: (openId, appId) => main.user(openId, appId),
    faults: main.faults,
    stubs: main.stubs,
    model: main.model,
    get deliveries() {
      return main.deliveries
    },
    get calls() {
      return main.calls
    },
    advance: (ms) => {
      main.advance(ms)
    },
    reset: () => main.reset(),
    world(name, begins) {
      const there = worlds.get(name)
      if (there && begins === undefined) return there
      const input = parseInput(worldInput, { ...begins, name })
      pushHosts.trustAll(input.apps)
      return asConfigError(() => openWorld(worlds, input).world)
    },
    removeWorld: (name) => worlds.remove(name),
    async close() {
      clearInterval(expiry)
      await worlds.close()
      await listening.close()
    },
  }
}

/** In a program the control API's refusals are mistakes of the program. */
function asConfigError<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof ControlError) throw new ConfigError(error.message)
    throw error
  }
}
