import { existsSync, realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type Koa from 'koa'
import { serve } from './serve.js'
import { ConfigError, settingsFrom, type Settings } from 'kefu'

/**
 * Runs an example if it is the file that node was told to run: with the environment's settings, or, with
 * --emulator, with an emulated WeChat. More Mini Programs than one have a prefix each.
 */
export async function main(
  module: ImportMeta,
  build: (first: Settings, ...others: Settings[]) => Koa,
  prefixes: readonly [string, ...string[]] = ['WECHAT'],
): Promise<void> {
  const [, script] = process.argv
  if (script === undefined || realpathSync(script) !== fileURLToPath(module.url)) return
  if (existsSync('.env')) process.loadEnvFile()
  const { HOST = '127.0.0.1', PORT = '3000', EMULATOR_PORT = '3001' } = process.env
  try {
    if (process.argv.includes('--emulator')) {
      const { emulated } = await import('./emulated.js')
      const options = { apps: prefixes.length, port: Number(PORT), emulatorPort: Number(EMULATOR_PORT) }
      const { emulator, url } = await emulated(build, options)
      console.log(`The bot is at ${url}/wechat. Open the phone: ${emulator.url}`)
      return
    }
    const [first, ...others] = prefixes
    const settings = (prefix: string): Settings => settingsFrom(process.env, prefix)
    const { url } = await serve(build(settings(first), ...others.map(settings)), Number(PORT), HOST)
    console.log(`The bot is at ${url}/wechat. WeChat must reach it: give it a public https address.`)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    console.error(`${error.message} To try the example without an account, run it with --emulator.`)
    process.exitCode = 1
  }
}
