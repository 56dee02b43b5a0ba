/** A fenced block of a Markdown page, without its fence and the indentation that it has in a list. */
export interface CodeBlock {
  readonly language: string
  readonly code: string
}

/** Why a block is not run by any test, as the page's comment in front of it says: `<!-- not run: why -->`. */
export function reasonsNotToRun(markdown: string): ReadonlyMap<string, string> {
  const marked = /^<!-- not run: (.+) -->\n\n(?= *`{3})/gm
  return new Map(
    [...markdown.matchAll(marked)].flatMap(({ 0: comment, 1: why = '', index }) =>
      codeBlocks(markdown.slice(index + comment.length))
        .slice(0, 1)
        .map(({ code }): [string, string] => [code, why]),
    ),
  )
}

/** All fenced blocks, in their order. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const fences = /^( *)(`{3,})(\S*).*\n([\s\S]*?)^\1\2\s*$/gm
  return [...markdown.matchAll(fences)].map(([, indent = '', , language = '', code = '']) => ({
    language,
    code: code.replace(new RegExp(`^${indent}`, 'gm'), '').trimEnd(),
  }))
}

/** The levels of all headings, in their order. */
export function headingLevels(markdown: string): number[] {
  const prose = markdown.replace(/^( *)(`{3,}).*\n[\s\S]*?^\1\2\s*$/gm, '')
  return [...prose.matchAll(/^(#{1,6}) /gm)].map(([, marks = '']) => marks.length)
}

/** What a block quotes, when its first line is a comment with a file's path: `// examples/echo/app.ts`. */
export function quoteOf(block: CodeBlock): { file: string; excerpt: string } | undefined {
  const [, file, excerpt] = /^\/\/ ([\w./-]+\.ts)\n+([\s\S]+)$/.exec(block.code) ?? []
  return file !== undefined && excerpt !== undefined ? { file, excerpt } : undefined
}

/** Whether an excerpt is a range of whole lines of a source; what all its lines are indented by may be missing. */
export function isExcerpt(excerpt: string, source: string): boolean {
  const wanted = unindent(excerpt.split('\n'))
  const lines = source.split('\n')
  return lines.some(
    (_, start) => unindent(lines.slice(start, start + wanted.length)).join() === wanted.join(),
  )
}

function unindent(lines: readonly string[]): string[] {
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/))
  const indent = Math.min(...indents)
  return lines.map((line) => line.slice(indent).trimEnd())
}
