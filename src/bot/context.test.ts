import { describe, expect, it } from 'vitest'
import { enter, event, image, pushOf, text } from '../../test/support/pushes.js'
import { RecordingSender } from '../../test/support/recording-sender.js'
import { ApiError, HandlerError, MediaError, NetworkError } from '../errors.js'
import { limits, type IncomingInput, type OutgoingMessage } from '../wechat/index.js'
import { Context, newRun, type Run, type Sender } from './index.js'

function contextOf(incoming: IncomingInput, sender: Sender = new RecordingSender(), run?: Run): Context {
  return new Context(pushOf(incoming), sender, { attempt: 1, run: run ?? newRun() })
}

function refused(errcode: number, reason: string): ApiError {
  const path = '/cgi-bin/message/custom/typing'
  return new ApiError({ errcode, errmsg: 'no', rid: undefined, path, reason, explanation: '' })
}

describe('what a context says of its push', () => {
  it('holds a message, or an event', () => {
    const message = contextOf(text('你好'))
    expect(message.message).toMatchObject({ msgType: 'text', content: '你好' })
    expect(message.event).toBeUndefined()
    const entered = contextOf(enter('goods:1'))
    expect(entered.message).toBeUndefined()
    expect(entered.event).toMatchObject({ event: 'user_enter_tempsession', sessionFrom: 'goods:1' })
  })

  it('names the Mini Program and the customer', () => {
    const ctx = contextOf(text('hi', { fromUserName: 'oWang' }))
    expect([ctx.appId, ctx.openId, ctx.attempt]).toEqual(['wx0123456789abcdef', 'oWang', 1])
  })

  it('gives the text without white space around it, and leaves the message as it came', () => {
    const ctx = contextOf(text(' 　你 好\n'))
    expect(ctx.text).toBe('你 好')
    expect(ctx.message).toMatchObject({ content: ' 　你 好\n' })
  })

  it('has a text for text messages only', () => {
    for (const incoming of [image(), enter(), event('text', { Content: 'x' })])
      expect(contextOf(incoming).text).toBeUndefined()
  })
})

describe('reply', () => {
  it('sends a string as a text message to the customer', async () => {
    const sender = new RecordingSender()
    const ctx = contextOf(text('hi'), sender)
    await ctx.reply('您好 <b>]]>😀')
    expect(sender.sent).toEqual([{ openId: 'oLin', message: { msgType: 'text', content: '您好 <b>]]>😀' } }])
    expect(ctx.replies).toBe(1)
  })

  it.each<OutgoingMessage>([
    { msgType: 'image', mediaId: 'm' },
    {
      msgType: 'link',
      title: 't',
      description: 'd',
      url: 'https://example.com',
      thumbUrl: 'https://example.com',
    },
    { msgType: 'miniprogrampage', title: 't', pagePath: 'p', thumbMediaId: 'm' },
    { msgType: 'text', content: 'c', isAiMsg: true },
  ])('sends a $msgType message as it is', async (message) => {
    const sender = new RecordingSender()
    await contextOf(text('hi'), sender).reply(message)
    expect(sender.sent).toEqual([{ openId: 'oLin', message }])
  })

  it('sends a long text as several messages in their order, each of them counted', async () => {
    const sender = new RecordingSender()
    const ctx = contextOf(text('hi'), sender)
    const long = '客服消息'.repeat(400)
    await ctx.reply({ msgType: 'text', content: long, isAiMsg: true })
    expect(sender.texts.join('')).toBe(long)
    expect(sender.texts).toHaveLength(3)
    expect(ctx.replies).toBe(3)
    for (const { message } of sender.sent) expect(message.isAiMsg).toBe(true)
    for (const content of sender.texts)
      expect(Buffer.byteLength(content)).toBeLessThanOrEqual(limits.textBytes)
  })

  it('sends one part after the other', async () => {
    const inFlight: number[] = []
    let open = 0
    const sender: Sender = {
      send: async () => {
        inFlight.push(++open)
        await Promise.resolve()
        open--
      },
      setTyping: async () => undefined,
    }
    await contextOf(text('hi'), sender).reply('x'.repeat(limits.textBytes * 5))
    expect(inFlight).toEqual([1, 1, 1, 1, 1])
  })

  it('refuses a text that needs more messages than WeChat allows before anything is sent', async () => {
    const sender = new RecordingSender()
    const ctx = contextOf(text('hi'), sender)
    await expect(ctx.reply('x'.repeat(limits.textBytes * 5 + 1))).rejects.toMatchObject({
      name: 'HandlerError',
      code: 'misuse',
      message: expect.stringContaining('needs 6 messages and WeChat allows 5') as string,
    })
    expect(sender.sent).toEqual([])
    expect(ctx.replies).toBe(0)
  })

  it('throws what the sender throws, and counts what was sent before', async () => {
    const lost = new NetworkError('no answer', { accepted: 'unknown', path: '/cgi-bin/message/custom/send' })
    let calls = 0
    const sender: Sender = {
      send: async () => {
        if (++calls === 2) throw lost
      },
      setTyping: async () => undefined,
    }
    const ctx = contextOf(text('hi'), sender)
    await expect(ctx.reply('x'.repeat(limits.textBytes * 3))).rejects.toBe(lost)
    expect([calls, ctx.replies]).toEqual([2, 1])
  })

  it('uploads a picture that is given as a file, in its place among the replies', async () => {
    const sender = new RecordingSender()
    const uploads: (() => void)[] = []
    const files: unknown[] = []
    const uploading = Object.assign(sender, {
      uploadTempMedia: async (file: unknown) => {
        files.push(file)
        const mediaId = `m${files.length}`
        await new Promise<void>((resolve) => uploads.push(resolve))
        return { mediaId }
      },
    })
    const ctx = contextOf(text('hi'), uploading)
    const cover = Buffer.from('png')
    const replies = [
      ctx.reply({ msgType: 'image', file: 'photo.png', isAiMsg: true }),
      ctx.reply({ msgType: 'miniprogrampage', title: 't', pagePath: 'pages/a', file: cover }),
      ctx.reply('behind both'),
    ]
    expect(files).toEqual(['photo.png', cover])
    // The second is uploaded first.
    uploads[1]?.()
    await new Promise(setImmediate)
    expect(sender.sent).toEqual([])
    uploads[0]?.()
    await Promise.all(replies)
    expect(sender.sent.map(({ message }) => message)).toEqual([
      { msgType: 'image', mediaId: 'm1', isAiMsg: true },
      { msgType: 'miniprogrampage', title: 't', pagePath: 'pages/a', thumbMediaId: 'm2' },
      { msgType: 'text', content: 'behind both' },
    ])
    expect(ctx.replies).toBe(3)
  })

  it('goes on with other replies where a picture can’t be uploaded', async () => {
    const sender = new RecordingSender()
    const refused = new MediaError('unsupported', 'no picture')
    const ctx = contextOf(
      text('hi'),
      Object.assign(sender, { uploadTempMedia: () => Promise.reject(refused) }),
    )
    const picture = ctx.reply({ msgType: 'image', file: 'photo.txt' })
    const words = ctx.reply('words')
    await expect(picture).rejects.toBe(refused)
    await words
    expect(sender.texts).toEqual(['words'])
  })

  it('says so where the sender can’t upload a file', async () => {
    await expect(
      contextOf(text('hi'), new RecordingSender()).reply({ msgType: 'image', file: 'photo.png' }),
    ).rejects.toMatchObject({ name: 'HandlerError', code: 'misuse' })
  })

  it('is too late once the run is over, also between two parts', async () => {
    const run = newRun()
    const sender = new RecordingSender()
    const send = sender.send.bind(sender)
    sender.send = async (openId, message) => {
      await send(openId, message)
      run.over = true
    }
    const ctx = contextOf(text('hi'), sender, run)
    const late = { name: 'HandlerError', code: 'timeout' }
    await expect(ctx.reply('x'.repeat(limits.textBytes * 2))).rejects.toMatchObject(late)
    await expect(ctx.reply('again')).rejects.toMatchObject(late)
    await expect(ctx.setTyping()).rejects.toMatchObject(late)
    expect(sender.sent).toHaveLength(1)
    expect(sender.typing).toEqual([])
  })

  it('still goes out after the push was answered', async () => {
    const run = newRun()
    run.answered = true
    const sender = new RecordingSender()
    await contextOf(text('hi'), sender, run).reply('later')
    expect(sender.texts).toEqual(['later'])
  })
})

describe('setTyping', () => {
  function failing(error: Error): Sender {
    return {
      send: async () => undefined,
      setTyping: async () => {
        throw error
      },
    }
  }

  it('shows and ends it', async () => {
    const sender = new RecordingSender()
    const ctx = contextOf(text('hi'), sender)
    await ctx.setTyping()
    await ctx.setTyping(false)
    expect(sender.typing).toEqual([
      { openId: 'oLin', on: true },
      { openId: 'oLin', on: false },
    ])
    expect(ctx.replies).toBe(0)
  })

  it.each([
    refused(45080, 'typing_no_interaction'),
    refused(48001, 'unauthorized'),
    new NetworkError('no answer', { accepted: 'unknown', path: '/' }),
  ])('costs the handler nothing when WeChat fails it: $message', async (error) => {
    await expect(contextOf(text('hi'), failing(error)).setTyping()).resolves.toBeUndefined()
  })

  it('throws what is the handler’s or the sender’s own fault', async () => {
    const error = new TypeError('a bug')
    await expect(contextOf(text('hi'), failing(error)).setTyping()).rejects.toBe(error)
  })
})

describe('transfer', () => {
  it('changes the answer to the push, once decided', () => {
    const run = newRun()
    const ctx = contextOf(text('人工'), undefined, run)
    expect(ctx.transferred).toBe(false)
    ctx.transfer()
    ctx.transfer()
    expect(ctx.transferred).toBe(true)
    expect(run.answer).toBe('transfer')
  })

  it.each([enter(), event('debug_demo')])('is misuse for an event', (incoming) => {
    const run = newRun()
    const ctx = contextOf(incoming, undefined, run)
    expect(() => {
      ctx.transfer()
    }).toThrow(expect.objectContaining({ name: 'HandlerError', code: 'misuse' }) as HandlerError)
    expect(run.answer).toBe('success')
  })

  it.each(['answered', 'over'] as const)('is too late once the run is %s', (state) => {
    const run = newRun()
    const ctx = contextOf(text('人工'), undefined, run)
    run[state] = true
    expect(() => {
      ctx.transfer()
    }).toThrow(expect.objectContaining({ name: 'HandlerError', code: 'late' }) as HandlerError)
    expect(ctx.transferred).toBe(false)
  })
})
