import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RecordingLogger } from '../../test/support/recording-logger.js'
import { ConfigError } from '../errors.js'
import { callControl } from './control-client.js'
import { controlAddress, type ControlRoutes } from './control-protocol.js'
import { serveControl, type ControlServer } from './control-server.js'

let directory: string
let logger: RecordingLogger
let control: ControlServer | undefined
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kefu-control-'))
  logger = new RecordingLogger()
})
afterEach(async () => {
  await control?.close()
  control = undefined
  rmSync(directory, { recursive: true })
})

const address = (): string => join(directory, 'kefu.sock')
async function serve(routes: ControlRoutes): Promise<void> {
  control = await serveControl(directory, routes, logger)
}

describe('the socket of a running server', () => {
  it('is in DATA_DIR, for this user alone', async () => {
    await serve({})
    expect(controlAddress(directory)).toBe(address())
    expect(statSync(address()).mode & 0o777).toBe(0o600)
    expect(controlAddress(join('/', 'x'.repeat(120)))).toBeUndefined()
  })

  it('carries a command to the server and its result back, with what is said meanwhile', async () => {
    const big = '大'.repeat(1_000_000)
    await serve({
      echo: async ({ input, say }) => {
        say({ half: 1 })
        say({ half: 2 })
        return { input }
      },
    })
    const progress: unknown[] = []
    const answer = await callControl(directory, 'echo', big, { onProgress: (each) => progress.push(each) })
    expect(answer).toEqual({ running: true, result: { input: big } })
    expect(progress).toEqual([{ half: 1 }, { half: 2 }])
  })

  it('says that no server runs when there is none, also when one was killed', async () => {
    expect(await callControl(directory, 'status', null)).toEqual({ running: false })
    writeFileSync(address(), '')
    expect(await callControl(directory, 'status', null)).toEqual({ running: false })
    await serve({ status: async () => 'here' })
    expect(await callControl(directory, 'status', null)).toEqual({ running: true, result: 'here' })
  })

  it('is not taken from a server that has it', async () => {
    await serve({ status: async () => 'first' })
    const second = await serveControl(directory, { status: async () => 'second' }, logger)
    await second.close()
    expect(logger.messages('info')).toEqual([expect.stringContaining('another server has')])
    expect(await callControl(directory, 'status', null)).toEqual({ running: true, result: 'first' })
  })

  it('is done without where it can’t be made: the service runs all the same', async () => {
    const file = join(directory, 'file')
    writeFileSync(file, '')
    for (const place of [join(file, 'data'), join(directory, 'x'.repeat(120))]) {
      const without = await serveControl(place, {}, logger)
      await without.close()
    }
    expect(logger.messages('warn')).toEqual([
      expect.stringContaining('can’t be made in DATA_DIR'),
      expect.stringContaining('too long for a socket'),
    ])
  })

  it('gives the server’s no with its words, and keeps an accident’s for the log', async () => {
    await serve({
      refuse: async () => {
        throw new ConfigError('Not like this.')
      },
      fail: async () => {
        throw new Error('planted')
      },
    })
    await expect(callControl(directory, 'refuse', null)).rejects.toThrow('Not like this.')
    await expect(callControl(directory, 'fail', null)).rejects.toThrow(
      /failed in the server; its log says why/,
    )
    await expect(callControl(directory, 'toString', null)).rejects.toThrow(/knows no command "toString"/)
    expect(logger.messages('error')).toEqual(['a command could not be carried out'])
  })

  it('tells a command that its server goes away, and a server that its command is gone', async () => {
    const ends: string[] = []
    await serve({
      wait: async ({ say, signal }) => {
        say('waiting')
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => {
            resolve()
          })
        })
        ends.push('ended')
        await new Promise(() => undefined)
      },
    })
    const leaving = new AbortController()
    await callControl(directory, 'wait', null, {
      signal: leaving.signal,
      onProgress: () => leaving.abort(),
    }).catch(() => undefined)
    await expect.poll(() => ends).toHaveLength(1)
    let said: () => void = () => undefined
    const waiting = new Promise<void>((resolve) => (said = resolve))
    const cut = callControl(directory, 'wait', null, { onProgress: () => said() })
    await waiting
    await control?.close()
    control = undefined
    await expect(cut).rejects.toThrow(/went away/)
    expect(ends).toHaveLength(2)
    expect(existsSync(address())).toBe(false)
  })
})
