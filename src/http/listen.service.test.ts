import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { listen, type Listening } from './listen.js'

const impatient = { headersTimeout: 300, requestTimeout: 600, connectionsCheckingInterval: 50 }

describe('a server', () => {
  let server: Listening | undefined
  let handled = 0
  const timers: NodeJS.Timeout[] = []
  afterEach(async () => {
    timers.splice(0).forEach(clearInterval)
    await server?.close()
  })

  async function open(limits?: typeof impatient): Promise<Socket> {
    handled = 0
    server = await listen(
      (req, res) => {
        handled++
        req.resume()
        req.on('end', () => res.end('ok'))
      },
      { host: '127.0.0.1', port: 0, variable: 'PORT', ...(limits ? { limits } : {}) },
    )
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.on('error', () => undefined)
    return socket
  }

  /** What comes back until the connection ends. */
  async function answerOf(socket: Socket): Promise<string> {
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
    await new Promise((resolve) => socket.once('close', resolve))
    return text
  }

  function drip(socket: Socket, piece: () => string): void {
    timers.push(setInterval(() => socket.writable && socket.write(piece()), 20))
  }

  it('ends a connection whose headers come a byte at a time', async () => {
    const socket = await open(impatient)
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n')
    drip(socket, () => 'x')
    expect(await answerOf(socket)).toMatch(/^HTTP\/1\.1 408 /)
    expect(handled).toBe(0)
  })

  it('ends a connection whose body comes a byte at a time', async () => {
    const socket = await open(impatient)
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n')
    drip(socket, () => 'x')
    expect(await answerOf(socket)).not.toContain('200 OK')
  })

  it('serves others while many connections say nothing', async () => {
    const first = await open()
    const port = first.remotePort ?? Number(new URL(server?.url ?? '').port)
    const silent = Array.from({ length: 300 }, () => connect(port, '127.0.0.1').on('error', () => undefined))
    try {
      silent.forEach((socket) => socket.write('GET / HTTP/1.1\r\n'))
      expect((await fetch(server?.url ?? '')).status).toBe(200)
    } finally {
      for (const socket of [first, ...silent]) socket.destroy()
    }
  })

  it('refuses headers beyond 16 KiB', async () => {
    const socket = await open()
    socket.write(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)
    expect(await answerOf(socket)).toMatch(/^HTTP\/1\.1 431 /)
    expect(handled).toBe(0)
  })

  it('keeps each header, however many come before it, as long as they fit into 16 KiB', async () => {
    let seen: string | undefined
    server = await listen(
      (req, res) => {
        seen = req.headers['x-forwarded-for']?.toString()
        res.end('ok')
      },
      { host: '127.0.0.1', port: 0, variable: 'PORT' },
    )
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1').on('error', () => undefined)
    const made = Array.from({ length: 1500 }, (_, i) => `a${i}:\r\n`).join('')
    socket.write(
      `GET / HTTP/1.1\r\nHost: a\r\n${made}X-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n`,
    )
    expect(await answerOf(socket)).toMatch(/^HTTP\/1\.1 200 /)
    expect(seen).toBe('203.0.113.9')
  })
})
