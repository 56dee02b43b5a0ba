import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { app, ridAtEnd, startApiCaller } from '../../test/support/api-caller.js'
import { tinyPng } from '../../test/push-receiver.js'

const caller = await startApiCaller()
const { upload, emulator, user, get, post, getToken, sendText } = caller
beforeEach(caller.reset)
afterAll(caller.close)

describe('faults of calls', () => {
  const path = '/cgi-bin/message/custom/send'
  beforeEach(async () => {
    await user.sends('在吗')
  })
  const shown = (): number => user.messages.filter(({ from }) => from === 'service').length

  it('answer an errcode and do nothing', async () => {
    const fault = emulator.faults.add({ path, errcode: 45011 })
    expect(await sendText('a')).toMatchObject({
      errcode: 45011,
      errmsg: expect.stringMatching(ridAtEnd) as string,
    })
    expect(shown()).toBe(0)
    expect(emulator.calls.at(-1)).toMatchObject({
      errcode: 45011,
      faultId: fault.id,
      appId: app.appId,
      openId: 'customer-1',
    })
    expect(await sendText('a')).toMatchObject({ errcode: 0 })
  })

  it('answer an HTML page and do nothing', async () => {
    emulator.faults.add({ path, status: 502 })
    const response = await fetch(`${emulator.url}${path}?access_token=${caller.token}`, {
      method: 'POST',
      body: '{}',
    })
    expect(response.status).toBe(502)
    expect(response.headers.get('content-type')).toBe('text/html')
    expect(await response.text()).toContain('502')
    expect(shown()).toBe(0)
  })

  it('answer rightly, but late', async () => {
    emulator.faults.add({ path, delayMs: 150 })
    const answered: string[] = []
    const send = async (text: string): Promise<void> => {
      expect(await sendText(text)).toMatchObject({ errcode: 0 })
      answered.push(text)
    }
    await Promise.all([send('late'), send('soon')])
    expect(answered).toEqual(['soon', 'late'])
    expect(shown()).toBe(2)
  })

  it('cut the connection before anything is done', async () => {
    emulator.faults.add({ path, reset: 'before' })
    await expect(sendText('a')).rejects.toMatchObject({
      cause: { code: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/) as string },
    })
    expect(shown()).toBe(0)
    expect(emulator.calls.at(-1)?.response).toBeNull()
  })

  it('cut the connection after the message was shown', async () => {
    emulator.faults.add({ path, reset: 'after' })
    await expect(sendText('a')).rejects.toThrow('fetch failed')
    expect(shown()).toBe(1)
    expect(user.allowance.remaining).toBe(4)
    expect(emulator.calls.at(-1)?.response).toBeNull()
  })
})

describe('recorded calls', () => {
  it('show four characters of secrets and tokens, and no more', async () => {
    await getToken()
    await post('/cgi-bin/stable_token', {
      grant_type: 'client_credential',
      appid: app.appId,
      secret: app.appSecret,
    })
    await user.sends('在吗')
    await sendText('在')
    const text = JSON.stringify(emulator.calls)
    expect(text).not.toContain(app.appSecret)
    expect(text).not.toContain(caller.token)
    expect(text).toContain(`"access_token":"${caller.token.slice(0, 4)}…"`)
    expect(text).toContain('"secret":"secr…"')
    expect(text).toContain(String.raw`\"secret\":\"secr…\"`)
  })

  it('tell whose they are and what they carried, without pictures’ bytes', async () => {
    await upload(tinyPng)
    const call = emulator.calls.at(-1)
    expect(call).toMatchObject({ appId: app.appId, openId: null, errcode: 0, faultId: null })
    expect(call?.request.body).toMatch(/^\[multipart\/form-data, \d+ bytes\]$/)
    expect(call?.response?.body).toContain('media_id')
    await getToken()
    expect(emulator.calls.at(-1)?.appId).toBe(app.appId)
    await getToken({ secret: 'wrong' })
    expect(emulator.calls.at(-1)).toMatchObject({ appId: null, errcode: 40125 })
  })

  it('are no more than a thousand', async () => {
    for (let i = 0; i < 101; i++) await Promise.all(Array.from({ length: 10 }, () => get('/cgi-bin/nothing')))
    expect(emulator.calls).toHaveLength(1000)
  })
})
