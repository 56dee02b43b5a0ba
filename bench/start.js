/** `kefu start` in a process of its own, on a database that is there. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { secrets } from './secrets.js'

/** The API's. */
export const KEY = 'a-key-of-the-bench-0123456789abcd'

/** `kefu start`, as a shop runs it. */
export async function start(environment) {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const began = performance.now()
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('../dist/server/cli.js', import.meta.url)), 'start'],
    {
      env: {
        PATH: process.env.PATH,
        PORT: String(port),
        WECHAT_APP_ID: secrets.appId,
        WECHAT_APP_SECRET: 'unused',
        WECHAT_TOKEN: secrets.token,
        WECHAT_ENCODING_AES_KEY: secrets.encodingAESKey,
        KEFU_API_KEY: KEY,
        // The loads here are many clients', whom the service limits each for itself.
        KEFU_TRUST_PROXY: 'loopback',
        LOG_LEVEL: 'error',
        NODE_ENV: 'production',
        ...environment,
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  const ended = new Promise((resolve) => child.once('exit', resolve))
  while (
    !(await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null) throw new Error(`kefu start ended with code ${child.exitCode}`)
    await wait(5)
  }
  return {
    url,
    port,
    readyMs: performance.now() - began,
    memory: (name) =>
      Number(
        new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(
          readFileSync(`/proc/${child.pid}/status`, 'utf8'),
        )?.[1],
      ) / 1024,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

export function percentile(times, share) {
  const sorted = times.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * share) - 1]
}

export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => probe.once('listening', resolve))
  const { port } = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  return port
}
