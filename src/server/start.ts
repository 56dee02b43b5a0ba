import { agentCommands } from './agent-command.js'
import { createApp, type Additions } from './app.js'
import { holdRoutes } from './backup-hold.js'
import { loadBotModule } from './bot-module.js'
import type { Config } from './config.js'
import type { ControlRoutes } from './control-protocol.js'
import { serveControl } from './control-server.js'
import { diagnose } from './doctor/diagnose.js'
import { openFoundation, type Surroundings } from './foundation.js'
import { listen } from './listen.js'
import { sendInput, sendQueued } from './send.js'
import type { AppView } from './apps.js'

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
  around: Surroundings,
  additions: Additions = {},
): Promise<Running> {
  const { logger } = around
  const foundation = await openFoundation(config, around)
  const ends: (() => Promise<void>)[] = [() => foundation.close()]
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
    const app = await createApp(config, foundation, around, {
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
      ...holdRoutes(foundation.store),
      status: async () => ({ engine: foundation.store.engine, url: server.url }),
      doctor: async () => diagnose({ config, foundation, localUrl: server.url, now: around.now }),
      send: async ({ input }) => sendQueued(sendInput.parse(input), foundation, { ...around, ...app }),
      'import-rules': async ({ input }) => foundation.rules.replace(input),
      'export-rules': async () => foundation.rules.set,
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
      apps: foundation.apps.list,
      engine: foundation.store.engine,
      rules: foundation.rules.set.rules.length,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
