import { once } from 'node:events'
import type Koa from 'koa'
import { describe, expect, it } from 'vitest'
import { encodePush, limits } from '../src/wechat/index.js'
import { gate } from './support/gate.js'
import { closed, untilClosed, type KoaServer } from './support/koa-server.js'
import { secrets, text } from './support/pushes.js'
import { start } from './support/webhook-scene.js'

describe('a client', () => {
  const { query, body } = encodePush(text('hi'), secrets)
  const head = (headers: string): string =>
    `POST /wechat?${new URLSearchParams(query).toString()} HTTP/1.1\r\nHost: kefu\r\n${headers}\r\n\r\n`

  async function stillAnswers(server: KoaServer): Promise<void> {
    expect(await server.push(encodePush(text('still here'), secrets))).toMatchObject({
      status: 200,
      body: 'success',
    })
  }

  it.each<[string, (arrived: () => void) => Koa.Middleware]>([
    [
      'while its body is read',
      (arrived) => async (_ctx, next) => {
        const read = next()
        arrived()
        await read
      },
    ],
    [
      'by another middleware’s doing',
      () => async (ctx, next) => {
        const read = next()
        ctx.req.destroy()
        await read
      },
    ],
    [
      'before anyone reads its body',
      (arrived) => async (ctx, next) => {
        arrived()
        await closed(ctx.req)
        await next()
      },
    ],
  ])('that goes away %s harms nobody', async (_when, middleware) => {
    const arrived = gate()
    const slow = middleware(() => {
      arrived.open()
    })
    const { server, logger } = await start({}, (bot) => bot, [
      async (ctx, next) => {
        if (ctx.get('content-length') === '999') await slow(ctx, next)
        else await next()
      },
    ])
    const warned = once(logger.events, 'line')
    const socket = await server.socket()
    socket.write(`${head('Content-Length: 999')}${body.slice(0, 20)}`)
    await Promise.race([arrived.opened, warned])
    socket.resetAndDestroy()
    await warned
    expect(logger.lines).toMatchObject([
      { level: 'warn', fields: { status: 400 }, message: expect.stringContaining('ended early') as string },
    ])
    await stillAnswers(server)
  })

  it('that sends its body too slowly is refused at the deadline and disconnected', async () => {
    const { server, logger } = await start({ deadlineMs: 150 })
    const socket = await server.socket()
    socket.write(`${head(`Content-Length: ${body.length}`)}${body.slice(0, 20)}`)
    const received = await untilClosed(socket)
    expect(received).toMatch(/^HTTP\/1\.1 400 /)
    expect(received).toMatch(/\r\nConnection: close\r\n/i)
    expect(logger.messages('warn')).toEqual([expect.stringContaining('did not arrive in time')])
    await stillAnswers(server)
  })

  it('that sends 100 KB is refused with 413 and disconnected', async () => {
    const { server, logger } = await start()
    const socket = await server.socket()
    const size = 100 * 1024
    // All but the last byte: the refusal does not wait for the whole.
    socket.write(head(`Content-Length: ${size}`) + 'x'.repeat(size - 1))
    const received = await untilClosed(socket)
    expect(received).toMatch(/^HTTP\/1\.1 413 /)
    expect(received).toMatch(/\r\nConnection: close\r\n/i)
    expect(received).toMatch(/\r\n\r\ntoo large$/)
    expect(logger.lines).toMatchObject([{ level: 'warn', fields: { status: 413, code: 'too_large' } }])
    await stillAnswers(server)
  })

  it('that never stops sending chunks is refused with 413 and disconnected', async () => {
    const { server } = await start()
    const socket = await server.socket()
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`
    const received = untilClosed(socket)
    socket.write(head('Transfer-Encoding: chunked'))
    const pour = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    }
    socket.on('drain', pour)
    pour()
    await received
    expect(socket.bytesWritten).toBeGreaterThan(limits.pushBytes)
    await stillAnswers(server)
  })

  it('that sends exactly the largest body is read', async () => {
    const { server, bot } = await start({ mode: 'plain' })
    const heard: string[] = []
    bot.use((ctx) => heard.push(ctx.push.plaintext))
    const plain = encodePush(text('hi'), { ...secrets, mode: 'plain' })
    const largest = plain.body.padEnd(limits.pushBytes)
    expect(await server.push({ ...plain, body: largest })).toMatchObject({ status: 200 })
    expect(heard).toEqual([largest])
    expect(await server.push({ ...plain, body: `${largest} ` })).toMatchObject({ status: 413 })
  })

  it.each(['as bytes', 'as text, after setEncoding()'])('may cut its body anywhere, read %s', async (how) => {
    const { server, bot, sender } = await start({ mode: 'plain' }, (own) => own, [
      (ctx, next) => {
        if (how !== 'as bytes') ctx.req.setEncoding('utf8')
        return next()
      },
    ])
    bot.use((ctx) => ctx.reply(ctx.text ?? ''))

    const plain = encodePush(text('您好 😀'), { ...secrets, mode: 'plain' })
    const socket = await server.socket()
    const received = untilClosed(socket)
    const target = `/wechat?${new URLSearchParams(plain.query).toString()}`
    socket.write(
      `POST ${target} HTTP/1.1\r\nHost: kefu\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`,
    )
    // A chunk for each byte, so that characters are cut too.
    for (const byte of Buffer.from(plain.body)) socket.write(Buffer.from([0x31, 13, 10, byte, 13, 10]))
    socket.write('0\r\n\r\n')
    expect(await received).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\nsuccess$/)
    expect(sender.texts).toEqual(['您好 😀'])
  })
})
