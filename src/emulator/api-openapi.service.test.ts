import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { app, otherApp, readAnswer, startApiCaller, type ApiAnswer } from '../../test/support/api-caller.js'

const hour = 60 * 60_000
const caller = await startApiCaller()
const { emulator, user, get, post, getToken, sendText } = caller
beforeEach(caller.reset)
afterAll(caller.close)

describe('quotas and look-ups', () => {
  it('count the day’s calls and clear them', async () => {
    const cgi_path = '/cgi-bin/message/custom/send'
    await user.sends('在吗')
    await sendText('在')
    const used = async (): Promise<number> => {
      const { quota } = await post('/cgi-bin/openapi/quota/get', { cgi_path })
      return (quota as { used: number }).used
    }
    const before = await used()
    expect(before).toBeGreaterThan(0)
    expect(await post('/cgi-bin/openapi/quota/clear', { cgi_path })).toMatchObject({ errcode: 0 })
    expect(await used()).toBe(0)
    await sendText('在')
    expect(await used()).toBe(1)
    expect(await post('/cgi-bin/clear_quota', { appid: app.appId })).toMatchObject({ errcode: 0 })
    expect(await used()).toBe(0)
    expect(await post('/cgi-bin/clear_quota', { appid: otherApp.appId })).toMatchObject({ errcode: 40013 })
    expect(await post('/cgi-bin/openapi/quota/get', { cgi_path: '/nothing' })).toMatchObject({
      errcode: 76021,
    })
  })

  it('clear by appid and secret without a token', async () => {
    const clear = (secret: string): Promise<ApiAnswer> =>
      fetch(`${emulator.url}/cgi-bin/clear_quota/v2?appid=${app.appId}&appsecret=${secret}`, {
        method: 'POST',
      }).then(readAnswer)
    expect(await clear('wrong')).toMatchObject({ errcode: 40125 })
    expect(await clear(app.appSecret)).toMatchObject({ errcode: 0 })
  })

  it('find a call by the rid of its answer, for the app that made it', async () => {
    const refused = await sendText('a')
    const rid = /rid: (.*)$/.exec(refused.errmsg ?? '')?.[1]
    const found = await post('/cgi-bin/openapi/rid/get', { rid })
    expect(found).toMatchObject({
      errcode: 0,
      request: {
        response_body: JSON.stringify(refused),
        client_ip: expect.stringContaining('127.0.0.1') as string,
      },
    })
    const request = found['request'] as { request_url: string; request_body: string }
    expect(request.request_url).toContain('/cgi-bin/message/custom/send?access_token=')
    expect(request.request_url).not.toContain(caller.token)
    expect(JSON.parse(request.request_body)).toMatchObject({ touser: 'customer-1' })
    const { access_token = '' } = await getToken({ appid: otherApp.appId, secret: otherApp.appSecret })
    expect(await post('/cgi-bin/openapi/rid/get', { rid }, access_token)).toMatchObject({ errcode: 76003 })
    expect(await post('/cgi-bin/openapi/rid/get', { rid: 'x' })).toMatchObject({ errcode: 76002 })
    expect(await post('/cgi-bin/openapi/rid/get', { rid: '00000000-00000000-00000000' })).toMatchObject({
      errcode: 76001,
    })
    emulator.advance(7 * 24 * hour + 1)
    caller.token = (await getToken()).access_token ?? ''
    expect(await post('/cgi-bin/openapi/rid/get', { rid })).toMatchObject({ errcode: 76004 })
  })

  it('tell WeChat’s addresses and check the push URL', async () => {
    expect(await get(`/cgi-bin/get_api_domain_ip?access_token=${caller.token}`)).toEqual({
      ip_list: ['127.0.0.1'],
    })
    const check = (action: string): Promise<ApiAnswer> =>
      post('/cgi-bin/callback/check', { action, check_operator: 'DEFAULT' })
    expect(await check('all')).toMatchObject({ dns: [{ ip: '127.0.0.1' }], ping: [{ ip: '127.0.0.1' }] })
    expect(await check('nothing')).toMatchObject({ errcode: 40202 })
  })
})
