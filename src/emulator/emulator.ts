import { silentLogger, type Logger } from '../log.js'
import { limits } from '../wechat/index.js'
import { controlFrame } from './control-http.js'
import { parseInput, quirksInput } from './control-input.js'
import { controlRouter } from './control/router.js'
import { refuseOtherHosts } from './guard.js'
import { authority, listenOn, newApp } from './http-server.js'
import { checkKey, Door, makeKey } from './key.js'
import { bare, isLoopback } from './loopback.js'
import { phonePage } from './phone-page.js'
import type { ApiCall, AppInput, AppView, Delivery, Fault, FaultInput, QuirksInput } from './protocol.js'
import type { SetupInput, Stub, StubInput } from './protocol-setup.js'
import { PushHosts } from './push-hosts.js'
import type { QuirkSwitches } from './quirks.js'
import { applySetup, checkSetup } from './setup.js'
import { seedInput, timeInput } from './setup-input.js'
import type { UserHandle } from './user-handle.js'
import { withoutUrl, World } from './world.js'

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
  logger?: Logger | undefined
}

/** Answers for paths that the emulator does not play. */
export interface StubControl {
  /** Throws ConfigError when it makes no sense, or the emulator answers that path itself. */
  add(input: StubInput): Stub
  /** Takes one away; false when there is none. */
  remove(id: string): boolean
  clear(): void
  readonly items: readonly Stub[]
}

/** Makes things go wrong. */
export interface FaultControl {
  /** Throws ConfigError when the fault makes no sense. */
  add(input: FaultInput): Fault
  /** Takes all of them away, and lets go the pushes that one keeps back. */
  clear(): void
  /** Those that will still happen. */
  readonly items: readonly Fault[]
}

/** WeChat on this machine. */
export interface Emulator {
  /** Where the API, the control API and the phone are. */
  readonly url: string
  readonly port: number
  /** The key of the control API; undefined where it asks for none. */
  readonly key: string | undefined
  /** WeChat's odd ways that can be switched. */
  readonly quirks: Pick<QuirkSwitches, 'now' | 'set'>
  /**
   * Adds an app, or gives it new settings; `url`, which settings for an Api hold as well, is passed over.
   * Throws ConfigError.
   */
  addApp(input: AppInput & { url?: string | undefined }): AppView
  /** Forgets an app and all that is its own, and gives up its pushes; false when there is none. */
  removeApp(appId: string): Promise<boolean>
  /** Forgets all of an app but its settings and tokens; false when there is none. */
  resetApp(appId: string): Promise<boolean>
  /** A customer; `appId` may be left out while there is one app. Throws ConfigError. */
  user(openId: string, appId?: string): UserHandle
  readonly faults: FaultControl
  readonly stubs: StubControl
  /** The last 1000 pushes, oldest first. */
  readonly deliveries: readonly Delivery[]
  /** The last 1000 API calls, oldest first. */
  readonly calls: readonly ApiCall[]
  /** Ages allowances, typing, official sessions, tokens and media. */
  advance(ms: number): void
  /** Forgets customers, messages, faults, stubs, recorded pushes and calls, and the clock; apps and their tokens stay. */
  reset(): Promise<void>
  close(): Promise<void>
}

const expiryCheckMs = 1000

/** Starts an emulated WeChat. Throws ConfigError when an app makes no sense or the port is taken. */
export async function createEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { host = '127.0.0.1', port = 0, allowedHosts = [], logger = silentLogger } = options
  const { apps = [], users = [], faults = [], stubs = [], seed, clock } = options
  const { pushTimeoutMs = limits.pushTimeoutSeconds * 1000, retryDelayMs = 0 } = options
  const { key: wanted = isLoopback(host) ? false : makeKey() } = options
  const key = wanted === false ? undefined : checkKey(wanted)
  const door = key === undefined ? undefined : new Door(key, () => listening.port)
  const pushHosts = new PushHosts(options.pushTo)
  const world = new World({
    origin: () => origin,
    prefix: '',
    quirks: options.quirks && parseInput(quirksInput, options.quirks),
    seed: seed === undefined ? undefined : parseInput(seedInput, seed),
    fixedAt: clock === undefined ? undefined : parseInput(timeInput, clock),
    pushHosts,
    pushTimeoutMs,
    retryDelayMs,
    logger,
  })
  const setup = { apps: apps.map(withoutUrl), users, faults, stubs }
  for (const { pushUrl } of checkSetup(setup).apps ?? []) pushHosts.trust(pushUrl)

  const control = newApp(logger)
  control.use(controlFrame(logger))
  control.use(refuseOtherHosts({ host, allowedHosts: allowedHosts.map(bare) }))
  if (door) control.use(door.guard())
  const router = controlRouter({ world, door, pushHosts, pushTimeoutMs })
  control.use(router.routes()).use(router.allowedMethods())
  const wechat = newApp(logger)
  wechat.use(phonePage())
  wechat.use(world.api)

  const [handleControl, handleWechat] = [control.callback(), wechat.callback()]
  const listening = await listenOn(host, port, (req, res) => {
    void (req.url?.startsWith('/_emulator') === true ? handleControl(req, res) : handleWechat(req, res))
  })
  const origin = `http://${authority(host)}:${listening.port}`
  applySetup(world, setup)
  const expiry = setInterval(() => {
    world.official.expire()
  }, expiryCheckMs)
  expiry.unref()

  return {
    url: origin,
    port: listening.port,
    key,
    quirks: world.quirks,
    addApp: (input) => world.addApp(input),
    removeApp: (appId) => world.removeApp(appId),
    resetApp: (appId) => world.resetApp(appId),
    user: (openId, appId) => world.user(openId, appId),
    faults: world.faults,
    stubs: world.stubs,
    get deliveries() {
      return world.deliveries
    },
    get calls() {
      return world.calls
    },
    advance: (ms) => {
      world.advance(ms)
    },
    reset: () => world.reset(),
    async close() {
      clearInterval(expiry)
      await world.close()
      await listening.close()
    },
  }
}
