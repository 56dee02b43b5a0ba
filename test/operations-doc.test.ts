import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { looks } from '../src/config/config-words.js'
import { readConfig } from '../src/config/config.js'
import { Metrics } from '../src/server/metrics.js'
import { headingLevels } from './markdown.js'

const root = new URL('../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')
const page = read('docs/operations.md')

describe('docs/operations.md', () => {
  it('has every variable that kefu reads, and no other', () => {
    const table = /## Every variable\n([\s\S]*?)\n## /.exec(page)?.[1] ?? ''
    const named = [...table.matchAll(/^\|([^|]*)\|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([A-Z][A-Z_]+)`/g)].map(([, name]) => name ?? ''),
    )
    expect([...named].sort()).toEqual(Object.keys(looks).sort())
  })

  it('names variables in its examples that kefu reads', () => {
    const set = [...page.matchAll(/^([A-Z][A-Z_]+)=/gm)].map(([, name]) => name ?? '')
    expect(set.length).toBeGreaterThan(5)
    for (const name of set) expect(Object.keys(looks)).toContain(name)
  })

  it('has a first start that works, once its secrets are in', () => {
    const env = /<<'END'\n([\s\S]*?)\nEND/.exec(page)?.[1] ?? ''
    const values = Object.fromEntries(env.split('\n').map((line) => line.split('=', 2) as [string, string]))
    const config = readConfig({
      ...values,
      WECHAT_APP_SECRET: 'x'.repeat(32),
      WECHAT_TOKEN: 'token',
      WECHAT_ENCODING_AES_KEY: 'a'.repeat(43),
    })
    expect(config).toMatchObject({
      publicUrl: 'https://kefu.example.com',
      trustedProxies: ['127.0.0.0/8', '::1/128'],
    })
  })

  it('has every metric, and alerts on metrics that there are', async () => {
    const none = async () => ({ depth: 0, oldestAt: undefined })
    const queues = { inbox: none, outbox: none, webhooks: none, webhooks_dead: none }
    const metrics = (await new Metrics({ queues, now: Date.now }).registry.getMetricsAsJSON())
      .map(({ name }) => name)
      .filter((name) => name.startsWith('kefu_'))
    const [table = '', rest = ''] = page.split('```yaml')
    for (const name of metrics) expect(table, name).toContain(name)
    for (const [name] of [...table.matchAll(/kefu_\w+/g), ...rest.matchAll(/kefu_\w+/g)])
      expect(metrics, name).toContain(name.replace(/_bucket$/, ''))
    for (const [, queue] of page.matchAll(/queue="(\w+)"/g)) expect(Object.keys(queues)).toContain(queue)
  })

  it('leads only to pages and headings that there are', () => {
    const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, text = '']) =>
      text
        .toLowerCase()
        .replaceAll(/[^\w\s-]/g, '')
        .replaceAll(' ', '-'),
    )
    for (const [, target = ''] of page.matchAll(/\]\(([^)]+)\)/g)) {
      if (target.startsWith('#')) expect(headings).toContain(target.slice(1))
      else expect(existsSync(new URL(`docs/${target}`, root)), target).toBe(true)
    }
  })

  it('has a summary in Chinese with every section and variable', () => {
    const chinese = read('docs/operations.zh-CN.md')
    expect(headingLevels(chinese)).toEqual(headingLevels(page))
    for (const name of Object.keys(looks)) expect(chinese).toContain(name)
  })
})

describe('the container files', () => {
  const dockerfile = read('Dockerfile')
  const ignored = read('.dockerignore')

  it('copy what there is, and what .dockerignore lets in', () => {
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(([, words = '']) =>
      words.split(' ').slice(0, -1),
    )
    expect(sources.length).toBeGreaterThan(5)
    const kept = ignored
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1))
    for (const source of sources) {
      const path = source.replace('./', '')
      expect(existsSync(new URL(path, root)), path).toBe(true)
      expect(kept, path).toContain(path)
    }
    expect(ignored.split('\n')).toContain('*')
  })

  it('build by a script of package.json what the image starts', () => {
    const { scripts, bin, engines } = JSON.parse(read('package.json')) as {
      scripts: Record<string, string>
      bin: { kefu: string }
      engines: { node: string }
    }
    expect(dockerfile).toContain('npm run build')
    expect(scripts).toHaveProperty('build')
    expect(dockerfile).toContain(`/app/${bin.kefu} `)
    const [, major] = /FROM node:(\d+)-slim/.exec(dockerfile) ?? []
    expect(Number(major)).toBeGreaterThanOrEqual(Number(/\d+/.exec(engines.node)?.[0]))
  })

  it('run as an ordinary user, with the data in a volume', () => {
    expect(dockerfile).toMatch(/^USER node$/m)
    expect(dockerfile).toMatch(/^VOLUME \/data$/m)
    expect(dockerfile).toContain('DATA_DIR=/data')
  })

  it('the emulator is a stage by name, ended and asked as it is elsewhere, and the service stays the last one', () => {
    const stages = dockerfile.split(/^FROM /m).slice(1)
    expect(stages.map((stage) => / AS (\w+)/.exec(stage.split('\n', 1)[0] ?? '')?.[1])).toEqual([
      'build',
      'emulator',
      undefined,
    ])
    const [, emulator = '', service = ''] = stages
    expect(emulator).toContain('ENTRYPOINT ["kefu", "emulate"]')
    expect(emulator).toContain('/_emulator/health')
    expect(emulator).toMatch(/EMULATOR_HOST=0\.0\.0\.0 .*EMULATOR_ALLOW_HOST=\w/)
    expect(service).toContain('CMD ["start"]')
  })

  it.each(['Dockerfile', 'compose.yaml', 'compose.sqlite.yaml'])(
    '%s sets variables that kefu reads',
    (file) => {
      const text = read(file)
      const service =
        file === 'Dockerfile' ? text : text.slice(text.indexOf('  kefu:'), text.indexOf('\n  postgres:'))
      const set =
        file === 'Dockerfile'
          ? [...text.matchAll(/^ENV .*$/gm)].flatMap(([line]) => [...line.matchAll(/([A-Z_]+)=/g)])
          : [...service.matchAll(/^ {6}([A-Z_]+):/gm)]
      const names = set.map(([, name = '']) => name).filter((name) => name !== 'NODE_ENV')
      expect(names).toContain('DATA_DIR')
      for (const name of names) expect(Object.keys(looks)).toContain(name)
      const asked = [...text.matchAll(/\$\{([A-Z_]+)/g)].map(([, name = '']) => name)
      for (const name of asked) expect([...Object.keys(looks), 'POSTGRES_PASSWORD']).toContain(name)
    },
  )

  it.each(['compose.yaml', 'compose.sqlite.yaml'])('%s believes its own network and no other', (file) => {
    const text = read(file)
    const [, network = ''] = /^x-network: &network (\S+)$/m.exec(text) ?? []
    const [, prefix] = /^172\.(?:1[6-9]|2\d|3[01])\.\d+\.\d+\/(\d+)$/.exec(network) ?? []
    expect(Number(prefix)).toBeGreaterThanOrEqual(24)
    expect(text.match(/subnet: (.*)/g)).toEqual(['subnet: *network'])
    expect(text.match(/KEFU_TRUST_PROXY: (.*)/g)).toEqual(['KEFU_TRUST_PROXY: *network'])
    // A port of all addresses would let a LAN in beside the proxy.
    expect(text.match(/^ +- (?:[\d.]+:)?\d+:\d+$/gm)).toEqual(['      - 127.0.0.1:3000:3000'])
    // Every service is in it: none has networks of its own.
    expect(text.match(/networks:/g)).toHaveLength(1)
    expect(readConfig({ KEFU_TRUST_PROXY: network }).trustedProxies).toEqual([network])
  })
})
