import type Koa from 'koa'
import { createEmulator, makeSecrets, type Emulator } from 'kefu/emulator'
import { serve } from './serve.js'
import type { Settings } from 'kefu'

/** An example under way, with an emulated WeChat in place of the real one. */
export interface Emulated {
  readonly emulator: Emulator
  /** Where the example is. */
  readonly url: string
  /** The Mini Programs' AppIDs. */
  readonly appIds: readonly [string, ...string[]]
  close(): Promise<void>
}

/** Milliseconds: a slow machine is waited for. */
const receiveTimeoutMs = 20_000

/** Starts an emulated WeChat with one or more Mini Programs, and the app that answers for them. */
export async function emulated(
  build: (first: Settings, ...others: Settings[]) => Koa,
  options: { apps?: number; port?: number; emulatorPort?: number } = {},
): Promise<Emulated> {
  const { apps = 1, port = 0, emulatorPort = 0 } = options
  const emulator = await createEmulator({ port: emulatorPort, receiveTimeoutMs })
  try {
    const first = makeSecrets()
    const others = Array.from({ length: apps - 1 }, makeSecrets)
    const settings = (secrets: Settings): Settings => ({ ...secrets, url: emulator.url })
    const server = await serve(build(settings(first), ...others.map(settings)), port)
    for (const secrets of [first, ...others])
      emulator.addApp({ ...secrets, pushUrl: `${server.url}/wechat/${secrets.appId}` })
    return {
      emulator,
      url: server.url,
      appIds: [first.appId, ...others.map(({ appId }) => appId)],
      close: async () => {
        await Promise.all([server.close(), emulator.close()])
      },
    }
  } catch (error) {
    await emulator.close()
    throw error
  }
}
