#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { createEmulator } from '../emulator/index.js'
import { ConfigError } from '../errors.js'
import { loadEnvironment, readConfig } from './config.js'
import { startDemo } from './demo.js'
import { createLogger } from './log.js'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

const program = new Command('kefu')
  .description(
    'kefu (客服): customer service for WeChat Mini Programs\n微信小程序客服：框架、服务与微信模拟器',
  )
  .version(version)
  .showHelpAfterError()

program
  .command('demo')
  .description(
    'an emulated WeChat with a phone, and a bot that answers; no account needed\n演示：模拟微信和一个会回复的机器人，无需账号',
  )
  .action(async () => {
    const config = readConfig(loadEnvironment())
    const demo = await startDemo(config, createLogger(config.logLevel))
    print(
      '',
      '  kefu 演示已启动 · the demo is running',
      '',
      `  手机 phone      ${demo.phoneUrl}   ← 在浏览器中打开 · open this in a browser`,
      `  机器人 bot      ${demo.pushUrl}`,
      '',
      '  点「联系客服」，发一句话试试。Ctrl+C 结束。',
      '  Tap 联系客服 (contact), write something. Ctrl+C ends it.',
      '',
    )
    closeOnSignal(() => demo.close())
  })

program
  .command('emulate')
  .description(
    'WeChat on this machine, for a service in any language\n只启动微信模拟器，供任何语言的服务对接',
  )
  .action(async () => {
    const config = readConfig(loadEnvironment())
    const emulator = await createEmulator({
      host: config.host,
      port: config.emulatorPort,
      logger: createLogger(config.logLevel),
    })
    print(
      '',
      '  微信模拟器已启动 · the emulated WeChat is running',
      '',
      `  手机 phone      ${emulator.url}/   ← 在浏览器中打开，登记你的小程序 · open it and add your Mini Program`,
      `  接口 API        ${emulator.url}    ← 代替 https://api.weixin.qq.com · use it instead (WECHAT_API_URL)`,
      `  控制 control    ${emulator.url}/_emulator/…   docs/emulator.md`,
      '',
    )
    closeOnSignal(() => emulator.close())
  })

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof ConfigError)) throw error
  process.stderr.write(`\n${error.message}\n\n`)
  process.exitCode = 1
}

function print(...lines: string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`)
}

function closeOnSignal(close: () => Promise<void>): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void close())
}
