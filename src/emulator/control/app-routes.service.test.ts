import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startPushReceiver, tinyPng, type PushReceiver, type Received } from '../../../test/push-receiver.js'
import { createEmulator, type Emulator, type UserHandle } from '../index.js'
import { patience } from '../../../test/support/patience.js'

const [one, other] = ['wx00000000000000a1', 'wx00000000000000b2'] as const
const send = '/cgi-bin/message/custom/send'

let receiver: PushReceiver
let emulator: Emulator
/** Pushes of these texts are never answered. */
const silent = new Set<string>()

beforeEach(async () => {
  silent.clear()
  receiver = await startPushReceiver((request) =>
    [...silent].some((text) => request.body.includes(text)) ? () => undefined : 'success',
  )
  emulator = await createEmulator(patience)
  for (const appId of [one, other]) add(appId)
})
afterEach(async () => {
  await emulator.close()
  await receiver.close()
})

function add(appId: string): void {
  emulator.addApp({ appId, appSecret: 's', token: 't', mode: 'plain', pushUrl: receiver.url })
}

async function control(method: string, path: string): Promise<{ status: number; body: string }> {
  const response = await fetch(`${emulator.url}/_emulator${path}`, { method })
  return { status: response.status, body: await response.text() }
}

async function tokenOf(appId: string): Promise<string> {
  const query = `grant_type=client_credential&appid=${appId}&secret=s`
  const answer = await fetch(`${emulator.url}/cgi-bin/token?${query}`)
  return ((await answer.json()) as { access_token: string }).access_token
}

/** The errcode with which the API takes a text. */
async function sendText(token: string, openId = 'o1'): Promise<number> {
  const answer = await fetch(`${emulator.url}${send}?access_token=${token}`, {
    method: 'POST',
    body: JSON.stringify({ touser: openId, msgtype: 'text', text: { content: '您好' } }),
  })
  return ((await answer.json()) as { errcode: number }).errcode
}

/** What there is of an app after each of its things happened once. */
async function live(appId: string): Promise<{ token: string; user: UserHandle; mediaId: string }> {
  const user = emulator.user('o1', appId)
  await user.sends('在吗')
  const picture = await user.sendsImage(tinyPng)
  const mediaId = (JSON.parse(picture.plaintext) as { MediaId: string }).MediaId
  const token = await tokenOf(appId)
  expect(await sendText(token)).toBe(0)
  emulator.faults.add({ appId, path: send, errcode: -1, times: 2 })
  return { token, user, mediaId }
}

function recordsOf(appId: string): number {
  return [...emulator.deliveries, ...emulator.calls].filter((item) => item.appId === appId).length
}

const faultsOf = (appId: string): number =>
  emulator.faults.items.filter((fault) => fault.appId === appId).length
const gets = async (mediaId: string, token: string): Promise<string> =>
  (await fetch(`${emulator.url}/cgi-bin/media/get?access_token=${token}&media_id=${mediaId}`)).text()

describe('removing an app', () => {
  it('forgets all that is its own, and nothing of another', async () => {
    const [gone, stays] = [await live(one), await live(other)]
    expect(await control('DELETE', `/apps/${one}`)).toEqual({ status: 204, body: '' })

    expect((await control('GET', '/apps')).body).not.toContain(one)
    expect((await control('GET', `/apps/${one}/users/o1/messages`)).status).toBe(404)
    expect([recordsOf(one), faultsOf(one)]).toEqual([0, 0])
    expect(await sendText(gone.token)).toBe(40001)
    expect((await control('GET', `/media/${gone.mediaId}`)).status).toBe(404)
    expect(() => gone.user.messages).toThrow(`There is no app ${one}`)

    expect([recordsOf(other), faultsOf(other)]).toEqual([4, 1])
    expect(stays.user.messages).toHaveLength(3)
    expect(await gets(stays.mediaId, stays.token)).not.toContain('errcode')
    expect(await sendText(stays.token)).toBe(-1)
  })

  it('leaves nothing for one that is added again', async () => {
    const { token, user } = await live(one)
    await emulator.removeApp(one)
    add(one)
    expect(user.messages).toEqual([])
    expect(user.allowance.remaining).toBe(0)
    expect(await sendText(token)).toBe(40001)
    expect(await sendText(await tokenOf(one))).toBe(40003)
  })

  it('is done, too, when there is none', async () => {
    for (const time of ['first', 'second'])
      expect(await control('DELETE', `/apps/${one}`), time).toEqual({ status: 204, body: '' })
    expect([await emulator.removeApp(one), await emulator.removeApp(other)]).toEqual([false, true])
  })

  it('gives up what is on its way, and lets others’ go on', async () => {
    silent.add('hangs')
    emulator.faults.add({ push: 'reorder', openId: 'o2', appId: one })
    const [pushed, held] = [emulator.user('o1', one).sends('hangs'), emulator.user('o2', one).sends('held')]
    const others = emulator.user('o1', other).sends('hangs')
    const reached = (): Received[] => receiver.received.filter(({ body }) => body.includes('hangs'))
    await expect.poll(() => reached().length).toBe(2)
    await emulator.removeApp(one)
    expect((await pushed).attempts.map(({ problem }) => problem)).toEqual([
      'The emulator was reset or closed meanwhile.',
    ])
    expect((await held).attempts).toEqual([])
    expect(emulator.deliveries.map(({ appId, state }) => [appId, state])).toEqual([[other, 'pending']])
    expect(receiver.received.some(({ body }) => body.includes('held'))).toBe(false)
    await emulator.resetApp(other)
    expect((await others).state).toBe('failed')
  })

  it('keeps a call that is answered only then out of the records', async () => {
    const { token } = await live(other)
    emulator.faults.clear()
    emulator.faults.add({ appId: other, path: send, delayMs: 200 })
    const late = sendText(token)
    await expect.poll(() => emulator.faults.items.length).toBe(0)
    await emulator.removeApp(other)
    expect(await late).toBe(0)
    expect(recordsOf(other)).toBe(0)
  })

  it('tells a test that waits for a message, and is done all the same', async () => {
    const user = emulator.user('o1', one)
    const waits = expect(user.receives()).rejects.toThrow(`There is no app ${one}`)
    expect(await control('DELETE', `/apps/${one}`)).toEqual({ status: 204, body: '' })
    await waits
  })

  it('answers whoever waits for its messages that there is no such app', async () => {
    const waits = control('GET', `/apps/${one}/users/o1/messages?wait=60000`)
    await emulator.removeApp(one)
    expect(await waits).toMatchObject({
      status: 404,
      body: expect.stringContaining(`There is no app ${one}`) as string,
    })
  })
})

describe('resetting an app', () => {
  it('keeps its settings and tokens, and forgets the rest of it alone', async () => {
    const [mine, others] = [await live(one), await live(other)]
    expect(await control('POST', `/apps/${one}/reset`)).toEqual({ status: 204, body: '' })

    expect((await control('GET', '/apps')).body).toContain(one)
    expect([recordsOf(one), faultsOf(one), mine.user.messages.length]).toEqual([0, 0, 0])
    expect(await sendText(mine.token)).toBe(40003)
    expect(await gets(mine.mediaId, mine.token)).toContain('40007')
    await mine.user.sends('又来了')
    expect(await sendText(mine.token)).toBe(0)

    expect([recordsOf(other), faultsOf(other), others.user.messages.length]).toEqual([4, 1, 3])
  })

  it('is refused for one that is not there', async () => {
    expect((await control('POST', '/apps/wx9/reset')).status).toBe(404)
    expect(await emulator.resetApp('wx9')).toBe(false)
  })
})

describe('a fault that names an app', () => {
  it('waits for its calls, by token or by appid, and its pushes', async () => {
    const [mine, others] = [await live(one), await live(other)]
    emulator.faults.clear()
    emulator.faults.add({ appId: one, errcode: 45009, times: 3 })
    expect(await sendText(others.token)).toBe(0)
    expect(await sendText(mine.token)).toBe(45009)
    await tokenOf(other)
    expect(await tokenOf(one)).toBeUndefined()
    const stable = await fetch(`${emulator.url}/cgi-bin/stable_token`, {
      method: 'POST',
      body: JSON.stringify({ grant_type: 'client_credential', appid: one, secret: 's' }),
    })
    expect(await stable.json()).toMatchObject({ errcode: 45009 })
    expect(emulator.faults.items).toEqual([])

    emulator.faults.add({ appId: one, push: 'duplicate' })
    expect((await others.user.sends('1')).attempts).toHaveLength(1)
    expect((await mine.user.sends('1')).attempts).toHaveLength(2)
  })
})
