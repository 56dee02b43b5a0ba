import { request } from 'node:http'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  startPushReceiver,
  tinyPng,
  type PushReceiver,
  type Received,
  type ReceiverAnswer,
} from '../../test/push-receiver.js'
import { createEmulator, makeSecrets, type AppInput, type Emulator } from './index.js'
import { patience } from '../../test/support/patience.js'

const minute = 60_000

let receiver: PushReceiver
let emulator: Emulator
let app: AppInput
let answer: (request: Received) => ReceiverAnswer

beforeEach(async () => {
  answer = () => 'success'
  receiver = await startPushReceiver((request) => answer(request))
  app = {
    appId: 'wx00000000000000a1',
    appSecret: 'secret',
    token: 'token',
    mode: 'plain',
    pushUrl: receiver.url,
  }
  emulator = await createEmulator({ ...patience, apps: [app] })
})
afterEach(async () => {
  await emulator.close()
  await receiver.close()
})

async function reply(openId: string, content: string): Promise<void> {
  const query = `grant_type=client_credential&appid=${app.appId}&secret=${app.appSecret}`
  const token = (await (await fetch(`${emulator.url}/cgi-bin/token?${query}`)).json()) as {
    access_token: string
  }
  const response = await fetch(
    `${emulator.url}/cgi-bin/message/custom/send?access_token=${token.access_token}`,
    {
      method: 'POST',
      body: JSON.stringify({ touser: openId, msgtype: 'text', text: { content } }),
    },
  )
  expect(await response.json()).toMatchObject({ errcode: 0 })
}

function transfer({ body }: Received): string {
  const push = JSON.parse(body) as { FromUserName: string; ToUserName: string }
  return JSON.stringify({
    ToUserName: push.FromUserName,
    FromUserName: push.ToUserName,
    CreateTime: 1,
    MsgType: 'transfer_customer_service',
  })
}

describe('a customer in a test', () => {
  it('receives each message once, in order, and not their own', async () => {
    const user = emulator.user('o1')
    await user.sends('在吗')
    await reply('o1', '1')
    await reply('o1', '2')
    expect((await user.receives()).content).toEqual({ msgType: 'text', content: '1' })
    // The same customer by whatever handle.
    expect((await emulator.user('o1').receives()).content).toEqual({ msgType: 'text', content: '2' })
    expect(user.messages).toHaveLength(3)
  })

  it('receives texts as texts, and says so when the next message is none', async () => {
    const user = emulator.user('o1')
    await user.sends('hi')
    await reply('o1', '您好')
    expect(await user.receivesText()).toBe('您好')
    answer = () => ({ status: 500, body: '' })
    await user.sends('hi')
    await expect(user.receivesText()).rejects.toThrow('is no text but a system')
  })

  it('waits for what has not come yet', async () => {
    const user = emulator.user('o1')
    await user.sends('在吗')
    const both = Promise.all([user.receives(), user.receives()])
    await reply('o1', '1')
    await reply('o1', '2')
    expect((await both).map(({ content }) => content)).toEqual([
      { msgType: 'text', content: '1' },
      { msgType: 'text', content: '2' },
    ])
  })

  it('says so when nothing came in time, or the emulator was closed', async () => {
    const user = emulator.user('o1')
    await user.sends('在吗')
    await expect(user.receives({ timeoutMs: 20 })).rejects.toThrow(
      'No message reached o1 within 20 ms; the phone shows 1',
    )
    const waiting = expect(user.receives()).rejects.toThrow('closed while a message was awaited')
    await emulator.close()
    await waiting
    emulator = await createEmulator(patience)
  })

  it('says what went wrong last, where nothing came', async () => {
    const user = emulator.user('o1')
    answer = () => ({ status: 404, body: 'Not Found' })
    await user.sends('在吗')
    await expect(user.receivesText()).rejects.toThrow(
      /no text but a system. The last push failed: The answer’s status is 404; WeChat wants 200\. Is the path of http:\S+ right\?$/,
    )
    answer = () => 'success'
    await user.sends('还在吗')
    const send = `${emulator.url}/cgi-bin/message/custom/send?access_token=gone`
    await fetch(send, {
      method: 'POST',
      body: '{"touser":"o1","msgtype":"text","text":{"content":"secret words"}}',
    })
    const nothing = await user.receives({ timeoutMs: 20 }).catch(String)
    expect(nothing).toContain(
      'The last failed call, /cgi-bin/message/custom/send, was answered with 40014: access_token 无效',
    )
    expect(nothing).toMatch(/docs\/errors\.md#40014$/)
    expect(nothing).not.toContain('secret words')
  })

  it('names a failed call behind which others went well, not one of an earlier push', async () => {
    const user = emulator.user('o1')
    await user.sends('在吗')
    emulator.faults.add({ path: '/cgi-bin/message/custom/send', reset: 'before' })
    await expect(reply('o1', '1')).rejects.toThrow()
    await reply('o1', '2')
    expect(await user.receivesText()).toBe('2')
    await expect(user.receives({ timeoutMs: 20 })).rejects.toThrow(
      /The last failed call, \/cgi-bin\/message\/custom\/send, got no answer: a fault reset its connection\.$/,
    )
    emulator.faults.add({ path: '/cgi-bin/message/custom/send', status: 502 })
    await expect(reply('o1', '3')).rejects.toThrow()
    await expect(user.receives({ timeoutMs: 20 })).rejects.toThrow('was answered with status 502.')
    await user.sends('在吗')
    await expect(user.receives({ timeoutMs: 20 })).rejects.toThrow(/the customer’s own\.$/)
  })

  it('waits 2 s when it is not told, and as long as the emulator is told', async () => {
    const hasty = await createEmulator({ apps: [app], receiveTimeoutMs: 20 })
    await expect(hasty.user('o1').receivesText()).rejects.toThrow('within 20 ms')
    await expect(
      hasty
        .world('w', { apps: [app] })
        .user('o1')
        .receivesText(),
    ).rejects.toThrow('within 20 ms')
    await hasty.close()
    const usual = await createEmulator({ apps: [app] })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const waiting = expect(usual.user('o1').receivesText()).rejects.toThrow('within 2000 ms')
    vi.advanceTimersByTime(2000)
    vi.useRealTimers()
    await waiting
    await usual.close()
  })

  it('says of a URL check that finds no route for a GET what that may be', async () => {
    answer = () => ({ status: 405, body: '' })
    const verify = `${emulator.url}/_emulator/apps/${app.appId}/verify`
    expect(await (await fetch(verify, { method: 'POST' })).json()).toMatchObject({
      ok: false,
      status: 405,
      problem: expect.stringMatching(
        /Is the path of \S+ right\?.*by a GET, which a route for POST alone/,
      ) as string,
    })
  })

  it('sends pictures, cards and whatever else there is', async () => {
    const user = emulator.user('o1')
    expect((await user.sendsImage(tinyPng)).kind).toBe('image')
    expect((await user.sends({ msgType: 'miniprogrampage', title: 'a', pagePath: 'b' })).kind).toBe(
      'miniprogrampage',
    )
    expect((await user.enters()).kind).toBe('user_enter_tempsession')
    await expect(user.sendsImage(Buffer.from('<svg/>'))).rejects.toThrow(
      'not the bytes of a PNG, JPEG or GIF',
    )
    await expect(user.sends('')).rejects.toThrow('content: must not be empty')
  })

  it('can be told without the app only while there is one', async () => {
    expect(() => emulator.user('o1', 'wx9')).toThrow('There is no app wx9')
    emulator.addApp({ ...app, appId: 'wx00000000000000b2' })
    expect(() => emulator.user('o1')).toThrow('There are 2 apps')
    await emulator.user('o1', 'wx00000000000000b2').sends('在吗')
    expect(emulator.deliveries[0]?.appId).toBe('wx00000000000000b2')
  })

  it('begins anew after a reset', async () => {
    const user = emulator.user('o1')
    await user.sends('在吗')
    await reply('o1', '1')
    emulator.faults.add({ errcode: -1 })
    emulator.advance(minute)
    await emulator.reset()
    expect([user.messages, emulator.deliveries, emulator.calls, emulator.faults.items]).toEqual([
      [],
      [],
      [],
      [],
    ])
    expect(user.allowance).toEqual({ remaining: 0, expiresAt: 0 })
    await user.sends('在吗')
    await reply('o1', '2')
    expect((await user.receives()).content).toEqual({ msgType: 'text', content: '2' })
    expect(Math.abs((user.messages[0]?.at ?? 0) - Date.now())).toBeLessThan(5000)
  })
})

describe('WeChat’s own agents', () => {
  it('get the customer’s messages for 30 minutes', async () => {
    answer = transfer
    const user = emulator.user('o1')
    expect((await user.sends('人工')).answer).toBe('transfer')
    expect(await user.receives()).toMatchObject({ from: 'system', content: { kind: 'transferred' } })
    expect(await user.receives()).toMatchObject({ from: 'official', content: { msgType: 'text' } })
    expect(user.withOfficial).toBe(true)

    await expect(user.sends('在吗')).rejects.toThrow('use sendsToOfficial')
    expect(user.sendsToOfficial('在吗')).toMatchObject({ from: 'user', content: { content: '在吗' } })
    expect(receiver.received).toHaveLength(1)
    expect((await user.enters()).state).toBe('failed')

    emulator.advance(30 * minute - 1000)
    expect(user.withOfficial).toBe(true)
    emulator.advance(1000)
    expect(user.withOfficial).toBe(false)
    const shown = user.messages.at(-1)
    expect(shown).toMatchObject({ from: 'system', content: { kind: 'official_ended' } })
    expect(() => user.sendsToOfficial('在吗')).toThrow('do not have this conversation')
    answer = () => 'success'
    expect((await user.sends('在吗')).answer).toBe('success')
  })

  it('keep the conversation open for replies as before', async () => {
    answer = transfer
    const user = emulator.user('o1')
    await user.sends('人工')
    await reply('o1', '我们也在')
    expect(user.messages.at(-1)).toMatchObject({ from: 'service' })
  })
})

describe('the emulator', () => {
  it('takes made-up secrets, with what settings for an Api hold besides', async () => {
    const forApi = { url: emulator.url, language: 'zh', errorsUrl: 'https://docs.example.com' } as const
    const secrets = makeSecrets()
    expect(secrets.encodingAESKey).toMatch(/^[A-Za-z0-9]{43}$/)
    expect(emulator.addApp({ ...secrets, ...forApi, pushUrl: receiver.url })).toMatchObject({
      appId: secrets.appId,
      mode: 'secure',
    })
    expect(makeSecrets()).not.toEqual(secrets)
  })

  it('refuses an app that makes no sense before it listens', async () => {
    await expect(createEmulator({ apps: [{ ...app, mode: 'secure' }] })).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringContaining('encodingAESKey: is missing') as string,
    })
  })

  it('says so when the port is taken', async () => {
    await expect(createEmulator({ port: emulator.port })).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringContaining(`Port ${emulator.port} on 127.0.0.1 is taken`) as string,
    })
  })

  it('gives up what is under way when it closes', async () => {
    answer = () => () => undefined
    emulator.faults.add({ path: '/cgi-bin/token', delayMs: 60_000 })
    const call = fetch(`${emulator.url}/cgi-bin/token`).then(
      () => 'answered',
      () => 'broken',
    )
    const push = emulator.user('o1').sends('在吗')
    await expect.poll(() => receiver.received.length).toBe(1)
    await expect.poll(() => emulator.faults.items.length).toBe(0)
    await emulator.close()
    expect(await call).toBe('broken')
    expect((await push).attempts[0]?.problem).toBe('The emulator was reset or closed meanwhile.')
    emulator = await createEmulator(patience)
  })

  it('is known by the names that it was given besides its own', async () => {
    const named = await createEmulator({ allowedHosts: ['phone.test'] })
    const status = await new Promise((resolve, reject) => {
      request(`${named.url}/_emulator/apps`, { headers: { host: 'phone.test:3001' } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
        .on('error', reject)
        .end()
    })
    expect(status).toBe(200)
    await named.close()
  })
})
