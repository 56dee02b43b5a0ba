/** A command of a shell script: its name and its arguments, without quotes, assignments and redirections. */
export type ShellCommand = readonly [string, ...string[]]

/** What ends a command. `$(` and `)` are among them: a substitution's commands are commands as well. */
const separators = new Set(['\n', ';', '|', '&', '(', ')'])
const assignment = /^\w+=/
/** Words that stand where a command may, and are none. */
const reserved = new Set(['{', '}', 'if', 'then', 'fi', 'do', 'done', '!'])

/**
 * The commands of a script in the order of their words: enough of a shell's grammar for the blocks of documents. `sh -n`
 * is who says whether the script can be read at all.
 */
export function shellCommands(script: string): ShellCommand[] {
  const commands: ShellCommand[] = []
  let words: string[] = []
  const end = (): void => {
    while (words[0] !== undefined && (assignment.test(words[0]) || reserved.has(words[0]))) words.shift()
    const [name, ...rest] = words
    if (name !== undefined) commands.push([name, ...rest])
    words = []
  }
  for (const token of tokensOf(withoutHereDocuments(script.replaceAll('\\\n', ' ')))) {
    if (token.kind === 'word') words.push(token.text)
    // `stub() {`: the name of a function, not a call of it.
    else if (token.text === '()') words = []
    else end()
  }
  end()
  return commands
}

type Token = { readonly kind: 'word' | 'end'; readonly text: string }

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  let rest = text
  let word: string | undefined
  /** Commands inside of words; they come behind the word's own. */
  const inner: string[] = []
  const endWord = (): void => {
    if (word !== undefined) tokens.push({ kind: 'word', text: word })
    word = undefined
  }
  const take = (pattern: RegExp): string | undefined => {
    const found = pattern.exec(rest)?.[0]
    if (found !== undefined) rest = rest.slice(found.length)
    return found
  }
  while (rest !== '') {
    let found: string | undefined
    if ((found = take(/^'[^']*'/)) !== undefined) word = (word ?? '') + found.slice(1, -1)
    else if ((found = take(/^"(?:[^"\\$]|\\.|\$\([^)]*\)|\$)*"/)) !== undefined) {
      word = (word ?? '') + found.slice(1, -1).replaceAll('\\"', '"')
      for (const [, script = ''] of found.matchAll(/\$\(([^)]*)\)/g)) inner.push(script)
    } else if (word === undefined && take(/^#[^\n]*/) !== undefined) continue
    else if (take(/^(?:\d*>>?&?|<)\s*[^\s;|&()]+/) !== undefined) continue
    else if (take(/^\(\)/) !== undefined) {
      word = undefined
      tokens.push({ kind: 'end', text: '()' })
    } else if (separators.has(rest.charAt(0))) {
      endWord()
      tokens.push({ kind: 'end', text: rest.charAt(0) })
      rest = rest.slice(1)
    } else if (take(/^[ \t]+/) !== undefined) endWord()
    else if (take(/^\$(?=\()/) !== undefined) endWord()
    else {
      word = (word ?? '') + rest.charAt(0)
      rest = rest.slice(1)
    }
  }
  endWord()
  tokens.push({ kind: 'end', text: '\n' })
  return [...tokens, ...inner.flatMap(tokensOf)]
}

function withoutHereDocuments(script: string): string {
  return script.replaceAll(/<<'?(\w+)'?(.*)\n[^]*?\n\1(?=\n|$)/g, '$2')
}
