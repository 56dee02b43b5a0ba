import { request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'
import type { Socket } from 'node:net'
import { buildConnector } from 'undici'
import { ConfigError } from '../errors.js'

/**
 * Connects by a tunnel (CONNECT) through the HTTP proxy at `http://user:password@host:port`. Throws ConfigError.
 *
 * Not undici's ProxyAgent: where a proxy hangs up that one asks again without end, and for a proxy that does not
 * answer it waits five minutes (undici 7.30).
 */
export function tunnelThrough(proxy: string, timeoutMs: number): buildConnector.connector {
  const { address, authorization } = parseProxy(proxy)
  const secure = buildConnector({ timeout: timeoutMs })
  return (options, callback) => {
    const port = options.port === '' ? (options.protocol === 'https:' ? '443' : '80') : options.port
    const host = options.hostname.includes(':') ? `[${options.hostname}]` : options.hostname
    openTunnel(address, `${host}:${port}`, authorization, timeoutMs).then(
      (socket) => {
        if (options.protocol === 'https:') secure({ ...options, httpSocket: socket }, callback)
        else callback(null, socket)
      },
      (error: unknown) => {
        callback(error instanceof Error ? error : new Error(String(error)), null)
      },
    )
  }
}

function openTunnel(
  address: URL,
  target: string,
  authorization: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const request = (address.protocol === 'https:' ? secureRequest : plainRequest)(address, {
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...authorization },
      agent: false,
    })
    const timer = setTimeout(() => {
      request.destroy(new Error('the proxy did not answer in time'))
    }, timeoutMs)
    request
      .on('connect', ({ statusCode = 0 }, socket, head) => {
        clearTimeout(timer)
        if (statusCode >= 200 && statusCode < 300) {
          if (head.length > 0) socket.unshift(head)
          resolve(socket)
        } else {
          socket.destroy()
          reject(new Error(`the proxy answered ${statusCode}`))
        }
      })
      .on('error', (error) => {
        clearTimeout(timer)
        reject(error)
      })
      .end()
  })
}

function parseProxy(proxy: string): { address: URL; authorization: Record<string, string> } {
  try {
    const address = new URL(proxy)
    if (!/^https?:$/.test(address.protocol)) throw new Error('not HTTP')
    const credentials = `${decodeURIComponent(address.username)}:${decodeURIComponent(address.password)}`
    address.username = ''
    address.password = ''
    if (credentials === ':') return { address, authorization: {} }
    const encoded = Buffer.from(credentials).toString('base64')
    return { address, authorization: { 'proxy-authorization': `Basic ${encoded}` } }
  } catch {
    throw new ConfigError(
      'The proxy must be an http or https address, such as http://127.0.0.1:8080 or http://user:password@127.0.0.1:8080.',
    )
  }
}
