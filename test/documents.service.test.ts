import { execFile } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { runInNewContext } from 'node:vm'
import { Api, Bot, webhook, type Settings } from 'kefu'
import { createEmulator, makeSecrets, type EmulatorOptions } from 'kefu/emulator'
import Koa from 'koa'
import { format } from 'prettier'
import ts from 'typescript'
import { afterAll, describe, expect, it } from 'vitest'
import { looks } from '../src/config/config-words.js'
import { checkRules } from '../src/rules/rule-check.js'
import { codeBlocks, reasonsNotToRun, type CodeBlock } from './markdown.js'
import { inCi } from './runner/projects.js'
import { commandProblems } from './support/document-commands.js'
import { freePort } from './support/free-port.js'
import { startKoa } from './support/koa-server.js'
import { patience } from './support/patience.js'
import { startTestService } from './support/test-service.js'

const root = new URL('../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')
const exists = (path: string): boolean => existsSync(new URL(path, root))
const run = promisify(execFile)

const pages = [
  'README.md',
  'README.zh-CN.md',
  ...readdirSync(new URL('docs', root)).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
  'examples/README.md',
  'examples/README.zh-CN.md',
  'examples/other-languages/README.md',
]

interface Block extends CodeBlock {
  readonly page: string
  readonly title: string
  /** Why it is not run, where the page says so. */
  readonly notRun: string | undefined
}

const blocks: Block[] = pages.flatMap((page) => {
  const reasons = reasonsNotToRun(read(page))
  return codeBlocks(read(page)).map((block, i) => ({
    ...block,
    page,
    title: `${page}, block ${i + 1} (${block.language || 'text'}): ${block.code.split('\n', 1)[0] ?? ''}`,
    notRun: reasons.get(block.code),
  }))
})
const of = (...languages: string[]): Block[] =>
  blocks.filter(({ language, notRun }) => languages.includes(language) && notRun === undefined)
const blocksOf = (page: string, language: string): string[] =>
  of(language).flatMap((block) => (block.page === page ? [block.code] : []))

const directory = mkdtempSync(join(tmpdir(), 'kefu-documents-'))
afterAll(() => {
  rmSync(directory, { recursive: true })
})

/** Whether this machine has a program; where it must, in CI, the test fails without it. */
function has(name: string): boolean {
  if (inCi) return true
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, name)))
}

describe('the blocks of the documents', () => {
  it('are of languages that a test below reads, or say why they are not', () => {
    const known = ['sh', 'json', 'js', 'ts', 'yaml', 'nginx', 'caddyfile', 'ini']
    const others = blocks.filter(({ language, notRun }) => notRun === undefined && !known.includes(language))
    expect(others.map(({ title }) => title)).toEqual([])
  })

  it('name variables that kefu reads', () => {
    const named = blocks.flatMap(({ code, title }) =>
      [...code.matchAll(/(?<![\w$])(?:KEFU|WECHAT|EMULATOR)_[A-Z_]+\b/g)].map(([name]) => ({ name, title })),
    )
    expect(named.length).toBeGreaterThan(20)
    expect(named.filter(({ name }) => !(name in looks))).toEqual([])
  })

  it('are few that are not run', () => {
    const left = blocks.filter(({ notRun }) => notRun !== undefined)
    console.log(
      ['Blocks that no test runs:', ...left.map((one) => `${one.title} (${one.notRun})`)].join('\n  '),
    )
    expect(left).toHaveLength(2)
    const marks = pages.flatMap((page) => [...read(page).matchAll(/<!-- not run/g)])
    expect(marks, 'marks that stand before no block').toHaveLength(left.length)
  })
})

describe('a block of json', () => {
  it.each(of('json'))('is JSON: $title', ({ code, page }) => {
    const text = page === 'docs/frameworks.md' ? code.replace(/^\/\/ .*\n/, '') : code
    const value = JSON.parse(text) as object
    if (page === 'docs/rules.md') expect(checkRules(value)).toMatchObject({ ok: true, warnings: [] })
  })
})

describe('a block of yaml', () => {
  it.each(of('yaml'))('can be read, and its commands are right: $title', async ({ code }) => {
    await format(code, { parser: 'yaml' })
    const steps = [...code.matchAll(/^( *)-? *run: (?:\|\n((?:\1 {2,}.*\n?)+)|(.+)$)/gm)]
    for (const [, , lines, line] of steps) expect(commandProblems(lines ?? line ?? '')).toEqual([])
  })
})

describe('a block of ini', () => {
  it.each(of('ini'))('is a unit that starts what there is: $title', ({ code }) => {
    for (const line of code.split('\n'))
      expect(line).toMatch(/^(#.*|\[(Unit|Service|Install)\]|[A-Z][A-Za-z]+=\S.*|)$/)
    const [, command = ''] = /^ExecStart=(.*)$/m.exec(code) ?? []
    expect(command).toContain(' start')
    expect(commandProblems(command)).toEqual([])
  })
})

describe('a block of js or ts', () => {
  it.each(of('js', 'ts'))('is a file of this checkout, or is run below: $title', ({ code, page }) => {
    const { diagnostics = [] } = ts.transpileModule(code, {
      reportDiagnostics: true,
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2023,
        experimentalDecorators: true,
      },
    })
    expect(diagnostics.map(({ messageText }) => messageText)).toEqual([])
    const [, named] = /^\/\/ ([\w./-]+\.[jt]s)\n/.exec(code) ?? []
    const isRun = ['docs/rules.md', 'docs/emulator.md'].includes(page)
    // readme.test.ts and webhooks-doc.test.ts compare them with the file, whose own test runs it.
    if (!isRun)
      expect(
        [named, 'bot.js'].some(
          (file) => file !== undefined && (exists(file) || exists(`examples/first-bot/${file}`)),
        ),
        code,
      ).toBe(true)
  })

  it('docs/rules.md: handlers that the service takes, and that answer', async () => {
    const [code = ''] = blocksOf('docs/rules.md', 'js')
    const file = join(directory, 'handlers.mjs')
    writeFileSync(file, code)
    const service = await startTestService({ KEFU_BOT: file })
    const customer = service.emulator.user('oLin')
    await customer.sends('查1024')
    expect(await customer.receivesText()).toBe('订单 1024 已发货')
    await customer.sends('别的')
    expect(await customer.receivesText()).toContain('没听懂')
    await service.close()
  })

  it('docs/frameworks.md: a new folder, with its errors and without', async () => {
    const folder = join(directory, 'folder')
    mkdirSync(folder)
    symlinkSync(fileURLToPath(new URL('node_modules', root)), join(folder, 'node_modules'))
    writeFileSync(
      join(folder, 'bot.ts'),
      "import { env } from 'node:process'\nexport const port = env['PORT']\n",
    )
    const [block = ''] = blocksOf('docs/frameworks.md', 'sh')
    const cwd = { cwd: folder }
    const errors = async (): Promise<string[]> => {
      const { stdout } = await run('npx', ['tsc', '--noEmit'], cwd).catch(
        (error: unknown) => error as { stdout: string },
      )
      return [...stdout.matchAll(/TS\d+/g)].map(([code]) => code)
    }
    // What it installs is there already, from this checkout.
    await run('sh', ['-ec', block.replace(/^npm install .*$/m, '')], cwd)
    expect(await errors()).toEqual([])
    await run('npm', ['pkg', 'set', 'type=commonjs'], cwd)
    expect(await errors()).toEqual(['TS1295', 'TS1287'])
    const config = join(folder, 'tsconfig.json')
    const [on, off] = ['"verbatimModuleSyntax": true', '"verbatimModuleSyntax": false']
    writeFileSync(config, readFileSync(config, 'utf8').replace(on, off))
    expect(await errors()).toEqual([])
  })

  it('docs/emulator.md: a test that passes', async () => {
    const [code = ''] = blocksOf('docs/emulator.md', 'ts')
    const imported = "import { createEmulator, makeSecrets } from 'kefu/emulator'\n"
    expect(code).toContain(imported)
    const secrets = makeSecrets()
    const port = await freePort()
    const bot = new Bot({ api: new Api({ ...secrets, url: `http://127.0.0.1:${port}` }) })
    bot.hears('订单 42', (ctx) => ctx.reply('您的订单已发货'))
    const server = await startKoa(new Koa().use(webhook(bot, secrets)))
    await runInNewContext(`(async () => {${code.replace(imported, '')}\n})()`, {
      makeSecrets: () => secrets,
      pushUrl: `http://127.0.0.1:${server.port}/wechat`,
      createEmulator: (options: EmulatorOptions) => createEmulator({ ...patience, port, ...options }),
      expect,
    })
    await server.close()
  })
})

describe('a block of sh', () => {
  it.each(of('sh'))('can be read, and its commands are right: $title', async ({ code }) => {
    await run('sh', ['-n', '-c', code])
    expect(commandProblems(code)).toEqual([])
  })

  it.skipIf(!has('bash') || !has('curl'))(
    'docs/emulator.md: all of them run, one after the other',
    async () => {
      const secrets = JSON.parse(
        /-d '(\{\s*"appId"[^']*)'/.exec(read('docs/emulator.md'))?.[1] ?? '',
      ) as Settings
      const emulator = await createEmulator(patience)
      const bot = new Bot({ api: new Api({ ...secrets, url: emulator.url }) })
      const server = await startKoa(new Koa().use(webhook(bot, { path: '/wechat', ...secrets })))
      copyFileSync(new URL('assets/demo/photo.png', root), join(directory, 'photo.png'))
      const own = (code: string): boolean => !/^(npm|kefu) /.test(code)
      const script = [
        'set -euo pipefail',
        'curl() { command curl --silent --show-error --fail-with-body "$@"; echo; }',
        ...blocksOf('docs/emulator.md', 'sh').filter(own),
      ]
        .join('\n')
        .replaceAll('http://127.0.0.1:3001', emulator.url)
        .replaceAll('http://127.0.0.1:3000', `http://127.0.0.1:${server.port}`)
      const { stdout } = await run('bash', ['-c', script], { cwd: directory })
      expect(stdout).toContain('"ok":true')
      const shown = emulator.user('o-customer-1').messages.map(({ from, content }) => [from, content.msgType])
      expect(shown).toEqual([
        ['user', 'text'],
        ['user', 'text'],
        ['service', 'text'],
        ['user', 'image'],
      ])
      expect(emulator.faults.items.length).toBeGreaterThan(10)
      expect(emulator.stubs.items.length).toBeGreaterThan(3)
      expect(emulator.model.faults.length).toBeGreaterThan(10)
      await emulator.close()
      await server.close()
    },
  )

  it.skipIf(!has('bash') || !has('curl'))('docs/webhooks.md: an endpoint is made', async () => {
    const key = 'key-of-the-documents'
    const service = await startTestService({ KEFU_API_KEY: key })
    const [code = ''] = blocksOf('docs/webhooks.md', 'sh')
    const script = code
      .replace('https://kefu.example.com', service.url)
      .replace('curl', 'curl -sS --fail-with-body')
    const { stdout } = await run('bash', ['-c', script], { env: { ...process.env, KEFU_API_KEY: key } })
    expect(JSON.parse(stdout)).toMatchObject({ webhook: { url: 'https://crm.example.com/kefu' } })
    await service.close()
  })
})

describe('the blocks of proxies', () => {
  it.skipIf(!has('nginx') || !has('openssl')).each(of('nginx'))('nginx takes $title', async ({ code }) => {
    const folder = join(directory, 'nginx')
    mkdirSync(folder)
    const [key, chain] = [join(folder, 'key.pem'), join(folder, 'fullchain.pem')]
    const subject = ['-subj', '/CN=kefu.example.com', '-days', '1', '-nodes']
    await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-keyout', key, '-out', chain, ...subject])
    const server = code
      .replaceAll('/etc/ssl/kefu.example.com', folder)
      .replace('listen 443', `listen 127.0.0.1:${await freePort()}`)
    const file = join(folder, 'nginx.conf')
    const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    const temporary = folders.map((name) => `${name}_temp_path ${join(folder, name)};`).join(' ')
    const own = `error_log stderr; events {} http { access_log off; ${temporary}`
    writeFileSync(file, `pid ${join(folder, 'nginx.pid')}; ${own}\n${server}\n}`)
    await run('nginx', ['-t', '-q', '-p', folder, '-c', file])
  })

  it.skipIf(!has('caddy')).each(of('caddyfile'))('Caddy takes $title', async ({ code }) => {
    const file = join(directory, 'Caddyfile')
    writeFileSync(file, `${code}\n`)
    const { stdout } = await run('caddy', ['adapt', '--config', file, '--adapter', 'caddyfile'])
    expect(JSON.parse(stdout)).toHaveProperty('apps.http')
    expect(stdout).toContain('127.0.0.1:3000')
  })
})
