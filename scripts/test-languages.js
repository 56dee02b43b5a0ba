// Runs the tests of examples/other-languages against the emulated WeChat, then `kefu check` against each backend.
// `npm run test:languages`
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePorts } from './free-ports.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const kefu = ['--import', import.meta.resolve('tsx'), join(root, 'src/server/cli.ts')]
const START_MS = 60_000
const folder = mkdtempSync(join(tmpdir(), 'kefu-languages-'))
const classes = join(folder, 'java')
const binary = join(folder, 'backend')

/** `needs` are commands that end with 0 where the language is installed; `serve` gets the port. */
const languages = [
  {
    name: 'python',
    needs: [['python3', '-c', 'import cryptography']],
    packages: 'python3 python3-cryptography',
    build: [],
    test: ['python3', '-m', 'unittest'],
    serve: () => ['python3', 'backend.py'],
    format: 'json',
  },
  {
    name: 'php',
    needs: [['php', '-r', 'exit(extension_loaded("openssl") ? 0 : 1);']],
    packages: 'php-cli',
    build: [],
    test: ['php', 'test.php'],
    serve: (port) => ['php', '-S', `127.0.0.1:${port}`, 'backend.php'],
    format: 'json',
  },
  {
    name: 'go',
    needs: [['go', 'version']],
    packages: 'golang-go',
    build: [
      ['go', 'vet', './...'],
      ['go', 'build', '-o', binary, '.'],
    ],
    test: ['go', 'test', '-count=1', '-v', './...'],
    serve: () => [binary],
    format: 'json',
  },
  {
    name: 'java',
    needs: [
      ['javac', '-version'],
      ['java', '-version'],
    ],
    packages: 'default-jdk-headless',
    build: [
      [
        'javac',
        '-encoding',
        'UTF-8',
        '-d',
        classes,
        ...['Backend', 'BackendTest', 'Pushes', 'WeChat'].map((name) => `${name}.java`),
      ],
    ],
    test: ['java', '-Dfile.encoding=UTF-8', '-cp', classes, 'BackendTest'],
    serve: () => ['java', '-cp', classes, 'Backend'],
    format: 'xml',
  },
]

const [emulatorPort] = await freePorts(1)
const emulatorUrl = `http://127.0.0.1:${emulatorPort}`
const secrets = {
  WECHAT_APP_ID: 'wx0123456789abcdef',
  WECHAT_APP_SECRET: 'a-secret-of-the-emulator',
  WECHAT_TOKEN: 'a-token-of-the-emulator',
  WECHAT_ENCODING_AES_KEY: 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ',
}
const options = ['emulate', '--host', '127.0.0.1', '--port', String(emulatorPort)]
const emulator = spawn('node', [...kefu, ...options, '--allow-host', 'kefu-emulator', '--no-key'], {
  cwd: folder,
  stdio: ['ignore', 'ignore', 'inherit'],
})
const missing = []
let failed = false
try {
  await untilAnswered(`${emulatorUrl}/_emulator/health`, emulator, 'kefu emulate')
  for (const language of languages) {
    if (language.needs.every(([command, ...args]) => spawnSync(command, args).status === 0))
      failed = !(await works(language)) || failed
    else missing.push(language)
  }
} finally {
  await end(emulator)
  rmSync(folder, { recursive: true, force: true })
}
for (const { name, packages } of missing)
  console.log(`languages: ${name} was NOT run, it is not installed here: apt-get install ${packages}`)
const passed = languages.length - missing.length
if (failed || (missing.length > 0 && process.env.CI === 'true')) process.exitCode = 1
else console.log(`languages: ${passed} of ${languages.length} work beside the emulated WeChat`)

/** Builds a backend, runs its own tests, and asks it what WeChat might. */
async function works({ name, build, test, serve, format }) {
  const cwd = join(root, 'examples/other-languages', name)
  const env = {
    ...process.env,
    // Nothing is left in the checkout, and nothing is fetched.
    PYTHONDONTWRITEBYTECODE: '1',
    GOPROXY: 'off',
    GOFLAGS: '-buildvcs=false',
    KEFU_EMULATOR: emulatorUrl,
  }
  for (const command of [...build, test]) {
    console.log(`languages: ${name}: ${command.slice(0, 3).join(' ')}`)
    const child = spawn(command[0], command.slice(1), { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] })
    const [status] = await once(child, 'exit')
    if (status !== 0) {
      console.error(`languages: ${name} FAILED`)
      return false
    }
  }
  return isRight(name, serve, format, { cwd, env })
}

/** `kefu check` of a backend in secure mode: every row must be right. */
async function isRight(name, serve, format, { cwd, env }) {
  console.log(`languages: ${name}: kefu check`)
  const [port] = await freePorts(1)
  const [command, ...args] = serve(port)
  const world = { WECHAT_API_URL: `${emulatorUrl}/w/check-${name}`, STATE_DIR: join(folder, 'state') }
  const backend = spawn(command, args, {
    cwd,
    env: { ...env, ...secrets, ...world, PORT: String(port) },
    // It tries to reply to customers whom the emulator does not know, and says so.
    stdio: 'ignore',
  })
  try {
    const url = `http://127.0.0.1:${port}/wechat`
    await untilAnswered(url, backend, name)
    const asked = [...kefu, 'check', url, '--json', '--mode', 'secure', '--format', format]
    const child = spawn('node', asked, {
      cwd: folder,
      env: { ...process.env, ...secrets },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk))
    await once(child, 'close')
    const { rows } = JSON.parse(text)
    const wrong = rows.filter(({ verdict }) => verdict !== 'ok')
    for (const { check, verdict, found } of wrong)
      console.error(`languages: ${name}: ${check} is ${verdict}: ${found.en}`)
    return wrong.length === 0 && rows.length > 25
  } finally {
    await end(backend)
  }
}

async function untilAnswered(url, child, name) {
  for (const last = Date.now() + START_MS; ; await delay(50)) {
    const isThere = await fetch(url).then(
      () => true,
      () => false,
    )
    if (isThere) return
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`)
    if (Date.now() > last) throw new Error(`${name} does not answer at ${url}`)
  }
}

async function end(child) {
  if (child.exitCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}
