import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Bot } from '../bot/index.js'
import type { Conversing } from '../conversation/index.js'
import { ConfigError } from '../errors.js'

/**
 * Lets KEFU_BOT's module add its handlers: its default export is called with the bot. Throws ConfigError when it
 * can't be had.
 */
export async function loadBotModule(path: string, bot: Bot<Conversing>): Promise<void> {
  const file = resolve(path)
  try {
    await access(file)
  } catch (error) {
    throw new ConfigError(
      `KEFU_BOT: there is no file ${file}. Give the module’s path from the working directory.`,
      {
        cause: error,
      },
    )
  }
  const module = await importing(file)
  const { default: install } = module
  if (typeof install !== 'function')
    throw new ConfigError(
      `KEFU_BOT: ${file} has no function as its default export. Write: export default (bot) => { bot.hears('你好', (ctx) => ctx.reply('您好！')) }`,
    )
  try {
    await (install as (bot: Bot<Conversing>) => unknown)(bot)
  } catch (error) {
    throw new ConfigError(`KEFU_BOT: the default export of ${file} threw: ${wordsOf(error)}`, {
      cause: error,
    })
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
