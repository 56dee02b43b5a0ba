import { ConfigError } from '../errors.js'
import { runViaServer } from './run-via-server.js'
import type { Config } from '../config/config.js'
import { outcomeText, sendDirectly, type SendInput, type SendOutcome } from '../server/send.js'

/** Sends a text and gives the lines that say what became of it. Throws KefuError when it could not be tried. */
export async function runSend(
  config: Config,
  input: SendInput,
): Promise<{ lines: string[]; accepted: boolean }> {
  if (input.text.trim() === '') throw new ConfigError('The text is empty: WeChat takes no such message.')
  const { result, running } = await runViaServer(
    config,
    { name: 'send', input, read: (outcomes) => outcomes as SendOutcome[] },
    ({ apps }) => sendDirectly(input, apps),
  )
  const lines = result.flatMap(outcomeText)
  if (!running)
    lines.push(
      '  服务没有运行，直接调用了微信接口，聊天记录中不保存。 No server runs: sent by WeChat’s API at once, and not kept in the conversation.',
    )
  return { lines, accepted: result.every(({ state }) => state === 'accepted') }
}
