import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { codeBlocks, headingLevels, isExcerpt, quoteOf } from './markdown.js'

const root = new URL('../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')
const exists = (path: string): boolean => existsSync(new URL(path, root))

const pages = [
  { english: 'README.md', chinese: 'README.zh-CN.md' },
  { english: 'examples/README.md', chinese: 'examples/README.zh-CN.md' },
]

describe.each(['README.md', 'README.zh-CN.md'])('%s', (page) => {
  it.runIf(exists(page))(
    'quotes compiled code: every ts block is an excerpt of the example that it names',
    () => {
      const blocks = codeBlocks(read(page)).filter(({ language }) => language === 'ts')
      expect(blocks, 'a README without an example').not.toHaveLength(0)
      for (const block of blocks) {
        const quote = quoteOf(block)
        if (!quote) throw new Error(`This block does not begin with "// examples/…":\n${block.code}`)
        const { file, excerpt } = quote
        expect(file).toMatch(/^examples\//)
        expect(isExcerpt(excerpt, read(file)), `This is not in ${file}:\n${excerpt}`).toBe(true)
      }
    },
  )

  it('has the bot whole, as it is run', () => {
    const [bot] = codeBlocks(read(page)).filter(({ language }) => language === 'js')
    expect(bot?.code).toBe(read('examples/first-bot/bot.js').trimEnd())
  })

  it.runIf(exists(page))('gets a reader going in two commands', () => {
    const commands = codeBlocks(read(page)).flatMap(({ code }) => code.split('\n'))
    for (const command of ['npm install && npm run demo', 'npm install && npm test'])
      expect(
        commands.some((line) => line.trim().startsWith(command)),
        command,
      ).toBe(true)
  })
})

describe.each(pages)('$chinese', ({ english, chinese }) => {
  it('is there when $english is', () => {
    expect(exists(chinese)).toBe(exists(english))
  })

  it.runIf(exists(english) && exists(chinese))(
    'has the same headings and the same code in the same order',
    () => {
      expect(headingLevels(read(chinese))).toEqual(headingLevels(read(english)))
      expect(codeOf(chinese)).toEqual(codeOf(english))
    },
  )
})

/** A page's code; comments in commands, and blocks of plain text, are in the page's language. */
function codeOf(page: string): string[] {
  return codeBlocks(read(page)).map(({ language, code }) => {
    if (language === 'text' || language === '') return 'text'
    return language === 'ts' ? code : code.replace(/\s*#.*$/gm, '')
  })
}

describe('docs/frameworks.md', () => {
  const blocks = codeBlocks(read('docs/frameworks.md')).filter(({ language }) => language !== 'sh')

  it('shows files of test/hosts whole, which npm run test:package runs', () => {
    expect(blocks.length).toBeGreaterThan(6)
    for (const { code } of blocks) {
      const [, path = '', shown] = /^\/\/ (test\/hosts\/\S+)\n+([^]*)$/.exec(code) ?? []
      expect(shown, `a block without its file:\n${code}`).toBe(read(path).trimEnd())
    }
  })
})

describe('the list of examples', () => {
  const examples = readdirSync(new URL('examples', root), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'run')
    .map(({ name }) => name)

  it.each(['examples/README.md', 'examples/README.zh-CN.md'])(
    'names every example, and no other, in %s',
    (page) => {
      const named = [...read(page).matchAll(/^\|\s*\[[^\]]+\]\(([\w-]+)\//gm)].map(([, name]) => name)
      expect(named.sort()).toEqual(examples.sort())
    },
  )

  it.each(['examples/README.md', 'examples/README.zh-CN.md'])(
    'links to files that are there in %s',
    (page) => {
      const links = [...read(page).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link = '']) => link)
      expect(links).not.toHaveLength(0)
      for (const link of links) expect(exists(`examples/${link}`), link).toBe(true)
    },
  )
})

describe('a quotation', () => {
  const source = 'import a\n\nexport function f() {\n  one()\n\n  two()\n}\n'
  const block = (code: string) => quoteOf({ language: 'ts', code })

  it('names its file in its first line', () => {
    expect(block('// examples/echo/app.ts\n\nimport a')).toEqual({
      file: 'examples/echo/app.ts',
      excerpt: 'import a',
    })
    expect(block('import a')).toBeUndefined()
    expect(block('// examples/echo/app.ts')).toBeUndefined()
  })

  it.each([
    ['the whole file', source.trimEnd(), true],
    ['some lines', 'export function f() {\n  one()', true],
    ['a body without its indentation', 'one()\n\ntwo()', true],
    ['lines that do not follow each other', 'one()\ntwo()', false],
    ['a part of a line', 'export function', false],
    ['another indentation inside', 'export function f() {\n    one()', false],
    ['what is not there', 'three()', false],
  ])('of %s', (_, excerpt, expected) => {
    expect(isExcerpt(excerpt, source)).toBe(expected)
  })

  it('is found in its fence, also in a list and beside headings in code', () => {
    const page =
      '# Title\n\n- item:\n  ```ts\n  a()\n  ```\n\n## Next\n\n```sh\n# no heading\nnpm test\n```\n'
    expect(codeBlocks(page)).toEqual([
      { language: 'ts', code: 'a()' },
      { language: 'sh', code: '# no heading\nnpm test' },
    ])
    expect(headingLevels(page)).toEqual([1, 2])
  })
})
