import { existsSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { Command } from 'commander'
import { program } from '../../src/cli/program.js'
import { shellCommands, type ShellCommand } from './shell-commands.js'

const root = new URL('../../', import.meta.url)
const exists = (path: string): boolean => existsSync(new URL(path, root))
const manifest = (folder: string): { scripts?: Record<string, string>; version: string } =>
  JSON.parse(readFileSync(new URL(posix.join(folder, 'package.json'), root), 'utf8')) as {
    scripts?: Record<string, string>
    version: string
  }

/** Programs of the system, whose arguments are theirs. */
const system = [
  'mkdir',
  'cat',
  'chmod',
  'echo',
  'export',
  'set',
  'kill',
  'sed',
  'systemctl',
  'createdb',
  '.',
  'curl',
]
/** Functions that a page defines before it calls them; documents.service.test.ts runs that page. */
const functions = ['stub', 'fault', 'model']
/** Files that a reader has, by the words around the command. */
const readers = ['./run-my-tests']

/** Packages that documents install beside kefu. */
const foreign = ['koa', 'typescript', '@types/node']

/** What is wrong with the commands of a script: a command, an option, a script or a file that there is not. */
export function commandProblems(script: string): string[] {
  let folder = '.'
  return shellCommands(script).flatMap((command) => {
    const [name, first = ''] = command
    if (name === 'cd') {
      // Other absolute folders are the reader's own.
      folder = first.startsWith('/') ? folder : posix.join(folder, first)
      return exists(folder) ? [] : [`cd ${first}: there is no such folder`]
    }
    return problemOf(command, folder).map((problem) => `${command.join(' ')}: ${problem}`)
  })
}

function problemOf([name, ...args]: ShellCommand, folder: string): string[] {
  const [first = '', ...rest] = args
  if (name === 'kefu') return kefuProblem(args)
  if (name === 'npx' && first === 'kefu') return kefuProblem(rest)
  if (name === 'npx' && first === 'tsx') return fileProblem(posix.join(folder, rest[0] ?? ''))
  if (name === 'npx' && ['vitest', 'tsc'].includes(first)) return []
  if (name === 'node' || name === '/usr/bin/node') {
    const file = args.find((arg) => !arg.startsWith('--')) ?? ''
    if (/^(?:kefu\/|node_modules\/kefu\/)?dist\/server\/cli\.js$/.test(file))
      return kefuProblem(args.slice(args.indexOf(file) + 1))
    return exists(posix.join(folder, file)) ? [] : fileProblem(`examples/first-bot/${file}`)
  }
  if (name === 'python3') return fileProblem(posix.join(folder, first))
  if (name === 'npm') return npmProblem(args, folder)
  if (name === 'docker') return composeProblem(args)
  return [...system, ...functions, ...readers].includes(name) ? [] : ['there is no such command']
}

function fileProblem(path: string): string[] {
  return exists(path) ? [] : [`there is no file ${path}`]
}

function npmProblem(args: readonly string[], folder: string): string[] {
  const [command = '', ...rest] = args
  const packed = /^\.\.\/kefu\/kefu-(.+)\.tgz$/
  if (['init', 'pack', 'pkg', 'ci'].includes(command)) return []
  if (command === 'install')
    return rest.flatMap((word) => {
      if (word.startsWith('--') || foreign.includes(word)) return []
      const version = packed.exec(word)?.[1]
      return version === manifest('.').version ? [] : [`${word} can't be installed`]
    })
  const script =
    command === 'run' ? rest.find((word, i) => !word.startsWith('-') && rest[i - 1] !== '--prefix') : command
  const prefix = rest[rest.indexOf('--prefix') + 1]
  const { scripts = {} } = manifest(rest.includes('--prefix') ? (prefix ?? '') : folder)
  return script !== undefined && script in scripts ? [] : [`there is no script ${String(script)}`]
}

function composeProblem(args: readonly string[]): string[] {
  const [compose, ...given] = args
  if (compose !== 'compose') return ['only docker compose is known']
  const file = given[0] === '-f' ? (given[1] ?? '') : 'compose.yaml'
  if (!exists(file)) return fileProblem(file)
  const [command = '', service = '', ...inside] = given[0] === '-f' ? given.slice(2) : given
  if (command === 'up') return []
  if (!new RegExp(`^  ${service}:$`, 'm').test(readFileSync(new URL(file, root), 'utf8')))
    return [`${file} has no service ${service}`]
  return command === 'exec' ? problemOf(inside as unknown as ShellCommand, '.') : []
}

/** Reads a command line as `kefu` does, and runs nothing. */
function kefuProblem(args: readonly string[]): string[] {
  let command: Command = program
  let rest = [...args]
  for (;;) {
    const next = command.commands.find((one) => one.name() === rest[0])
    if (!next) break
    command = next
    rest = rest.slice(1)
  }
  if (command.commands.length > 0) return [`kefu has no command ${rest[0] ?? ''}`]
  const { operands, unknown } = command.parseOptions(rest)
  const wanted = command.registeredArguments
  if (unknown.length > 0) return [`there is no option ${unknown.join(' ')}`]
  if (operands.length < wanted.filter(({ required }) => required).length) return ['an argument is missing']
  return operands.length > wanted.length ? ['there are too many arguments'] : []
}
