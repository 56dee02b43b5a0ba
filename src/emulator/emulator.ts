import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import { ConfigError } from '../errors.js'
import { silentLogger, type Logger } from '../log.js'
import { limits } from '../wechat/index.js'
import { apiServer } from './api-server.js'
import { controlFrame } from './control-http.js'
import { appInput, openIdInput, parseInput, quirksInput } from './control-input.js'
import { controlRoutes } from './control-routes.js'
import { CustomerActions } from './customer-actions.js'
import { Faults } from './faults.js'
import { refuseOtherHosts, refuseOtherOrigins } from './guard.js'
import { checkKey, Door, makeKey } from './key.js'
import { bare, isLoopback } from './loopback.js'
import { OfficialSessions } from './official-session.js'
import { phonePage } from './phone-page.js'
import { Platform } from './platform.js'
import type { ApiCall, AppInput, AppView, Delivery, Fault, FaultInput, QuirksInput } from './protocol.js'
import { Pusher } from './pusher.js'
import { QuirkSwitches } from './quirks.js'
import { Recorder } from './recorder.js'
import { isBrokenRequest } from './request-body.js'
import { UserHandle } from './user-handle.js'

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
  /** How long a push may take to be answered; WeChat's 5000 when not given. */
  pushTimeoutMs?: number | undefined
  /** How long after a failed attempt the next one begins; at once when not given. */
  retryDelayMs?: number | undefined
  logger?: Logger | undefined
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
  /** A customer; `appId` may be left out while there is one app. Throws ConfigError. */
  user(openId: string, appId?: string): UserHandle
  readonly faults: FaultControl
  /** The last 1000 pushes, oldest first. */
  readonly deliveries: readonly Delivery[]
  /** The last 1000 API calls, oldest first. */
  readonly calls: readonly ApiCall[]
  /** Ages allowances, typing, official sessions, tokens and media. */
  advance(ms: number): void
  /** Forgets customers, messages, faults, recorded pushes and calls, and the clock; apps and their tokens stay. */
  reset(): Promise<void>
  close(): Promise<void>
}

const expiryCheckMs = 1000

/** Starts an emulated WeChat. Throws ConfigError when an app makes no sense or the port is taken. */
export async function createEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { host = '127.0.0.1', port = 0, apps = [], allowedHosts = [], logger = silentLogger } = options
  const { pushTimeoutMs = limits.pushTimeoutSeconds * 1000, retryDelayMs = 0 } = options
  const { key: wanted = isLoopback(host) ? false : makeKey() } = options
  const key = wanted === false ? undefined : checkKey(wanted)
  const door = key === undefined ? undefined : new Door(key, () => boundPort)
  const quirks = new QuirkSwitches(options.quirks && parseInput(quirksInput, options.quirks))
  const pushHosts = new Set((options.pushTo ?? []).map(bare))

  const platform = new Platform()
  const { bus, clock } = platform
  const recorder = new Recorder(bus)
  const official = new OfficialSessions(platform)
  const faults = new Faults({
    onChange: (items) => {
      bus.emit({ type: 'faults', faults: items })
    },
    onClear: () => {
      pusher.release()
    },
  })
  const pusher = new Pusher({
    platform,
    recorder,
    faults,
    official,
    timeoutMs: pushTimeoutMs,
    retryDelayMs,
    quirks,
    logger,
  })
  const actions = new CustomerActions({ platform, pusher, official, url: () => url })
  for (const app of apps) addApp(app)

  const routes = controlRoutes({
    platform,
    recorder,
    faults,
    official,
    actions,
    advance,
    reset,
    pushTimeoutMs,
    quirks,
    door,
    mayPushTo,
  })
  const control = newApp(logger)
  control.use(controlFrame(logger))
  control.use(refuseOtherHosts({ host, allowedHosts: allowedHosts.map(bare) }))
  if (door) control.use(door.guard())
  control.use(routes.routes()).use(routes.allowedMethods())
  const wechat = newApp(logger)
  wechat.use(phonePage())
  wechat.use(apiServer({ platform, recorder, faults, quirks, logger }))

  const [handleControl, handleWechat] = [control.callback(), wechat.callback()]
  const server = createServer((req, res) => {
    void (req.url?.startsWith('/_emulator') === true ? handleControl(req, res) : handleWechat(req, res))
  })
  const boundPort = await listen(server, host, port)
  const url = `http://${authority(host)}:${boundPort}`
  const expiry = setInterval(() => {
    official.expire()
  }, expiryCheckMs)
  expiry.unref()
  const closed = new AbortController()
  const handles = new Map<string, UserHandle>()

  function addApp(input: AppInput & { url?: string | undefined }): AppView {
    const settings = { ...input }
    delete settings.url
    const app = parseInput(appInput, settings)
    // Whoever writes the program may name any host.
    pushHosts.add(bare(new URL(app.pushUrl).hostname))
    return platform.addApp(app).view()
  }

  function mayPushTo(pushUrl: string): void {
    const name = bare(new URL(pushUrl).hostname)
    if (isLoopback(name) || pushHosts.has(name)) return
    throw new ConfigError(
      `pushUrl: ${name} is not this machine, and anybody who can reach the emulator could read through it what answers there. ` +
        `If it is yours: --push-to ${name}, EMULATOR_PUSH_TO=${name}, or pushTo of createEmulator.`,
    )
  }

  function user(openId: string, appId = onlyApp()): UserHandle {
    parseInput(openIdInput, openId)
    const app = platform.app(appId)
    if (!app) throw new ConfigError(`There is no app ${appId}: add it with addApp.`)
    const key = `${appId} ${openId}`
    let handle = handles.get(key)
    if (!handle) {
      const find = () => app.user(openId)
      handle = new UserHandle({ platform, actions, official, find, closed: closed.signal })
      handles.set(key, handle)
    }
    return handle
  }

  function onlyApp(): string {
    const [app, ...others] = platform.apps
    if (app && others.length === 0) return app.appId
    throw new ConfigError(
      `There are ${platform.apps.length} apps: say whose customer it is, user(openId, appId).`,
    )
  }

  function advance(ms: number): void {
    clock.advance(ms)
    bus.emit({ type: 'clock', clock: clock.view() })
    official.expire()
    for (const app of platform.apps) for (const customer of app.users) platform.changed(customer)
  }

  async function reset(): Promise<void> {
    faults.clear()
    await pusher.cancel()
    platform.reset()
    quirks.reset()
    recorder.clear()
    bus.emit({ type: 'reset' })
    bus.emit({ type: 'clock', clock: clock.view() })
  }

  async function close(): Promise<void> {
    clearInterval(expiry)
    closed.abort()
    await pusher.close()
    await new Promise<void>((resolve) => {
      server.close(() => {
        resolve()
      })
      server.closeAllConnections()
    })
  }

  return {
    url,
    port: boundPort,
    key,
    quirks,
    addApp,
    user,
    faults,
    get deliveries() {
      return recorder.deliveries
    },
    get calls() {
      return recorder.calls
    },
    advance,
    reset,
    close,
  }
}

function newApp(logger: Logger): Koa {
  const koa = new Koa()
  koa.use(refuseOtherOrigins())
  koa.on('error', (error: unknown) => {
    if (isBrokenRequest(error)) logger.debug({}, 'A client went away')
    else logger.error({ err: error }, 'The emulator failed at a request')
  })
  return koa
}

async function listen(server: ReturnType<typeof createServer>, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  }).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE')
      throw new ConfigError(
        `Port ${port} on ${host} is taken, perhaps by another emulator: stop it or choose another port.`,
      )
    throw error
  })
  const address = server.address()
  return isAddressInfo(address) ? address.port : port
}

function isAddressInfo(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}

/** How to call a host that was listened on, from this machine. */
function authority(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
