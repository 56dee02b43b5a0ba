import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { compiledCli } from './compiled-service.js'

/** As long as `docker stop` waits before it kills. */
const STOP_MS = 10_000

/** What a command of kefu wrote, and how it ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** `kefu start` in another process. */
export interface KefuServer {
  readonly url: string
  readonly pid: number
  /** What it wrote to its log so far. */
  readonly log: string
  /** How it ended, by itself or by `end`. */
  readonly ended: Promise<Ended>
  /** Sends a signal, SIGKILL after ten seconds, and resolves when the process has ended. */
  end(signal?: NodeJS.Signals): Promise<Ended>
}

/** Runs a command of kefu to its end, in a directory without a `.env`. */
export async function runKefu(
  args: readonly string[],
  options: { cwd: string; env: Readonly<Record<string, string>> },
): Promise<Ended> {
  return ending(await launch(args, options))
}

/**
 * Starts `kefu start` on any free port, under another program if one is given, and resolves when it is ready.
 * Throws what it said when it ends before.
 */
export async function startKefu(options: {
  cwd: string
  env: Readonly<Record<string, string>>
  under?: readonly string[]
}): Promise<KefuServer> {
  const child = await launch(['start'], { ...options, env: { PORT: '0', ...options.env } })
  const ended = ending(child)
  let log = ''
  const ready = new Promise<string>((resolve) => {
    child.stderr.on('data', (chunk: string) => {
      log += chunk
      const url = /"url":"(http:[^"]+)".*kefu is ready/.exec(log)?.[1]
      if (url !== undefined) resolve(url)
    })
  })
  const url = await Promise.race([
    ready,
    ended.then(({ stderr }) => {
      throw new Error(`kefu start ended: ${stderr}`)
    }),
  ])
  return {
    url,
    pid: child.pid ?? 0,
    ended,
    get log() {
      return log
    },
    async end(signal = 'SIGTERM') {
      child.kill(signal)
      const impatient = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      return ended.finally(() => {
        clearTimeout(impatient)
      })
    },
  }
}

async function launch(
  args: readonly string[],
  { cwd, env, under = [] }: { cwd: string; env: Readonly<Record<string, string>>; under?: readonly string[] },
): Promise<ChildProcessWithoutNullStreams> {
  const { PATH = '', HOME = '' } = process.env
  const command = [...under, process.execPath, await compiledCli(), ...args]
  const child = spawn(command.shift() ?? process.execPath, command, {
    cwd,
    env: { PATH, HOME, ...env },
  })
  child.stdout.setEncoding('utf8')
  child.stderr.setEncoding('utf8')
  return child
}

async function ending(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: string) => (stdout += chunk))
  child.stderr.on('data', (chunk: string) => (stderr += chunk))
  await once(child, 'close')
  return { code: child.exitCode, signal: child.signalCode, stdout, stderr }
}
