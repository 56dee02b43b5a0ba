import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Bot } from '../bot/index.js'
import type { Conversing } from '../conversation/index.js'
import { ConfigError } from '../errors.js'

/** Adds handlers to the bot. */
export type Handlers = (bot: Bot<Conversing>) => unknown

/** The handlers of KEFU_BOT's module: its default export, to be called with the bot. Throws ConfigError, as they then do. */
export async function loadBotModule(path: string): Promise<Handlers> {
  const file = resolve(path)
  try {
    await access(file)
  } catch (cause) {
    throw new ConfigError(
      `KEFU_BOT: there is no file ${file}. Give the module’s path from the working directory.`,
      { cause },
    )
  }
  const { default: handlers } = await importing(file)
  if (typeof handlers !== 'function')
    throw new ConfigError(
      `KEFU_BOT: ${file} has no function as its default export. Write: export default (bot) => { bot.hears('你好', (ctx) => ctx.reply('您好！')) }`,
    )
  return async (bot) => {
    try {
      await (handlers as Handlers)(bot)
    } catch (cause) {
      throw new ConfigError(`KEFU_BOT: the default export of ${file} threw: ${wordsOf(cause)}`, { cause })
    }
  }
}

async function importing(file: string): Promise<{ readonly default?: unknown }> {
  try {
    return (await import(pathToFileURL(file).href)) as { readonly default?: unknown }
  } catch (error) {
    throw new ConfigError(`KEFU_BOT: ${file} can’t be loaded: ${wordsOf(error)}`, { cause: error })
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : 'something that is no error'
}
