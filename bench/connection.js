import { once } from 'node:events'
import { connect } from 'node:net'

/** A bare connection to a server on this machine. */
export async function open(port) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  return socket
}

/** The answer once it is whole, by its Content-Length or its last chunk. */
export function readAnswer(text) {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const status = Number(text.slice(9, 12))
  const body = text.slice(headEnd + 4)
  const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1]
  if (length !== undefined) return body.length < Number(length) ? undefined : { status, body }
  if (!body.endsWith('0\r\n\r\n')) return undefined
  return { status, body: body.replace(/[0-9a-f]+\r\n(.*?)\r\n/gis, '$1').replace(/\r\n$/, '') }
}
