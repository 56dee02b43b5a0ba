import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import CoWechatApi from 'co-wechat-api'
import { Api } from 'kefu'
import { createEmulator, type EmulatedWorld, type Emulator } from 'kefu/emulator'
import EasyWechat from 'node-easywechat'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPushReceiver, type PushReceiver } from './push-receiver.js'
import { patience } from './support/patience.js'

// A world's address is all that a client must know: kefu's own, and other people's as they are on npm.

const app = { appId: 'wx00000000000000a1', appSecret: 'secret', token: 'token', mode: 'plain' as const }

let receiver: PushReceiver
let emulator: Emulator
let folder: string

beforeAll(async () => {
  receiver = await startPushReceiver()
  emulator = await createEmulator(patience)
  folder = await mkdtemp(join(tmpdir(), 'kefu-worlds-'))
})
afterAll(async () => {
  await emulator.close()
  await receiver.close()
  await rm(folder, { recursive: true })
})

function worldOf(name: string): EmulatedWorld {
  return emulator.world(name, {
    apps: [{ ...app, pushUrl: receiver.url }],
    users: [{ openId: 'o1', said: ['在吗'] }],
  })
}

const senders: Record<string, (world: EmulatedWorld, text: string) => Promise<unknown>> = {
  async kefu(world, text) {
    const api = new Api({ appId: app.appId, appSecret: app.appSecret, url: world.url })
    await api.send('o1', { msgType: 'text', content: text })
    await api.close()
  },
  async 'co-wechat-api'(world, text) {
    const api = new CoWechatApi(app.appId, app.appSecret)
    api.prefix = `${world.url}/cgi-bin/`
    await api.sendText('o1', text)
  },
  async 'node-easywechat'(world, text) {
    const client = new EasyWechat.MiniApp({
      app_id: app.appId,
      secret: app.appSecret,
      http: { baseURL: world.url },
      file_cache: { path: join(folder, world.url.slice(-1)), dirMode: 0o700, fileMode: 0o600, ext: '.cache' },
    }).getClient()
    await client.postJson('/cgi-bin/message/custom/send', {
      touser: 'o1',
      msgtype: 'text',
      text: { content: text },
    })
  },
}

describe.each(Object.entries(senders))('%s', (name, send) => {
  it('talks to the same customer of the same app in two worlds at once, and each sees its own', async () => {
    const worlds = [worldOf(`${name}-1`), worldOf(`${name}-2`)] as const
    await Promise.all(worlds.map((world) => send(world, `to ${world.url}`)))
    for (const world of worlds) {
      expect(await world.user('o1').receivesText()).toBe(`to ${world.url}`)
      expect(world.user('o1').messages).toHaveLength(2)
      expect(world.calls.every(({ errcode }) => errcode === 0)).toBe(true)
    }
    expect(emulator.calls).toEqual([])
  })
})
