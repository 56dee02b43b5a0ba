import { setTimeout as wait } from 'node:timers/promises'
import type { Context } from 'koa'
import type { ApiResult } from './api-call.js'

/** A response as it goes over the wire. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
  /** 0 when the body has none. */
  readonly errcode: number
}

/** WeChat's own spelling of JSON's Content-Type. */
export const jsonType = 'application/json; encoding=utf-8'

export function jsonReply(fields: Readonly<Record<string, unknown>>, contentType = jsonType): Reply {
  const errcode = typeof fields['errcode'] === 'number' ? fields['errcode'] : 0
  return { status: 200, headers: { 'content-type': contentType }, body: JSON.stringify(fields), errcode }
}

export function replyOf(result: ApiResult): Reply {
  if (result.kind === 'json') return jsonReply(result.fields)
  const headers = {
    'content-type': result.contentType,
    'content-disposition': `attachment; filename="${result.filename}"`,
  }
  return { status: 200, headers, body: result.bytes, errcode: 0 }
}

/** How WeChat's front answers a POST without Content-Length. */
export const noLength: Reply = { status: 412, headers: {}, body: '', errcode: 0 }

/** The same answer under another Content-Type; an empty one is none. */
export function relabelled(reply: Reply, contentType: string | undefined): Reply {
  if (contentType === undefined) return reply
  return { ...reply, headers: contentType === '' ? {} : { 'content-type': contentType } }
}

/** Returns the page that a gateway in front of WeChat answers when WeChat is down. */
export function htmlPage(status: number): Reply {
  const title = `${status} Emulated Error`
  const body =
    `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n` +
    '<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n'
  return { status, headers: { 'content-type': 'text/html' }, body, errcode: 0 }
}

export function respond(ctx: Context, reply: Reply): void {
  ctx.status = reply.status
  ctx.set({ ...reply.headers })
  // Koa would set a type of its own by the body's: what is set already stays.
  ctx.body = reply.body
  if (reply.headers['content-type'] === undefined) ctx.remove('content-type')
}

/** Resets the TCP connection: the client reads ECONNRESET, as when a proxy falls over. */
export function cutConnection(ctx: Context): void {
  ctx.respond = false
  ctx.req.socket.resetAndDestroy()
}

/** Waits, but no longer than the client does. */
export async function waitOrGone(ctx: Context, ms: number): Promise<void> {
  const gone = new AbortController()
  const leave = (): void => {
    gone.abort()
  }
  ctx.res.once('close', leave)
  await wait(ms, undefined, { signal: gone.signal, ref: false }).catch(() => undefined)
  ctx.res.off('close', leave)
}
