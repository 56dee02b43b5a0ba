import { describe, expect, it } from 'vitest'
import { Bot } from '../src/bot/index.js'
import { ConfigError } from '../src/errors.js'
import { webhook } from '../src/webhook/index.js'
import { decodePush, encodePush, verifyUrl, type PushSecrets } from '../src/wechat/index.js'
import { secrets, text } from './support/pushes.js'
import { RecordingSender } from './support/recording-sender.js'
import { seconds, startHearing, verification } from './support/webhook-scene.js'

describe('several Mini Programs', () => {
  const one = { ...secrets, appId: 'wx1', token: 'first token' }
  const two = { ...secrets, appId: 'wx2', token: 'second token', encodingAESKey: 'B'.repeat(43) }
  const apps = [one, two]
  const path = '/wechat'

  it('are told apart on one path by their tokens', async () => {
    const { server, heard } = await startHearing({ apps })
    for (const app of apps) {
      expect(await server.push(encodePush(text('hi'), app))).toMatchObject({ status: 200, body: 'success' })
      expect(await server.ask({ query: verification('1', app.token) })).toMatchObject({
        status: 200,
        body: '1',
      })
    }
    expect(heard).toEqual(['wx1: hi', 'wx2: hi'])
  })

  it('are told apart on one path by what is encrypted when they share a token, or a key too', async () => {
    const shared = [one, { ...two, token: one.token }, { ...one, appId: 'wx3' }]
    const { server, heard } = await startHearing({ apps: shared })
    for (const app of shared)
      expect(await server.push(encodePush(text('hi'), app))).toMatchObject({ status: 200 })
    expect(heard).toEqual(['wx1: hi', 'wx2: hi', 'wx3: hi'])
  })

  it('are each at the path of their appid only', async () => {
    const { server, heard } = await startHearing({ apps })
    for (const app of apps)
      expect(await server.push(encodePush(text('hi'), app), { path: `${path}/${app.appId}` })).toMatchObject({
        status: 200,
      })
    expect(await server.push(encodePush(text('hi'), one), { path: `${path}/wx2` })).toMatchObject({
      status: 403,
    })
    expect(await server.push(encodePush(text('hi'), one), { path: `${path}/wx9` })).toMatchObject({
      body: `next: ${path}/wx9`,
    })
    expect(heard).toEqual(['wx1: hi', 'wx2: hi'])
  })

  it('are not confused when their pushes are in plain text and their tokens equal', async () => {
    const shared: PushSecrets[] = [
      { appId: 'wx1', token: 'shared', mode: 'plain' },
      { ...two, token: 'shared', mode: 'compatible' },
    ]
    const { server, heard, logger } = await startHearing({ apps: shared })
    for (const app of shared) {
      expect(await server.push(encodePush(text('hi'), app))).toMatchObject({
        status: 500,
        body: 'misconfigured',
      })
      expect(await server.push(encodePush(text('hi'), app), { path: `${path}/${app.appId}` })).toMatchObject({
        status: 200,
        body: 'success',
      })
    }
    expect(heard).toEqual(['wx1: hi', 'wx2: hi'])
    expect(logger.messages('error')).toEqual(Array(2).fill(expect.stringContaining('wx1 and wx2 share')))
  })

  it('may share a token where only one of them takes plain text', async () => {
    const open: PushSecrets = { appId: 'wx9', token: one.token, mode: 'plain' }
    const shared = [open, one, { ...two, token: one.token, mode: 'secure' as const }]
    const { server, heard } = await startHearing({ apps: shared })
    for (const app of shared)
      expect(await server.push(encodePush(text('hi'), app))).toMatchObject({ status: 200, body: 'success' })
    expect(heard).toEqual(['wx9: hi', 'wx1: hi', 'wx2: hi'])
  })

  it('may be one whose key is being changed', async () => {
    const before = { ...one, encodingAESKey: 'C'.repeat(43) }
    const { server, heard } = await startHearing({ apps: [one, before] })
    for (const app of [before, one])
      expect(
        await server.push(encodePush(text(app.encodingAESKey, { msgId: app.encodingAESKey }), app)),
      ).toMatchObject({ status: 200 })
    expect(heard).toHaveLength(2)
  })

  it.each([
    [
      'unreadable for the one whose token fits',
      { ...two, encodingAESKey: 'D'.repeat(43) },
      'wx2',
      'EncodingAESKey',
    ],
    ['for an appid that is not among them', { ...two, appId: 'wx9' }, 'wx2', 'another appid'],
    ['signed by nobody here', { ...two, token: 'third' }, undefined, 'Token here'],
  ])('have their log say whose the fault is when a push is %s', async (_name, sent, appId, why) => {
    const { server, logger } = await startHearing({ apps })
    await server.push(encodePush(text('hi'), sent))
    const [line] = logger.lines
    expect(line?.message).toContain(why)
    expect(line && 'appId' in line.fields ? line.fields.appId : undefined).toBe(appId)
  })

  it('have their log name the one that could decrypt a push, where they share a token', async () => {
    const { server, logger } = await startHearing({ apps: [one, { ...two, token: one.token }] })
    await server.push(encodePush(text('hi'), { ...two, token: one.token, appId: 'wx9' }))
    expect(logger.lines).toMatchObject([{ fields: { appId: 'wx2', code: 'app_id', status: 400 } }])
  })

  it('have their log say that a push was old rather than that another’s token differs', async () => {
    const { server, logger } = await startHearing({ apps })
    await server.push(encodePush(text('hi'), two, { timestamp: seconds() - 700 }))
    expect(logger.lines).toMatchObject([{ fields: { appId: 'wx2', code: 'stale' } }])
  })
})

describe('a token that was never given', () => {
  // What process.env.WECHAT_TOKEN! is when it is not set, to the compiler a string.
  const unset: { token: string } = JSON.parse('{}') as { token: string }
  const forged = encodePush(text('forged'), { ...secrets, token: '', mode: 'plain' })

  it('is no empty token, with which anyone could sign: webhook() does not start', () => {
    const bot = new Bot({ api: new RecordingSender() })
    const { token } = unset
    expect(() => webhook(bot, { ...secrets, token, mode: 'plain' })).toThrow(/token is empty/)
    expect(() => webhook(bot, { ...secrets, appId: token })).toThrow(/appId is empty/)
  })

  it.each(['', unset.token])(
    'makes decodePush() and verifyUrl() throw ConfigError, whatever was signed (%j)',
    (token) => {
      const app: PushSecrets = { ...secrets, token, mode: 'plain' }
      expect(() => decodePush(forged.body, forged.query, app)).toThrow(ConfigError)
      expect(() => verifyUrl(verification('1', ''), app)).toThrow(ConfigError)
    },
  )
})
