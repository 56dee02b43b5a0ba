import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import CoWechatApi from 'co-wechat-api'
import { createEmulator, type Emulator, type UserHandle } from 'kefu/emulator'
import EasyWechat from 'node-easywechat'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startPushReceiver, tinyPng, type PushReceiver } from './push-receiver.js'
import { patience } from './support/patience.js'

// The emulator is WeChat for anyone's client, so here are other people's, as they are on npm.

const app = { appId: 'wx00000000000000a1', appSecret: 'secret', token: 'token', mode: 'plain' as const }

let receiver: PushReceiver
let emulator: Emulator
let user: UserHandle
let folder: string
let picture: string

beforeAll(async () => {
  receiver = await startPushReceiver()
  folder = await mkdtemp(join(tmpdir(), 'kefu-clients-'))
  picture = join(folder, 'a.png')
  await writeFile(picture, tinyPng)
})
beforeEach(async () => {
  emulator = await createEmulator({ ...patience, apps: [{ ...app, pushUrl: receiver.url }] })
  user = emulator.user('o-customer')
  await user.sends('在吗')
  return () => emulator.close()
})
afterAll(async () => {
  await receiver.close()
  await rm(folder, { recursive: true })
})

describe('co-wechat-api', () => {
  function client(appSecret = app.appSecret): CoWechatApi {
    const api = new CoWechatApi(app.appId, appSecret)
    api.prefix = `${emulator.url}/cgi-bin/`
    return api
  }

  it('fetches a token and sends text', async () => {
    const api = client()
    expect((await api.getAccessToken()).accessToken).toMatch(/^\d\d_[\w-]{130,}$/)
    expect(await api.sendText('o-customer', '您好 😀')).toMatchObject({ errcode: 0, errmsg: 'ok' })
    expect((await user.receives()).content).toEqual({ msgType: 'text', content: '您好 😀' })
  })

  it('uploads a picture, sends it, and gets it back', async () => {
    const api = client()
    const { media_id } = await api.uploadImageMedia(picture)
    await api.sendImage('o-customer', media_id)
    expect((await user.receives()).content).toMatchObject({ msgType: 'image', mediaId: media_id })
    expect(await api.getMedia(media_id)).toEqual(tinyPng)
    const again = await api.uploadMedia(tinyPng, 'image', 'b.png', 'image/png')
    expect(await api.getMedia(again.media_id)).toEqual(tinyPng)
  })

  it('reads refusals, also that of a picture, which comes as text', async () => {
    await expect(client('wrong').getAccessToken()).rejects.toMatchObject({ code: 40125 })
    await expect(client().sendText('o-stranger', 'a')).rejects.toMatchObject({ code: 40003 })
    await expect(client().getMedia('none')).rejects.toMatchObject({ code: 40007 })
  })

  it('fetches another token by itself when its own has been replaced', async () => {
    const api = client()
    await api.sendText('o-customer', '1')
    await client().getAccessToken()
    await client().getAccessToken()
    expect(await api.sendText('o-customer', '2')).toMatchObject({ errcode: 0 })
    expect(emulator.calls.map(({ errcode }) => errcode)).toContain(40001)
  })

  it('looks up WeChat’s addresses', async () => {
    expect((await client().getIp()).ip_list).toEqual(['127.0.0.1'])
  })
})

describe.each([false, true])('node-easywechat with stable tokens: %s', (stable) => {
  function client(secret = app.appSecret): InstanceType<typeof EasyWechat.MiniApp> {
    return new EasyWechat.MiniApp({
      app_id: app.appId,
      secret,
      use_stable_access_token: stable,
      http: { baseURL: emulator.url },
      file_cache: {
        path: join(folder, String(emulator.port)),
        dirMode: 0o700,
        fileMode: 0o600,
        ext: '.cache',
      },
    })
  }

  it('fetches a token and sends text', async () => {
    const miniApp = client()
    expect(await miniApp.getAccessToken().getToken()).toMatch(/^\d\d_[\w-]{130,}$/)
    expect(emulator.calls.at(-1)?.request.path).toBe(stable ? '/cgi-bin/stable_token' : '/cgi-bin/token')
    const message = { touser: 'o-customer', msgtype: 'text', text: { content: '您好 😀' } }
    const response = await miniApp.getClient().postJson('/cgi-bin/message/custom/send', message)
    expect(response.toObject()).toEqual({ errcode: 0, errmsg: 'ok' })
    expect((await user.receives()).content).toEqual({ msgType: 'text', content: '您好 😀' })
  })

  it('uploads a picture and gets it back', async () => {
    const api = client().getClient()
    api.withFile(picture, 'media')
    const uploaded = (await api.post('/cgi-bin/media/upload', { params: { type: 'image' } })).toObject<{
      media_id: string
    }>()
    const response = await api.get('/cgi-bin/media/get', {
      params: { media_id: uploaded.media_id },
      responseType: 'arraybuffer',
    })
    expect(response.getContent()).toEqual(tinyPng)
    expect(response.getHeader('content-type')).toBe('image/png')
  })

  it('reads refusals', async () => {
    const response = await client()
      .getClient()
      .postJson('/cgi-bin/message/custom/send', { touser: 'o-stranger' })
    expect(response.toObject()).toMatchObject({ errcode: 40003 })
    await expect(client('wrong').getAccessToken().getToken()).rejects.toThrow('40125')
  })
})

describe('curl', () => {
  const curl = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)('curl', ['--silent', '--show-error', '--noproxy', '*', ...args])).stdout

  it('does all of it from a shell', async () => {
    const credentials = `grant_type=client_credential&appid=${app.appId}&secret=${app.appSecret}`
    const token = JSON.parse(await curl(`${emulator.url}/cgi-bin/token?${credentials}`)) as {
      access_token: string
    }
    const query = `access_token=${token.access_token}`
    const message = '{"touser":"o-customer","msgtype":"text","text":{"content":"您好"}}'
    expect(
      JSON.parse(await curl('-d', message, `${emulator.url}/cgi-bin/message/custom/send?${query}`)),
    ).toEqual({
      errcode: 0,
      errmsg: 'ok',
    })
    expect((await user.receives()).content).toEqual({ msgType: 'text', content: '您好' })
    const uploaded = JSON.parse(
      await curl('-F', `media=@${picture}`, `${emulator.url}/cgi-bin/media/upload?${query}&type=image`),
    ) as { media_id: string }
    const output = join(folder, 'back.png')
    const info = await curl(
      '--output',
      output,
      '--write-out',
      '%{content_type} %{size_download}',
      `${emulator.url}/cgi-bin/media/get?${query}&media_id=${uploaded.media_id}`,
    )
    expect(info).toBe(`image/png ${tinyPng.length}`)
  })

  it('finds the emulator under WeChat’s own name, when the name is led here', async () => {
    const answer = await curl(
      '--resolve',
      `api.weixin.qq.com:${emulator.port}:127.0.0.1`,
      `http://api.weixin.qq.com:${emulator.port}/cgi-bin/token?appid=${app.appId}`,
    )
    expect(JSON.parse(answer)).toMatchObject({ errcode: 41004 })
  })
})
