// Runs the packed package in the frameworks, compilers and bundlers of test/hosts, which docs/frameworks.md shows. Part of
// `npm run test:package`.
import { deepEqual } from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { freePorts } from './free-ports.js'

const source = fileURLToPath(new URL('../test/hosts', import.meta.url))
const frameworks = ['express.js', 'fastify.js', 'hono.js', 'koa-body.js', 'nest.ts']
const START_MS = 30_000

/** Installs the hosts and the package in the folder, which is empty, and tries each. Throws for the first that fails. */
export async function testHosts(folder, tarball, step) {
  const run = (command, args, options = {}) =>
    execFileSync(command, args, {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
    })
  step('install the hosts')
  cpSync(source, folder, { recursive: true, filter: (path) => !path.includes('node_modules') })
  const quiet = ['--silent', '--no-audit', '--no-fund', '--prefer-offline']
  run('npm', ['ci', ...quiet])
  run('npm', ['install', '--no-save', ...quiet, tarball])

  const { createEmulator, makeSecrets } = await import(
    pathToFileURL(join(folder, 'node_modules/kefu/dist/emulator/index.js')).href
  )
  const emulator = await createEmulator({ receiveTimeoutMs: 20_000 })
  try {
    for (const file of frameworks) {
      step(`a bot in ${file}`)
      await answers(folder, file, emulator, makeSecrets())
    }
  } finally {
    await emulator.close()
  }

  step('kefu check finds what is wrong with co-wechat')
  await checked(folder, makeSecrets())
  step('the README’s bot, by its own commands')
  await firstBot(folder)
  step('TypeScript to CommonJS, by nodenext and by node10')
  for (const config of ['tsconfig.json', 'tsconfig.node10.json']) {
    run('npx', ['--no-install', 'tsc', '-p', `typescript-commonjs/${config}`])
    mustSay(run('node', ['typescript-commonjs/out/bot.js']), 'at most 2048 bytes')
  }
  step('jest in a CommonJS package')
  const flags = { ...process.env, NODE_OPTIONS: '--experimental-vm-modules' }
  run('npx', ['--no-install', 'jest', '--rootDir', 'jest-commonjs'], { env: flags })
  step('one file by esbuild')
  run('node', ['bundle/build.js'])
  mustSay(run('node', ['bundle/out/bot.js']), 'function')
}

/**
 * What `kefu check` finds in co-wechat 2.4 in secure mode: a text that closes its CDATA section is lost, and neither the
 * AppID inside nor the mode is compared. Its answer to everything is nothing, which WeChat takes for success.
 */
const coWechatFaults = {
  'odd.nested': 'wrong',
  'forged.stale': 'warn',
  'forged.appId': 'wrong',
  'forged.plaintext': 'wrong',
}

/** `kefu check` of the package against co-wechat, every row of it. */
async function checked(folder, secrets) {
  const [port] = await freePorts(1)
  const env = { ...process.env, PORT: String(port), ...variablesOf(secrets), WECHAT_MODE: 'secure' }
  const child = spawn('node', ['co-wechat.js'], { cwd: folder, env, stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = once(child, 'exit')
  try {
    const url = `http://127.0.0.1:${port}/wechat`
    await untilListening(url, child, 'co-wechat.js')
    const command = ['node_modules/kefu/dist/server/cli.js', 'check', url, '--json', '--format', 'xml']
    const { status, stdout } = spawnSync('node', command, { cwd: folder, env, encoding: 'utf8' })
    const { rows } = JSON.parse(stdout)
    const found = rows.filter(({ verdict }) => verdict !== 'ok').map(({ check, verdict }) => [check, verdict])
    deepEqual(Object.fromEntries(found), coWechatFaults)
    deepEqual({ status, many: rows.length > 25 }, { status: 1, many: true })
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

/** The bot as it stands in the README, beside `kefu emulate`. */
async function firstBot(folder) {
  const [port, emulatorPort] = await freePorts(2)
  cpSync(fileURLToPath(new URL('../examples/first-bot/bot.js', import.meta.url)), join(folder, 'bot.js'))
  const pushUrl = `http://127.0.0.1:${port}/wechat`
  const options = { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] }
  const emulate = ['emulate', '--port', String(emulatorPort), '--app', pushUrl, '--env', 'wechat.env']
  const emulator = spawn('node', ['node_modules/kefu/dist/server/cli.js', ...emulate], options)
  const children = [emulator]
  try {
    await once(emulator.stdout, 'data')
    const env = { ...process.env, PORT: String(port) }
    const bot = spawn('node', ['--env-file=wechat.env', 'bot.js'], { ...options, env })
    children.push(bot)
    const appId = /WECHAT_APP_ID=(.*)/.exec(readFileSync(join(folder, 'wechat.env'), 'utf8'))[1]
    const app = `http://127.0.0.1:${emulatorPort}/_emulator/apps/${appId}`
    await untilVerified(`${app}/verify`, bot, 'bot.js')
    const messages = `${app}/users/oStranger/messages`
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ msgType: 'text', content: '在吗' })
    await fetch(messages, { method: 'POST', headers, body })
    // The customer's own message is the first.
    const { items } = await (await fetch(`${messages}?after=1&wait=10000`)).json()
    mustSay(JSON.stringify(items), '您说：在吗')
  } finally {
    for (const child of children) child.kill('SIGKILL')
    await Promise.all(children.map((child) => child.exitCode ?? once(child, 'exit')))
  }
}

/** A host's bot proves its URL to the emulated WeChat and answers customers, in both formats. */
async function answers(folder, file, emulator, secrets) {
  const [port] = await freePorts(1)
  const child = spawn('node', file.endsWith('.ts') ? ['--import', 'tsx', file] : [file], {
    cwd: folder,
    env: {
      ...process.env,
      PORT: String(port),
      ...variablesOf(secrets),
      WECHAT_API_URL: emulator.url,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(child, 'exit')
  try {
    for (const format of ['json', 'xml']) {
      emulator.addApp({ ...secrets, format, pushUrl: `http://127.0.0.1:${port}/wechat` })
      await untilVerified(`${emulator.url}/_emulator/apps/${secrets.appId}/verify`, child, file)
      const customer = emulator.user(`o-${format}`, secrets.appId)
      await customer.sends('你好 😀 <&>')
      mustSay(await customer.receivesText(), '您说：你好 😀 <&>')
    }
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

function variablesOf({ appId, appSecret, token, encodingAESKey }) {
  return {
    WECHAT_APP_ID: appId,
    WECHAT_APP_SECRET: appSecret,
    WECHAT_TOKEN: token,
    WECHAT_ENCODING_AES_KEY: encodingAESKey,
  }
}

async function untilListening(url, child, file) {
  for (const end = Date.now() + START_MS; ; await delay(100)) {
    if (
      await fetch(url).then(
        () => true,
        () => false,
      )
    )
      return
    if (child.exitCode !== null) throw new Error(`${file} ended with ${child.exitCode}`)
    if (Date.now() > end) throw new Error(`${file} does not listen`)
  }
}

async function untilVerified(address, child, file) {
  const end = Date.now() + START_MS
  for (;;) {
    const { ok, problem } = await (await fetch(address, { method: 'POST' })).json()
    if (ok) return
    if (child.exitCode !== null) throw new Error(`${file} ended with ${child.exitCode}`)
    if (Date.now() > end) throw new Error(`${file}: ${problem}`)
    await delay(100)
  }
}

function mustSay(text, expected) {
  if (!text.includes(expected)) throw new Error(`expected ${expected}, got ${text}`)
}
