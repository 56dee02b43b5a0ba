import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { loadEnvironment, readConfig } from '../config/config.js'
import type { CheckFlags } from './check-command.js'
import { compileCache } from './compile-cache.js'
import { withFlags, type ListeningFlags } from '../demo/emulator-listening.js'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

/** The commands of kefu with their options. Importing it runs nothing. */
export const program = new Command('kefu')
  .description(
    'kefu (客服): customer service for WeChat Mini Programs\n微信小程序客服：框架、服务与微信模拟器',
  )
  .version(version)
  .showHelpAfterError()

const several = (name: string, before: readonly string[] = []): string[] => [...before, name]
const allowHost = [
  '--allow-host <name>',
  'a name by which other machines call the emulator, again for more (EMULATOR_ALLOW_HOST)',
  several,
] as const
const pushTo = [
  '--push-to <name>',
  'a host besides this machine that it may push to, again for more (EMULATOR_PUSH_TO)',
  several,
] as const
const noKey = [
  '--no-key',
  'asks nobody for a key: for a network that is closed by itself, such as compose or CI',
] as const

program
  .command('demo')
  .description(
    'an emulated WeChat with a phone, and a bot that answers; no account needed\n演示：模拟微信和一个会回复的机器人，无需账号',
  )
  .option('--host <address>', 'what both listen on; beyond this machine --allow-host, too')
  .option('--port <port>', 'the port of the service and its desk (PORT)')
  .option('--emulator-port <port>', 'the port of the phone (EMULATOR_PORT)')
  .option(...allowHost)
  .option(...pushTo)
  .option(...noKey)
  .action(async (flags: ListeningFlags & { key: boolean }) => {
    const [{ startDemo }, { quietly }, { emulatorListening }] = await Promise.all([
      import('../demo/demo.js'),
      import('./run-via-server.js'),
      import('../demo/emulator-listening.js'),
    ])
    const config = readConfig(withFlags(loadEnvironment(), flags, 'PORT'))
    const { logger } = quietly(config)
    const demo = await startDemo(config, logger, emulatorListening(config, { noKey: !flags.key }))
    print(
      '',
      '  kefu 演示已启动 · the demo is running',
      '',
      `  手机 phone      ${demo.phoneUrl}   ← 在浏览器中打开，扮演客户 · open it and be the customer`,
      `  客服台 desk     ${demo.deskUrl}   ← 再开一个窗口，扮演客服 · in another window, be the agent`,
      `  机器人 bot      ${demo.pushUrl}`,
      ...(demo.key === undefined ? [] : [`  密钥 key        Authorization: Bearer ${demo.key}`]),
      '',
      '  在手机上点「联系客服」，发「转人工」；客服台会响铃，接入后即可回复。Ctrl+C 结束。',
      '  On the phone tap 联系客服 (contact), write 转人工; the desk rings: take it and answer. Ctrl+C ends it.',
      '',
    )
    closeOnSignal(() => demo.close())
  })

program
  .command('emulate')
  .description(
    'WeChat on this machine, for a service in any language\n只启动微信模拟器，供任何语言的服务对接',
  )
  .option('--host <address>', 'what it listens on (EMULATOR_HOST); beyond this machine --allow-host, too')
  .option('--port <port>', 'its port (EMULATOR_PORT)')
  .option(...allowHost)
  .option(...pushTo)
  .option(...noKey)
  .option('--app <url>', 'a Mini Program whose pushes go there, such as http://127.0.0.1:3000/wechat')
  .option('--env <file>', 'a file for its variables: read where it is there, written where not')
  .option('--seed-file <file>', 'JSON: the apps, users, faults and stubs it begins with (EMULATOR_SEED_FILE)')
  .option('--seed <text>', 'the same ids, tokens and nonces in each run (EMULATOR_SEED)')
  .option(
    '--clock <time>',
    'where its clock stands still, such as 2026-01-01T08:00:00+08:00 (EMULATOR_CLOCK)',
  )
  .action(async (flags: ListeningFlags & { key: boolean; app?: string; env?: string }) => {
    const { endOnSignal } = await import('./end-on-signal.js')
    const ending = endOnSignal()
    const { runEmulate } = await import('./emulate-command.js')
    const config = readConfig(withFlags(loadEnvironment(), flags, 'EMULATOR_PORT'))
    const { lines, close } = await runEmulate(config, {
      noKey: !flags.key,
      app: flags.app === undefined ? undefined : { pushUrl: flags.app, envFile: flags.env },
    })
    ending.closes(close)
    print(...lines)
  })

program
  .command('start')
  .description('the service: takes pushes, answers, keeps everything\n启动服务')
  .option('--host <address>', 'what it listens on (HOST)')
  .option('--port <port>', 'its port (PORT)')
  .action(async ({ host, port }: { host?: string; port?: string }) => {
    const said = { ...(host !== undefined && { HOST: host }), ...(port !== undefined && { PORT: port }) }
    const config = readConfig({ ...loadEnvironment(), ...said })
    const keepCompiled = compileCache(config.dataDir)
    const { runStart } = await import('./start-command.js')
    await runStart(config)
    keepCompiled()
  })

program
  .command('migrate')
  .description('brings the database up to date; kefu start does it by itself\n升级数据库结构')
  .option('--forget-secrets', 'forgets what was sealed with a key that is lost')
  .action(async (options: { forgetSecrets?: true }) => {
    const { runMigrate } = await import('./migrate-command.js')
    print(...(await runMigrate(readConfig(loadEnvironment()), options)))
  })

program
  .command('doctor')
  .description(
    'checks everything between WeChat and here, and says what to do\n检查配置、网络和微信侧的每个环节',
  )
  .option('--json', 'for programs')
  .action(async (options: { json?: true }) => {
    const { runDoctor } = await import('./doctor-command.js')
    const { text, healthy } = await runDoctor(loadEnvironment(), options)
    print(text)
    if (!healthy) process.exitCode = 1
  })

program
  .command('check')
  .description(
    'plays WeChat’s pusher against a receiver in any language, and says what is wrong with its answers\n扮演微信向任何语言写的接收程序推送，逐项检查应答',
  )
  .argument('<url>', 'where it takes pushes, such as http://127.0.0.1:8080/wechat')
  .addOption(
    new Option(
      '--mode <mode>',
      'the mode chosen at mp.weixin.qq.com (WECHAT_MODE); tried when not given',
    ).choices(['secure', 'compatible', 'plain']),
  )
  .addOption(
    new Option('--format <format>', 'the format chosen there; tried when not given').choices(['json', 'xml']),
  )
  .option('--json', 'for programs')
  .option('--yes', 'asks nothing, also when the URL is beyond this machine')
  // 1 says that something is wrong with the receiver.
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(async (url: string, flags: CheckFlags) => {
    const { runCheck } = await import('./check-command.js')
    process.exitCode = await runCheck(loadEnvironment, { url, ...flags }, process)
  })

program
  .command('send')
  .description('sends a customer a text, through the running service if there is one\n给客户发一条文本消息')
  .argument('<openid>')
  .argument('<text>')
  .option('--app <id>', 'which Mini Program, where there are several')
  .action(async (openId: string, text: string, options: { app?: string }) => {
    const { runSend } = await import('./send-command.js')
    const { lines, accepted } = await runSend(readConfig(loadEnvironment()), {
      openId,
      text,
      appId: options.app,
    })
    print(...lines)
    if (!accepted) process.exitCode = 1
  })

program
  .command('backup')
  .description(
    'copies the SQLite database to a new file, also while the service runs\n备份数据库，可在服务运行时进行',
  )
  .argument('<file>')
  .action(async (file: string) => {
    const { runBackup } = await import('./backup-command.js')
    print(...(await runBackup(readConfig(loadEnvironment()), file)))
  })

program
  .command('move')
  .description(
    'moves everything from SQLite to PostgreSQL, while the service is stopped; cut off, it goes on when run again\n从 SQLite 迁移到 PostgreSQL，中断后再次运行即可继续',
  )
  .argument('[address]', 'postgres://USER:PASSWORD@HOST:PORT/DATABASE, an empty database (KEFU_MOVE_TO)')
  .action(async (address: string | undefined) => {
    const { runMove } = await import('./move-command.js')
    const said = address === undefined ? {} : { KEFU_MOVE_TO: address }
    print(...(await runMove(readConfig({ ...loadEnvironment(), ...said }), process.stdout)))
  })

const agent = program.command('agent').description('the people who answer at the desk\n客服人员账号')
agent
  .command('add')
  .description(
    'adds one, with a password that is made and shown once unless one is given\n添加客服，密码自动生成并只显示一次',
  )
  .argument('<name>')
  .option('--role <role>', 'agent or admin', 'agent')
  .option('--password-stdin', 'reads the password from standard input')
  .action(async (name: string, options: { role: string; passwordStdin?: true }) => {
    const { runAgentAdd } = await import('./agent-command.js')
    const password = options.passwordStdin && (await readLine())
    print(...(await runAgentAdd(readConfig(loadEnvironment()), { name, role: options.role, password })))
  })
agent
  .command('list')
  .description('lists them: role, Mini Programs, when they were last there\n列出全部客服账号')
  .action(async () => {
    const { runAgentList } = await import('./agent-command.js')
    print(...(await runAgentList(readConfig(loadEnvironment()))))
  })
agent
  .command('reset-password')
  .description('gives one another password and signs them out everywhere\n重置密码，并使其全部登录失效')
  .argument('<name>')
  .option('--password-stdin', 'reads the password from standard input')
  .action(async (name: string, options: { passwordStdin?: true }) => {
    const { runResetPassword } = await import('./agent-command.js')
    const password = options.passwordStdin && (await readLine())
    print(...(await runResetPassword(readConfig(loadEnvironment()), { name, password })))
  })

const rules = program
  .command('rules')
  .description('answers without code: docs/rules.md\n导入或导出自动回复规则')
rules
  .command('import')
  .description('puts the rules of a file in the place of all others\n用文件中的规则替换全部规则')
  .argument('<file>')
  .action(async (file: string) => {
    const { runImport } = await import('./rules-command.js')
    print(...(await runImport(readConfig(loadEnvironment()), file)))
  })
rules
  .command('export')
  .description('writes the rules to a file, - for standard output\n导出规则到文件，- 为标准输出')
  .argument('<file>')
  .action(async (file: string) => {
    const { runExport } = await import('./rules-command.js')
    process.stdout.write(await runExport(readConfig(loadEnvironment()), file))
  })

const knowledge = program
  .command('knowledge')
  .description('what the shop knows: docs/assistant.md\n导入或导出知识')
knowledge
  .command('import')
  .description(
    'adds the entries of a file: xlsx, csv, docx, pdf, md, txt, or what export wrote (json)\n从文件添加知识',
  )
  .argument('<file>')
  .option('--app <id>', 'for one Mini Program only')
  .action(async (file: string, { app = null }: { app?: string | null }) => {
    const { runKnowledgeImport } = await import('./knowledge-command.js')
    print(...(await runKnowledgeImport(readConfig(loadEnvironment()), file, app)))
  })
knowledge
  .command('export')
  .description('writes the knowledge to a file, - for standard output\n导出知识到文件，- 为标准输出')
  .argument('<file>')
  .action(async (file: string) => {
    const { runKnowledgeExport } = await import('./knowledge-command.js')
    process.stdout.write(await runKnowledgeExport(readConfig(loadEnvironment()), file))
  })

function print(...lines: string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** The first line of standard input. */
async function readLine(): Promise<string> {
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) text += String(chunk)
  return text.split(/\r?\n/, 1)[0] ?? ''
}

function closeOnSignal(close: () => Promise<void>): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void close())
}
