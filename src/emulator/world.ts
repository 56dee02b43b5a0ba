import { setMaxListeners } from 'node:events'
import type { Middleware } from 'koa'
import { ConfigError } from '../errors.js'
import type { Logger } from '../log.js'
import { apiEndpoints } from './api-endpoints.js'
import { apiServer } from './api-server.js'
import { appInput, openIdInput, parseInput } from './control-input.js'
import { CustomerActions } from './customer-actions.js'
import type { ApiSettings, EmulatedWorld } from './emulated-world.js'
import { Faults } from './faults.js'
import { FakeModel } from './model/fake-model.js'
import { modelServer } from './model/model-server.js'
import { OfficialSessions } from './official-session.js'
import { Platform } from './platform.js'
import type { ApiCall, AppInput, AppView, Delivery, QuirksInput } from './protocol.js'
import type { PushHosts } from './push-hosts.js'
import { Pusher } from './pusher.js'
import { QuirkSwitches } from './quirks.js'
import { Recorder } from './recorder.js'
import { RidLog } from './rid-log.js'
import { Stubs } from './stubs.js'
import { UserHandle } from './user-handle.js'

export interface WorldOptions {
  /** Where the emulator listens, without a path. Called only once it does. */
  readonly origin: () => string
  /** The path before the world's addresses: empty, or `/w/NAME`. */
  readonly prefix: string
  readonly quirks?: QuirksInput | undefined
  /** The same ids, tokens and nonces in each run. */
  readonly seed?: string | undefined
  /** Milliseconds since 1970 at which the clock stands still. */
  readonly fixedAt?: number | undefined
  /** Bytes of all pictures together. */
  readonly maxMediaBytes?: number | undefined
  readonly pushHosts: PushHosts
  readonly pushTimeoutMs: number
  readonly retryDelayMs: number
  readonly receiveTimeoutMs: number
  readonly logger: Logger
}

/** One WeChat: apps, customers, faults, time and records that no other world sees. */
export class World implements EmulatedWorld {
  readonly platform: Platform
  readonly recorder: Recorder
  readonly faults: Faults
  readonly stubs: Stubs
  /** An OpenAI-compatible model at /_model/v1. */
  readonly model: FakeModel
  readonly quirks: QuirkSwitches
  readonly official: OfficialSessions
  readonly actions: CustomerActions
  /** WeChat's API as this world answers it. */
  readonly api: Middleware
  readonly #options: WorldOptions
  readonly #pusher: Pusher
  readonly #rids = new RidLog()
  readonly #handles = new Map<string, UserHandle>()
  readonly #closing = new AbortController()

  constructor(options: WorldOptions) {
    const { prefix, origin, seed, fixedAt, maxMediaBytes, pushTimeoutMs, retryDelayMs, logger } = options
    this.#options = options
    this.platform = new Platform({ prefix, seed, fixedAt, maxMediaBytes })
    const { platform } = this
    const { bus } = platform
    this.recorder = new Recorder(bus)
    this.quirks = new QuirkSwitches(options.quirks)
    this.official = new OfficialSessions(platform)
    this.faults = new Faults({
      onChange: (faults) => {
        bus.emit({ type: 'faults', faults })
      },
      onClear: () => {
        this.#pusher.release()
      },
    })
    const { recorder, faults, official, quirks } = this
    this.#pusher = new Pusher({
      platform,
      recorder,
      faults,
      official,
      timeoutMs: pushTimeoutMs,
      retryDelayMs,
      quirks,
      logger,
    })
    this.actions = new CustomerActions({ platform, pusher: this.#pusher, official, origin })
    const rids = this.#rids
    const endpoints = apiEndpoints(rids)
    this.stubs = new Stubs({
      onChange: (stubs) => {
        bus.emit({ type: 'stubs', stubs })
      },
    })
    const { stubs } = this
    this.model = new FakeModel(bus)
    const wechat = apiServer({ platform, recorder, faults, quirks, rids, endpoints, stubs, logger })
    const models = modelServer(this.model, () => this.closed)
    this.api = async (ctx, next) => {
      await models(ctx, async () => {
        await wechat(ctx, next)
      })
    }
    // Every event stream and long poll listens: any number of them.
    setMaxListeners(0, this.closed)
  }

  /** The world's address: of its API, and before its control API. */
  get url(): string {
    return this.#options.origin() + this.#options.prefix
  }

  /** Aborted when the world ends. */
  get closed(): AbortSignal {
    return this.#closing.signal
  }

  get deliveries(): readonly Delivery[] {
    return this.recorder.deliveries
  }

  get calls(): readonly ApiCall[] {
    return this.recorder.calls
  }

  /** Adds an app for whoever writes the program, and so may have any host pushed to. Throws ConfigError. */
  addApp(input: AppInput & ApiSettings): AppView {
    const app = parseInput(appInput, withoutApiSettings(input))
    this.#options.pushHosts.trust(app.pushUrl)
    return this.platform.addApp(app).view()
  }

  /** Throws ConfigError. */
  user(openId: string, appId = this.#onlyApp()): UserHandle {
    parseInput(openIdInput, openId)
    const { platform, actions, official } = this
    const find = (): ReturnType<ConstructorParameters<typeof UserHandle>[0]['find']> => {
      const app = platform.app(appId)
      if (!app) throw new ConfigError(`There is no app ${appId}: add it with addApp.`)
      return app.user(openId)
    }
    find()
    const key = `${appId} ${openId}`
    let handle = this.#handles.get(key)
    if (!handle) {
      handle = new UserHandle({
        platform,
        actions,
        official,
        recorder: this.recorder,
        find,
        receiveTimeoutMs: this.#options.receiveTimeoutMs,
        closed: this.closed,
      })
      this.#handles.set(key, handle)
    }
    return handle
  }

  #onlyApp(): string {
    const [app, ...others] = this.platform.apps
    if (app && others.length === 0) return app.appId
    throw new ConfigError(
      `There are ${this.platform.apps.length} apps: say whose customer it is, user(openId, appId).`,
    )
  }

  /** Ages allowances, typing, official sessions, tokens and media. */
  advance(ms: number): void {
    const { platform, official } = this
    platform.clock.advance(ms)
    platform.bus.emit({ type: 'clock', clock: platform.clock.view() })
    official.expire()
    for (const app of platform.apps) for (const customer of app.users) platform.changed(customer)
  }

  /** Forgets customers, messages, faults, stubs, records, and the clock; apps and their tokens stay. */
  async reset(): Promise<void> {
    const { platform, faults, stubs, quirks, recorder } = this
    faults.clear()
    stubs.clear()
    await this.#pusher.cancel()
    platform.reset()
    quirks.reset()
    this.model.reset()
    recorder.clear()
    platform.bus.emit({ type: 'reset' })
    platform.bus.emit({ type: 'clock', clock: platform.clock.view() })
  }

  /** Forgets an app and all that is its own; false when there is none. */
  async removeApp(appId: string): Promise<boolean> {
    const app = this.platform.app(appId)
    // At once, so that nobody adds to it while its pushes end.
    if (!app || !this.platform.removeApp(appId)) return false
    await this.#pusher.cancel(app)
    this.#forgetRecords(appId)
    this.platform.bus.emit({ type: 'app_removed', appId })
    return true
  }

  /** Forgets all of an app but its settings and its tokens; false when there is none. */
  async resetApp(appId: string): Promise<boolean> {
    const app = this.platform.app(appId)
    if (!app) return false
    await this.#pusher.cancel(app)
    this.platform.forgetOf(app)
    this.#forgetRecords(appId)
    this.platform.bus.emit({ type: 'app_reset', appId })
    return true
  }

  #forgetRecords(appId: string): void {
    this.faults.forget(appId)
    this.recorder.forget(appId)
    this.#rids.forget(appId)
  }

  /** Gives up what is under way, and lets go whoever waits. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#pusher.close()
  }
}

/** An app's settings without those for an Api, which `settingsFrom` gives with them. */
export function withoutApiSettings(input: AppInput & ApiSettings): AppInput {
  const app = { ...input }
  delete app.url
  delete app.language
  delete app.errorsUrl
  return app
}
