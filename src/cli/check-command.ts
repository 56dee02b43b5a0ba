import { randomInt } from 'node:crypto'
import { createInterface } from 'node:readline/promises'
import { checkReceiver } from '../check/check-receiver.js'
import { reportJson, rowText, summaryText, tableHead } from '../check/check-report.js'
import { isRight, type CheckRow } from '../check/check-row.js'
import { MAX_REQUESTS } from '../check/receiver-line.js'
import { readCheckedApp } from '../config/checked-app.js'
import { isLoopback } from '../emulator/loopback.js'
import { ConfigError } from '../errors.js'
import { limits, type Format, type Mode } from '../wechat/index.js'

export interface CheckFlags {
  readonly mode?: Mode
  readonly format?: Format
  readonly json?: true
  readonly yes?: true
}

/** The streams of a process that the command uses. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean }
  readonly stderr: NodeJS.WritableStream
}

/** Milliseconds above which a repeat was probably handled again: who keeps MsgIds answers at once. */
const QUICK_MS = 1000

/**
 * Checks a receiver and prints each row as it is known. Returns the exit code: 0 when all is right, 1 when a row is
 * wrong, 2 when nothing could be checked.
 */
export async function runCheck(
  environment: () => Readonly<Record<string, string | undefined>>,
  { url, ...flags }: CheckFlags & { readonly url: string },
  terminal: Terminal,
): Promise<0 | 1 | 2> {
  const print = (text: string): void => void terminal.stdout.write(`${text}\n`)
  try {
    const { secrets, mode } = readCheckedApp(environment(), flags.mode)
    const address = addressOf(url)
    if (!(await isAgreed(address, flags, terminal))) return 2
    const rows: CheckRow[] = []
    if (!flags.json) print(`\n${tableHead}`)
    for await (const row of checkReceiver({
      url: address.href,
      secrets,
      mode,
      format: flags.format,
      timeoutMs: limits.pushTimeoutSeconds * 1000,
      quickMs: QUICK_MS,
      now: Date.now,
      random: (least, end) => randomInt(least, end),
      signal: new AbortController().signal,
    })) {
      rows.push(row)
      if (!flags.json) print(rowText(row, terminal.stdout.isTTY === true))
    }
    print(flags.json ? reportJson(rows) : `\n${summaryText(rows)}\n`)
    return isRight(rows) ? 0 : 1
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    terminal.stderr.write(`\n${error.message}\n\n`)
    return 2
  }
}

function addressOf(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : undefined
  if (address === undefined || !/^https?:$/.test(address.protocol))
    throw new ConfigError('The URL must be an http or https address, such as http://127.0.0.1:8080/wechat.')
  if (address.username !== '' || address.password !== '')
    throw new ConfigError('The URL holds a password: WeChat sends none.')
  return address
}

/** Asks before anything goes to another machine, where it may be a shop's: on a terminal, or by `--yes`. */
async function isAgreed(
  { host, hostname }: URL,
  { yes }: CheckFlags,
  { stdin, stderr }: Terminal,
): Promise<boolean> {
  if (yes || isLoopback(hostname)) return true
  if (!stdin.isTTY)
    throw new ConfigError(
      `${host} 不是本机：确认它是你的，再加上 --yes。\n` +
        `${host} is not this machine: if it is yours, say so by --yes. At most ${MAX_REQUESTS} requests are made.`,
    )
  const terminal = createInterface({ input: stdin, output: stderr })
  try {
    const answer = await terminal.question(
      `将向 ${host} 发送至多 ${MAX_REQUESTS} 个请求，客户为 kefu-check-…；它们会留在对方的记录中，也可能引发回复。\n` +
        `At most ${MAX_REQUESTS} requests go to ${host}, of customers kefu-check-…; its records will hold them, and it may reply. [y/N] `,
    )
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    terminal.close()
  }
}
