import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Bot } from '../bot/index.js'
import type { ConversationActions } from '../conversation/index.js'
import { ConfigError } from '../errors.js'

/** Adds handlers to the bot. */
export type Handlers = (bot: Bot<ConversationActions>) => unknown

/** Handlers in code. */
export interface BotModule {
  /** Those that are asked before the rules: a module's default export. */
  readonly before?: Handlers | undefined
  /** Those that get what no rule matched: its export `after`. */
  readonly after?: Handlers | undefined
}

/** Loads KEFU_BOT's module. Throws ConfigError, as its handlers then do. */
export async function loadBotModule(path: string): Promise<BotModule> {
  const file = resolve(path)
  try {
    await access(file)
  } catch (cause) {
    throw new ConfigError(
      `KEFU_BOT: there is no file ${file}. Give the module’s path from the working directory.`,
      { cause },
    )
  }
  const { default: before, after } = await importing(file)
  if (before === undefined && after === undefined) throw noFunction('default', file)
  return { before: checked(before, 'default', file), after: checked(after, 'after', file) }
}

type HandlersExport = keyof typeof exampleOf

function checked(handlers: unknown, name: HandlersExport, file: string): Handlers | undefined {
  if (handlers === undefined) return undefined
  if (typeof handlers !== 'function') throw noFunction(name, file)
  return async (bot) => {
    try {
      await (handlers as Handlers)(bot)
    } catch (cause) {
      throw new ConfigError(`KEFU_BOT: the ${name} export of ${file} threw: ${wordsOf(cause)}`, { cause })
    }
  }
}

function noFunction(name: HandlersExport, file: string): ConfigError {
  return new ConfigError(`KEFU_BOT: ${file} has no function as its ${name} export. Write: ${exampleOf[name]}`)
}

const exampleOf = {
  default: "export default (bot) => { bot.hears('你好', (ctx) => ctx.reply('您好！')) }",
  after: "export const after = (bot) => { bot.on('message:text', (ctx) => ctx.reply('稍等')) }",
} as const

async function importing(file: string): Promise<{ readonly default?: unknown; readonly after?: unknown }> {
  try {
    return (await import(pathToFileURL(file).href)) as { readonly default?: unknown }
  } catch (error) {
    throw new ConfigError(`KEFU_BOT: ${file} can’t be loaded: ${wordsOf(error)}`, { cause: error })
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : 'something that is no error'
}
