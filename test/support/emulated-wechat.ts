import { Api, type ApiOptions } from '../../src/api/index.js'
import { createEmulator, type ApiCall, type Emulator, type UserHandle } from '../../src/emulator/index.js'
import { startPushReceiver } from '../push-receiver.js'
import { patience } from './patience.js'

/** Looks like WeChat's (32 hex digits), and stands out where it must not be. */
export const plantedSecret = 'deadbeefdeadbeefdeadbeefdeadbeef'

export interface EmulatedWechat {
  readonly emulator: Emulator
  readonly appId: string
  /** Waits that were asked for between tries, in milliseconds; none is waited. */
  readonly waits: readonly number[]
  /** A client of it; closed with it. */
  api(options?: Partial<ApiOptions>): Api
  /** A customer who has just written, so that there is an allowance of five. */
  customer(openId?: string): Promise<UserHandle>
  /** The calls of a path so far, of all when not given. */
  calls(path?: string): ApiCall[]
  /** How many tokens were asked for. */
  readonly tokenCalls: number
  close(): Promise<void>
}

/** An emulated WeChat with one app, whose pushes somebody takes. */
export async function emulatedWechat(): Promise<EmulatedWechat> {
  const receiver = await startPushReceiver()
  const appId = 'wx0123456789abcdef'
  const emulator = await createEmulator({
    ...patience,
    apps: [{ appId, appSecret: plantedSecret, token: 'token', mode: 'plain', pushUrl: receiver.url }],
  })
  const apis: Api[] = []
  const waits: number[] = []
  let customers = 0
  const calls = (path?: string): ApiCall[] =>
    emulator.calls.filter((call) => path === undefined || call.request.path === path)
  return {
    emulator,
    appId,
    waits,
    api(options = {}) {
      const wait = async (milliseconds: number): Promise<void> => {
        waits.push(milliseconds)
      }
      const api = new Api({ appId, appSecret: plantedSecret, url: emulator.url, wait, ...options })
      apis.push(api)
      return api
    },
    async customer(openId = `openid-${++customers}`) {
      const user = emulator.user(openId)
      await user.sends('你好')
      return user
    },
    calls,
    get tokenCalls() {
      return calls('/cgi-bin/stable_token').length + calls('/cgi-bin/token').length
    },
    async close() {
      await Promise.all(apis.map((api) => api.close()))
      await emulator.close()
      await receiver.close()
    },
  }
}

/** What a promise is rejected with; throws when it is not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error('It was expected to fail.', { cause: value })
    },
    (error: unknown) => error,
  )
}
