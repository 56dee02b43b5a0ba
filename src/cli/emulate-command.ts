import { readFile } from 'node:fs/promises'
import { createEmulator, type SetupInput } from '../emulator/index.js'
import { checkSetup } from '../emulator/setup.js'
import { ConfigError } from '../errors.js'
import type { Config } from '../config/config.js'
import { emulatorListening, phoneLinks } from '../demo/emulator-listening.js'
import { createLogger } from '../server/log.js'
import { addEmulatedApp, type EmulatedAppOptions } from './emulated-app.js'

/** Starts the emulated WeChat alone; gives what to tell a person. Throws ConfigError. */
export async function runEmulate(
  config: Config,
  options: { readonly noKey: boolean; readonly app?: EmulatedAppOptions | undefined },
): Promise<{ lines: string[]; close: () => Promise<void> }> {
  const listening = emulatorListening(config, options)
  const setup = await readSeedFile(config.emulatorSeedFile)
  const emulator = await createEmulator({
    ...listening,
    ...setup,
    seed: config.emulatorSeed,
    clock: config.emulatorClock,
    logger: createLogger(config.logLevel),
  })
  const [phone, ...others] = phoneLinks(emulator, listening)
  let appLines: string[] = []
  try {
    if (options.app) appLines = await addEmulatedApp(emulator, options.app)
  } catch (error) {
    await emulator.close()
    throw error
  }
  return {
    lines: [
      '',
      '  微信模拟器已启动 · the emulated WeChat is running',
      '',
      `  手机 phone      ${phone ?? ''}   ← 在浏览器中打开，登记你的小程序 · open it and add your Mini Program`,
      ...others.map((link) => `                  ${link}`),
      `  接口 API        ${emulator.url}    ← 代替 https://api.weixin.qq.com · use it instead (WECHAT_API_URL)`,
      `  控制 control    ${emulator.url}/_emulator/…   docs/emulator.md`,
      ...keyLines(emulator.key),
      ...appLines,
      '',
    ],
    close: () => emulator.close(),
  }
}

/** What there is at the start. Throws ConfigError that names the file, and the place in it that is wrong. */
async function readSeedFile(file: string | undefined): Promise<SetupInput> {
  if (file === undefined) return {}
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new ConfigError(`The seed file ${file} can’t be read: is the path right?`, { cause: error })
  })
  try {
    return checkSetup(JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new ConfigError(`The seed file ${file} is not JSON: ${error.message}`)
    if (error instanceof ConfigError) throw new ConfigError(`The seed file ${file}: ${error.message}`)
    throw error
  }
}

/** Returns the lines about the key that each request shows, where the emulator asks for one. */
export function keyLines(key: string | undefined): string[] {
  return key === undefined ? [] : [`  密钥 key        Authorization: Bearer ${key}`]
}
