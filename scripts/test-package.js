// Packs the package, installs it in an empty folder and uses it as a stranger would: by each subpath, from
// JavaScript and from TypeScript, by its command, and in other frameworks. `npm run test:package`
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePorts } from './free-ports.js'
import { testBotModule } from './test-bot-module.js'
import { testHosts } from './test-hosts.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const folder = mkdtempSync(join(tmpdir(), 'kefu-package-'))
const run = (command, args, cwd = folder) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
/** Some of what each subpath must give. */
const exported = {
  '.': ['Api', 'Bot', 'webhook', 'fileTokenStore', 'ApiError'],
  './wechat': ['decodePush', 'encodePush', 'limits'],
  './emulator': ['createEmulator', 'makeSecrets'],
}
const step = (text) => console.log(`package: ${text}`)

try {
  step('pack, and what publint says of it')
  const tarball = run('npm', ['pack', '--silent', '--pack-destination', folder], root)
    .trim()
    .split('\n')
    .pop()
  run('npx', ['--no-install', 'publint', 'run', '--strict', join(folder, tarball)], root)

  step('install in an empty folder')
  const { devDependencies } = manifest
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'stranger', private: true, type: 'module' }),
  )
  const compiler = ['typescript', '@types/node', '@types/koa'].map(
    (name) => `${name}@${devDependencies[name]}`,
  )
  run('npm', [
    'install',
    '--silent',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    `./${tarball}`,
    ...compiler,
  ])

  step('each subpath from JavaScript')
  for (const subpath of Object.keys(manifest.exports).filter((path) => !path.endsWith('.json'))) {
    const names = exported[subpath]
    if (!names) throw new Error(`say in scripts/test-package.js what ${subpath} exports`)
    const imports = `import { ${names.join(', ')} } from 'kefu${subpath.slice(1)}'`
    writeFileSync(
      join(folder, 'use.js'),
      `${imports}\nfor (const each of [${names}]) if (!each) throw new Error('empty')`,
    )
    run('node', ['use.js'])
  }

  step('each subpath from TypeScript, strictly')
  writeFileSync(
    join(folder, 'use.ts'),
    `import Koa from 'koa'
import { Api, Bot, webhook, type OutgoingMessage } from 'kefu'
import { decodePush, encodePush, type Push } from 'kefu/wechat'
import { createEmulator, type Emulator } from 'kefu/emulator'

const secrets = { appId: 'wx1', token: 't', encodingAESKey: 'a'.repeat(43) }
const bot = new Bot({ api: new Api({ appId: 'wx1', appSecret: 's' }) })
bot.on('message:text', (ctx) => ctx.reply(ctx.message.content))
// @ts-expect-error a query that WeChat does not know
bot.on('message:txt', (ctx) => ctx.reply('never'))
new Koa().use(webhook(bot, { path: '/wechat', ...secrets }))
export const message: OutgoingMessage = { msgType: 'text', content: '您好' }
const { body, query } = encodePush(
  { msgType: 'text', content: '你好', msgId: '23637352235060880', fromUserName: 'o1', toUserName: 'gh_1', createTime: 1 },
  secrets,
)
export const push: Push = decodePush(body, query, secrets)
export const emulator: Promise<Emulator> = createEmulator()
`,
  )
  const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess']
  run('npx', [
    '--no-install',
    'tsc',
    ...strict,
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--types',
    'node',
    'use.ts',
  ])

  step('the command')
  const version = run('npx', ['--no-install', 'kefu', '--version']).trim()
  if (version !== manifest.version) throw new Error(`kefu --version says ${version}`)
  await demo()
  step('a KEFU_BOT and the service have one kefu')
  await testBotModule(folder)
  const hosts = mkdtempSync(join(tmpdir(), 'kefu-hosts-'))
  try {
    await testHosts(hosts, join(folder, tarball), step)
  } finally {
    rmSync(hosts, { recursive: true, force: true })
  }
  console.log(`package: ${tarball} works from an empty folder`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** `kefu demo` from the installed package: a customer enters, the bot greets. */
async function demo() {
  const [port, emulatorPort] = await freePorts(2)
  const child = spawn('node', ['node_modules/kefu/dist/server/cli.js', 'demo'], {
    cwd: folder,
    env: { ...process.env, PORT: String(port), EMULATOR_PORT: String(emulatorPort) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await new Promise((resolve, reject) => {
      child.stdout.once('data', resolve)
      child.once('exit', (code) => reject(new Error(`kefu demo ended with ${code}`)))
    })
    const emulator = `http://127.0.0.1:${emulatorPort}`
    const page = await (await fetch(emulator)).text()
    if (!page.includes('<script')) throw new Error('the phone page is not in the package')
    const { items } = await (await fetch(`${emulator}/_emulator/apps`)).json()
    const user = `${emulator}/_emulator/apps/${items[0].appId}/users/oStranger`
    const entered = await fetch(`${user}/enter`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ sessionFrom: 'package' }),
    })
    if (!entered.ok) throw new Error(`entering answered ${entered.status}: ${await entered.text()}`)
    // The greeting goes out once the push is answered.
    const greeted = async () =>
      (await (await fetch(`${user}/messages`)).json()).items.some((message) => message.from === 'service')
    for (const end = Date.now() + 10_000; !(await greeted()); await delay(50))
      if (Date.now() > end) throw new Error('the demo bot did not greet within 10 s')
  } finally {
    child.kill('SIGTERM')
    await new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve()))
  }
}
