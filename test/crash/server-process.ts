import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { pathToFileURL } from 'node:url'
import type { Compiled } from './compiled.js'

/** Where a process is to end by itself, see crash-point.js. */
export type CrashPoint =
  | {
      readonly when: 'before' | 'after'
      readonly commit:
        | 'push'
        | 'handling'
        | 'reply'
        | 'leave'
        | 'outcome'
        | 'adopt'
        | 'schema'
        | 'renewal'
        | 'token'
        | 'person'
        | 'take'
      readonly nth?: number
    }
  | { readonly checkpoints: true }

/** What of the parent's environment a process gets. */
const inherited = ['PATH', 'HOME', 'TMPDIR', 'LANG']

/** One `kefu start`, from its launch to its end. */
export class ServerProcess {
  readonly #child: ChildProcessWithoutNullStreams
  /** Its address, once it is ready; rejects when it ends before. */
  readonly ready: Promise<string>
  readonly ended: Promise<NodeJS.Signals | number | null>
  /** When it ended, in milliseconds since 1970; undefined while it runs. */
  endedAt: number | undefined
  log = ''

  constructor(
    compiled: Compiled,
    options: { cwd: string; env: Readonly<Record<string, string>>; crashAt?: CrashPoint | undefined },
  ) {
    const { cwd, env, crashAt } = options
    const own = Object.fromEntries(inherited.map((name) => [name, process.env[name] ?? '']))
    this.#child = spawn(process.execPath, [compiled.cli, 'start'], {
      cwd,
      env: {
        ...own,
        ...env,
        PORT: '0',
        // By the environment, which SQLite's thread has too.
        NODE_OPTIONS: `--import ${pathToFileURL(compiled.crashPoint).href}`,
        ...(crashAt && { CRASH_POINT: JSON.stringify(crashAt) }),
      },
    })
    const child = this.#child
    child.stdin.on('error', () => undefined)
    child.stderr.setEncoding('utf8')
    child.stdout.resume()
    this.ended = once(child, 'close').then(() => {
      this.endedAt = Date.now()
      return child.signalCode ?? child.exitCode
    })
    const url = new Promise<string>((resolve) => {
      child.stderr.on('data', (chunk: string) => {
        this.log += chunk
        const found = /"url":"(http:[^"]+)".*kefu is ready/.exec(chunk)?.[1]
        if (found !== undefined) resolve(found)
      })
    })
    const early = this.ended.then((how) => {
      throw new Error(`kefu start ended (${String(how)}) before it was ready: ${this.log.slice(-2000)}`)
    })
    early.catch(() => undefined)
    this.ready = Promise.race([url, early])
    this.ready.catch(() => undefined)
  }

  get running(): boolean {
    return this.endedAt === undefined
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Sends a signal and resolves with how the process ended. */
  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<NodeJS.Signals | number | null> {
    this.#child.kill(signal)
    // One that was stopped gets no other signal than SIGKILL.
    return this.ended
  }
}
