import { expect, test } from 'vitest'
import { HandlerError } from '../errors.js'
import { silentLogger } from '../log.js'
import { decodePush, encodePush } from '../wechat/index.js'
import { Bot } from './bot.js'
import type { Sender } from './sender.js'

const secrets = { appId: 'wx1', token: 'token', mode: 'plain' } as const

function pushOf(businessId?: string) {
  const message = {
    toUserName: 'gh_1',
    fromUserName: 'o1',
    createTime: Math.floor(Date.now() / 1000),
    msgId: '1',
  }
  const business = businessId === undefined ? {} : { businessId }
  const { body, query } = encodePush({ ...message, ...business, msgType: 'text', content: '你好' }, secrets)
  return decodePush(body, query, secrets)
}

function recorder() {
  const sent: string[] = []
  const api: Sender = {
    send: async (openId) => void sent.push(`message to ${openId}`),
    setTyping: async (openId) => void sent.push(`typing to ${openId}`),
  }
  return { sent, api }
}

test('in a sub-merchant’s session nothing is sent: reply says why, typing is left out, transfer works', async () => {
  const { sent, api } = recorder()
  const bot = new Bot({ api, logger: silentLogger })
  bot.on('message', async (ctx) => {
    expect(ctx.businessId).toBe('1')
    expect(ctx.push.businessId).toBe('1')
    await ctx.setTyping()
    await expect(ctx.reply('您好')).rejects.toThrow(/sub-merchant/)
    ctx.transfer()
  })
  expect(await bot.handle(pushOf('1'))).toEqual({ answer: 'transfer', replies: 0, error: undefined })
  expect(sent).toEqual([])
})

test('a handler that does not mind is stopped, and bot.catch is told', async () => {
  const { sent, api } = recorder()
  const bot = new Bot({ api, logger: silentLogger })
  const caught: unknown[] = []
  bot.on('message', (ctx) => ctx.reply('您好'))
  bot.catch((error) => void caught.push(error))
  const { error } = await bot.handle(pushOf('1'))
  expect(error).toBeInstanceOf(HandlerError)
  expect(error).toMatchObject({ code: 'business' })
  expect(caught).toEqual([error])
  expect(sent).toEqual([])
})

test('without a sub-merchant all is as ever', async () => {
  const { sent, api } = recorder()
  const bot = new Bot({ api, logger: silentLogger })
  bot.on('message', async (ctx) => {
    expect(ctx.businessId).toBeUndefined()
    await ctx.setTyping()
    await ctx.reply('您好')
  })
  const push = pushOf()
  expect(push).not.toHaveProperty('businessId')
  expect(await bot.handle(push)).toMatchObject({ replies: 1, error: undefined })
  expect(sent).toEqual(['typing to o1', 'message to o1'])
})
