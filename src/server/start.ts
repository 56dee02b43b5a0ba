import { knowledgeCommands } from '../knowledge/knowledge-commands.js'
import { agentCommands } from '../people/agent-commands.js'
import { createApp, type AppOptions } from './app.js'
import { holdRoutes } from './backup-hold.js'
import { loadBotModule } from './bot-module.js'
import type { Config } from '../config/config.js'
import type { ControlRoutes } from './control-protocol.js'
import { serveControl } from './control-server.js'
import { diagnose } from '../doctor/diagnose.js'
import { openCore, type Runtime } from './core.js'
import { listen } from '../http/listen.js'
import { sendInput, sendQueued } from './send.js'
import type { AppView } from '../apps/apps.js'

/** A service that runs. */
export interface Running {
  /** Where it can be reached from this machine. */
  readonly url: string
  readonly apps: readonly AppView[]
  /** Which database it has. */
  readonly engine: string
  /** How many rules answer. */
  readonly rules: number
  /** Where the first admin is made, once; undefined when there is one. */
  readonly setupUrl: string | undefined
  /**
   * Takes no more pushes, finishes those it has, gives sends under way time to end, within 10 s. What is not done
   * by then is in the database and goes on at the next start.
   */
  stop(): Promise<void>
}

/** For requests under way: WeChat is answered within 4.5 s. */
const REQUESTS_MS = 4800
/** For handlers and sends after them. */
const WORK_MS = 3500

/** `kefu start`: the whole service. Throws ConfigError when it can't run. */
export async function startService(
  config: Config,
  runtime: Runtime,
  additions: AppOptions = {},
): Promise<Running> {
  const { logger } = runtime
  const core = await openCore(config, runtime)
  const ends: (() => Promise<void>)[] = [() => core.close()]
  const stop = async (): Promise<void> => {
    // Once, also when it is asked for twice.
    for (const end of ends.splice(0).reverse())
      await end().catch((error: unknown) => {
        logger.error({ err: error }, 'a part of the service did not stop as it should')
      })
  }
  try {
    const handlers =
      additions.handlers ??
      (config.botModule === undefined ? undefined : await loadBotModule(config.botModule))
    // Known once it listens.
    const reached: { url?: string } = {}
    const app = await createApp(config, core, runtime, {
      ...additions,
      handlers,
      localUrl: () => reached.url,
    })
    ends.push(() => app.stop(WORK_MS))
    await app.start()
    const server = await listen(app.handler, { host: config.host, port: config.port, variable: 'PORT' })
    reached.url = server.url
    ends.push(() => server.close(REQUESTS_MS))
    const routes: ControlRoutes = {
      ...holdRoutes(core.store),
      status: async () => ({ engine: core.store.engine, url: server.url }),
      doctor: async () =>
        diagnose({
          config,
          store: core.store,
          apps: core.apps,
          counts: core.metrics,
          rules: core.rules,
          localUrl: server.url,
          now: runtime.now,
        }),
      send: async ({ input }) => sendQueued(sendInput.parse(input), core, { ...runtime, ...app }),
      'import-rules': async ({ input }) => core.rules.replace(input),
      'export-rules': async () => core.rules.set,
      ...knowledgeCommands(core, runtime.now),
      ...agentCommands(app.people),
    }
    const control = await serveControl(config.dataDir, routes, logger)
    ends.push(() => control.close())
    ends.push(async () => {
      app.leave()
    })
    const setupToken = await app.people.setupLink.make()
    return {
      url: server.url,
      // Behind #, so that no server or proxy is told.
      setupUrl: setupToken && `${config.publicUrl ?? server.url}/#/setup/${setupToken}`,
      apps: core.apps.list,
      engine: core.store.engine,
      rules: core.rules.set.rules.length,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
