import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createEmulator, type Emulator } from '../../src/emulator/index.js'
import { defaultAllowanceRules } from '../../src/conversation/index.js'
import { silentLogger } from '../../src/log.js'
import { callControl } from '../../src/server/control-client.js'
import { RuleBook } from '../../src/rules/rule-book.js'
import { toJson, openStore, type Store } from '../../src/store/index.js'
import { emptyDatabase } from '../runner/postgres-databases.js'
import { planted } from '../support/test-service.js'
import type { Compiled } from './compiled.js'
import { Door } from './door.js'
import { botModule, rules } from './script.js'
import { ServerProcess, type CrashPoint } from './server-process.js'
import { Wire } from './wire.js'
import { patience } from '../support/patience.js'

export interface WorldOptions {
  readonly compiled: Compiled
  readonly kind: 'sqlite' | 'postgres'
  /** Whether handlers in code stand before the rules. */
  readonly code: boolean
}

/** A process that ended, and when. */
export interface End {
  readonly slot: number
  readonly at: number
}

type Database = Awaited<ReturnType<typeof emptyDatabase>>

/** How long anything in this suite may take that should take a moment. */
export const PATIENCE_MS = 180_000

/**
 * One database with its servers (one process on SQLite, two on PostgreSQL), between an emulated WeChat's pushes and
 * its API.
 */
export class World {
  readonly slots: readonly number[]
  readonly emulator: Emulator
  readonly wire: Wire
  readonly door = new Door()
  /** For the HTTP API. */
  readonly apiKey = randomBytes(24).toString('base64url')
  /** How processes ended that did not end well, in order. */
  readonly ends: End[] = []
  readonly #options: WorldOptions
  readonly #directory: string
  readonly #database: Database | undefined
  readonly #env: Record<string, string>
  readonly #servers: (ServerProcess | undefined)[] = []
  readonly #launched: ServerProcess[] = []
  #agentId: number | undefined
  #peaceful = false

  private constructor(options: WorldOptions, emulator: Emulator, database: Database | undefined) {
    this.#options = options
    this.emulator = emulator
    this.#database = database
    this.wire = new Wire(emulator.url)
    this.slots = options.kind === 'sqlite' ? [0] : [0, 1]
    this.#directory = mkdtempSync(join(tmpdir(), 'kefu-crash-'))
    writeFileSync(join(this.#directory, 'bot.mjs'), botModule)
    this.#env = {
      ...planted,
      KEFU_SECRET_KEY: randomBytes(32).toString('base64'),
      KEFU_API_KEY: this.apiKey,
      LOG_LEVEL: 'info',
      KEFU_ALLOW_PRIVATE_MODELS: 'loopback',
      ...(options.code && { KEFU_BOT: join(this.#directory, 'bot.mjs') }),
      ...(database && { DATABASE_URL: database.url }),
    }
  }

  static async open(options: WorldOptions): Promise<World> {
    const emulator = await createEmulator({ ...patience, retryDelayMs: 2000 })
    const database = options.kind === 'postgres' ? await emptyDatabase() : undefined
    const world = new World(options, emulator, database)
    await world.wire.open()
    await world.door.open()
    emulator.addApp({
      appId: planted.WECHAT_APP_ID,
      appSecret: planted.WECHAT_APP_SECRET,
      token: planted.WECHAT_TOKEN,
      encodingAESKey: planted.WECHAT_ENCODING_AES_KEY,
      pushUrl: `${world.door.url}/wechat`,
    })
    return world
  }

  get kind(): 'sqlite' | 'postgres' {
    return this.#options.kind
  }

  get code(): boolean {
    return this.#options.code
  }

  dataDir(slot: number): string {
    return join(this.#directory, `data-${slot}`)
  }

  /** Launches a server; it may not be ready yet. */
  launch(slot: number, crashAt?: CrashPoint): ServerProcess {
    const cwd = join(this.#directory, `cwd-${slot}`)
    mkdirSync(cwd, { recursive: true })
    const env = { ...this.#env, DATA_DIR: this.dataDir(slot), WECHAT_API_URL: this.wire.urlFor(slot) }
    const server = new ServerProcess(this.#options.compiled, { cwd, env, crashAt })
    this.#servers[slot] = server
    this.#launched.push(server)
    void server.ready.then(
      (url) => {
        if (server.running) this.door.set(slot, url)
      },
      () => undefined,
    )
    void server.ended.then(() => {
      this.door.set(slot, undefined)
      if (!this.#peaceful) this.ends.push({ slot, at: server.endedAt ?? Date.now() })
    })
    return server
  }

  /** Starts a server and waits until it takes pushes. */
  async start(slot: number, crashAt?: CrashPoint): Promise<ServerProcess> {
    const server = this.launch(slot, crashAt)
    await within(server.ready, 'a server to be ready')
    return server
  }

  /** Starts all that do not run. */
  async startAll(): Promise<void> {
    await Promise.all(
      this.slots.filter((slot) => !this.#servers[slot]?.running).map((slot) => this.start(slot)),
    )
  }

  server(slot: number): ServerProcess {
    const server = this.#servers[slot]
    if (!server) throw new Error(`Server ${slot} was never started.`)
    return server
  }

  /** Ends a server as a power button does, if it runs. */
  kill = async (slot: number): Promise<void> => {
    await this.#servers[slot]?.end('SIGKILL')
  }

  /** Makes the database with its rules, before any server. */
  async prepare(ownRules: object = rules): Promise<void> {
    await this.withStore(async (store) => {
      await store.migrate()
      await new RuleBook({ store, allowed: defaultAllowanceRules, logger: silentLogger }).replace(ownRules)
      const agent = {
        name: '林',
        name_key: '林',
        role: 'agent',
        apps: toJson<'all'>('all'),
        password_hash: 'none',
      } as const
      const { id } = await store.db
        .insertInto('agent')
        .values({ ...agent, created_at: Date.now() })
        .returning('id')
        .executeTakeFirstOrThrow()
      this.#agentId = id
    })
  }

  /** Somebody who may take conversations. */
  get agentId(): number {
    if (this.#agentId === undefined) throw new Error('Nobody works here: prepare was not called.')
    return this.#agentId
  }

  /** Where a server is that runs. Throws when all are away. */
  anyUrl(): string {
    const url = this.door.anyUrl()
    if (url === undefined) throw new Error('Every server is away.')
    return url
  }

  /** Gives the rules to servers that run. */
  async importRules(): Promise<void> {
    await callControl(this.dataDir(0), 'import-rules', rules)
    await until(async () => {
      const logs = this.slots.map((slot) => this.server(slot).log)
      return logs.slice(1).every((log) => new RegExp(`"rules":${rules.rules.length}\\b`).test(log))
    }, 'each server to have the rules')
  }

  /** Waits until nothing is left to be handled or to be sent. */
  async drained(): Promise<void> {
    const url = await this.server(0).ready
    await until(async () => {
      const page = await (await fetch(`${url}/metrics`)).text()
      const depths = [...page.matchAll(/^kefu_queue_depth\{queue="(?:inbox|outbox)"\} (\d+)$/gm)].map(
        ([, depth]) => Number(depth),
      )
      return depths.length === 2 && depths.every((depth) => depth === 0)
    }, 'the queues to be empty')
  }

  /** Ends the servers in peace. */
  async stop(): Promise<void> {
    this.#peaceful = true
    await Promise.all(this.#servers.map(async (server) => server?.end('SIGTERM')))
  }

  /** Opens the database while no server runs. */
  async withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
    const store = await openStore(this.#database?.url ?? `file:${join(this.dataDir(0), 'kefu.db')}`)
    try {
      return await work(store)
    } finally {
      await store.close()
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#launched.map((server) => server.end('SIGKILL')))
    await this.emulator.close()
    await this.door.close()
    await this.wire.close()
    await this.#database?.drop()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

/** Waits for something that can only be asked for. */
export async function until(
  holds: () => Promise<boolean>,
  what: string,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const giveUpAt = Date.now() + patienceMs
  while (!(await holds().catch(() => false))) {
    if (Date.now() > giveUpAt) throw new Error(`Waited ${patienceMs} ms in vain for ${what}.`)
    await delay(20)
  }
}

/** A promise's value, within the suite's patience. */
export async function within<T>(promise: Promise<T>, what: string, patienceMs = PATIENCE_MS): Promise<T> {
  const waiting = new AbortController()
  const late = delay(patienceMs, undefined, { signal: waiting.signal }).then(() => {
    throw new Error(`Waited ${patienceMs} ms in vain for ${what}.`)
  })
  late.catch(() => undefined)
  try {
    return await Promise.race([promise, late])
  } finally {
    waiting.abort()
  }
}
