import { createEmulator, type Emulator, type UserHandle } from 'kefu/emulator'
import { expect } from 'vitest'
import { startPushReceiver, type PushReceiver } from '../push-receiver.js'
import { patience } from './patience.js'

/** WeChat's answer, as far as tests look into it. */
export interface ApiAnswer {
  errcode?: number
  errmsg?: string
  access_token?: string
  expires_in?: number
  media_id?: string
  [name: string]: unknown
}

export const app = {
  appId: 'wx00000000000000a1',
  appSecret: 'secret-of-a1',
  token: 'token',
  mode: 'plain' as const,
}
export const otherApp = { ...app, appId: 'wx00000000000000b2', appSecret: 'secret-of-b2' }

/** How WeChat's refusals end. */
export const ridAtEnd = / rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/

/** An emulator with two apps, and its API called as a service would: with nothing but fetch. */
export interface ApiCaller {
  emulator: Emulator
  receiver: PushReceiver
  /** A customer of the first app. */
  user: UserHandle
  /** The first app's classic access token. */
  token: string
  /** A fresh start with a fresh token. */
  reset: () => Promise<void>
  close: () => Promise<void>
  get: (path: string) => Promise<ApiAnswer>
  post: (path: string, body: unknown, accessToken?: string) => Promise<ApiAnswer>
  getToken: (changes?: Record<string, string | undefined>) => Promise<ApiAnswer>
  /** Sends to the customer, unless the message says to whom. */
  send: (message: Record<string, unknown>) => Promise<ApiAnswer>
  sendText: (content: unknown) => Promise<ApiAnswer>
  /** Uploads a file, or a form without one. */
  upload: (file: string | Buffer<ArrayBuffer> | undefined, options?: UploadOptions) => Promise<ApiAnswer>
}

interface UploadOptions {
  /** `image` when not given. */
  type?: string
  /** The form field; `media` when not given. */
  field?: string
}

/** Reads an answer, which comes with status 200 whatever it says. */
export async function readAnswer(response: Response): Promise<ApiAnswer> {
  expect(response.status).toBe(200)
  return (await response.json()) as ApiAnswer
}

export async function startApiCaller(): Promise<ApiCaller> {
  const receiver = await startPushReceiver()
  const apps = [app, otherApp].map((input) => ({ ...input, pushUrl: receiver.url }))
  const emulator = await createEmulator({ ...patience, apps })

  const get = async (path: string): Promise<ApiAnswer> => readAnswer(await fetch(emulator.url + path))
  const post = async (path: string, body: unknown, accessToken = caller.token): Promise<ApiAnswer> => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const url = `${emulator.url}${path}?access_token=${accessToken}`
    return readAnswer(await fetch(url, { method: 'POST', body: text }))
  }
  const getToken = (changes: Record<string, string | undefined> = {}): Promise<ApiAnswer> => {
    const all: typeof changes = {
      grant_type: 'client_credential',
      appid: app.appId,
      secret: app.appSecret,
      ...changes,
    }
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries(all)) if (value !== undefined) query.set(name, value)
    return get(`/cgi-bin/token?${query.toString()}`)
  }
  const send = (message: Record<string, unknown>): Promise<ApiAnswer> =>
    post('/cgi-bin/message/custom/send', { touser: caller.user.openId, ...message })

  const upload: ApiCaller['upload'] = async (file, { type = 'image', field = 'media' } = {}) => {
    const form = new FormData()
    if (file !== undefined) form.set(field, new Blob([file], { type: 'image/png' }), 'a.png')
    const url = `${emulator.url}/cgi-bin/media/upload?access_token=${caller.token}&type=${type}`
    return readAnswer(await fetch(url, { method: 'POST', body: form }))
  }

  const caller: ApiCaller = {
    emulator,
    receiver,
    user: emulator.user('customer-1', app.appId),
    token: '',
    async reset() {
      await emulator.reset()
      caller.token = (await getToken()).access_token ?? ''
    },
    async close() {
      await emulator.close()
      await receiver.close()
    },
    get,
    post,
    getToken,
    send,
    sendText: (content) => send({ msgtype: 'text', text: { content } }),
    upload,
  }
  return caller
}
