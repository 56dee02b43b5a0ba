import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { app, ridAtEnd, startApiCaller } from '../../test/support/api-caller.js'

const minute = 60_000
const hour = 60 * 60_000
const caller = await startApiCaller()
const { emulator, get, post, getToken } = caller
beforeEach(caller.reset)
afterAll(caller.close)

describe('access tokens', () => {
  it('are given for the right credentials', async () => {
    const answer = await getToken()
    expect(answer).toEqual({ access_token: expect.any(String) as string, expires_in: 7200 })
  })

  it.each([
    [{ appid: undefined }, 41002],
    [{ secret: undefined }, 41004],
    [{ grant_type: 'password' }, 40002],
    [{ grant_type: undefined }, 40002],
    [{ appid: 'wx9999999999999999' }, 40013],
    [{ secret: 'wrong' }, 40125],
  ])('are refused for %j with %i', async (changes, errcode) => {
    const answer = await getToken(changes)
    expect(answer.errcode).toBe(errcode)
    expect(answer.errmsg).toMatch(ridAtEnd)
  })

  it('of the stable kind stay the same and are apart from classic ones', async () => {
    const body = { grant_type: 'client_credential', appid: app.appId, secret: app.appSecret }
    const first = await post('/cgi-bin/stable_token', body)
    expect(first.expires_in).toBeGreaterThan(7100)
    expect(await post('/cgi-bin/stable_token', body)).toMatchObject({ access_token: first.access_token })
    expect(first.access_token).not.toBe(caller.token)
    const forced = await post('/cgi-bin/stable_token', { ...body, force_refresh: true })
    expect(forced.access_token).not.toBe(first.access_token)
    expect(await post('/cgi-bin/stable_token', { ...body, force_refresh: true })).toMatchObject({
      errcode: 45011,
    })
    expect(await get(`/cgi-bin/getcallbackip?access_token=${first.access_token ?? ''}`)).toMatchObject({
      errcode: 40001,
    })
    expect(await post('/cgi-bin/stable_token', { ...body, secret: 'wrong' })).toMatchObject({
      errcode: 40125,
    })
    expect(await get('/cgi-bin/stable_token')).toMatchObject({ errcode: 43002 })
  })

  it('that are missing, malformed, unknown, replaced or expired are told apart', async () => {
    const path = '/cgi-bin/getcallbackip'
    const errcode = async (value: string): Promise<unknown> =>
      (await get(`${path}?access_token=${value}`)).errcode
    expect((await get(path)).errcode).toBe(41001)
    expect(await errcode('')).toBe(41001)
    expect(await errcode('ACCESS_TOKEN')).toBe(40014)
    expect(await errcode(`96_${'x'.repeat(133)}`)).toBe(40001)
    expect(await errcode(caller.token)).toBeUndefined()
    await getToken()
    expect(await errcode(caller.token)).toBeUndefined()
    emulator.advance(5 * minute)
    expect(await errcode(caller.token)).toBe(40001)
    const last = (await getToken()).access_token ?? ''
    emulator.advance(2 * hour)
    expect(await errcode(last)).toBe(42001)
  })

  it('still work, as long as before, after a reset', async () => {
    emulator.advance(100 * hour)
    const fresh = (await getToken()).access_token ?? ''
    await emulator.reset()
    expect(await get(`/cgi-bin/getcallbackip?access_token=${fresh}`)).toEqual({ ip_list: ['127.0.0.1'] })
    emulator.advance(2 * hour)
    expect(await get(`/cgi-bin/getcallbackip?access_token=${fresh}`)).toMatchObject({ errcode: 42001 })
  })
})
