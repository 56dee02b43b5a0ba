import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listOf } from '../src/http/schemas/list.js'
import { newAgentView, ownSession } from '../src/people/schemas/agent-view.js'
import { callControl } from '../src/server/control-client.js'
import { ApiClient } from './support/api-client.js'
import {
  addAgent,
  deskAgent,
  deskPassword,
  postSession,
  signIn,
  type DeskAgent,
} from './support/desk-agent.js'
import { startTestService, type TestService } from './support/test-service.js'

const apiKey = 'a-key-of-the-passwords-test-0123456789'
const DAY_MS = 24 * 3_600_000
let service: TestService
let ahead = 0
let people = 0
beforeAll(async () => {
  service = await startTestService(
    { KEFU_API_KEY: apiKey, KEFU_TRUST_PROXY: 'loopback' },
    { now: () => Date.now() + ahead },
  )
  await addAgent(service, '管理员', 'admin')
})
afterAll(() => service.close())

const somebody = (): string => `somebody ${++people}`
const from = (address: string, more = {}) => ({ 'x-forwarded-for': address, ...more })
const attempt = async (name: string, password: string, headers = {}) =>
  (await postSession(service.url, { name, password }, headers)).status
const boss = (): Promise<DeskAgent> => signIn(service.url, '管理员')

describe('wrong passwords', () => {
  it('of a stranger keep nobody out: not the browser of its owner, nor the owner elsewhere', async () => {
    const name = somebody()
    await addAgent(service, name)
    const first = await postSession(service.url, { name, password: deskPassword }, from('10.1.0.1'))
    const known = first.headers
      .getSetCookie()
      .find((each) => each.startsWith('kefu-known='))!
      .split(';')[0]!
    for (let i = 0; i < 12; i++) await attempt(name, 'a wrong guess', from('10.1.0.9'))
    // Also at the stranger's own network, where everybody else has to wait.
    expect(await attempt(name, deskPassword, from('10.1.0.2'))).toBe(429)
    expect(await attempt(name, deskPassword, from('10.1.0.2', { cookie: known }))).toBe(200)
    expect(await attempt(name, deskPassword, from('10.2.0.1'))).toBe(200)
    // The browser has ten tries of its own, and no more; they are its own as well.
    for (let i = 0; i < 10; i++)
      expect(await attempt(name, 'mistyped again', from('10.3.0.1', { cookie: known }))).toBe(401)
    expect(await attempt(name, deskPassword, from('10.3.0.1', { cookie: known }))).toBe(429)
    expect(await attempt(name, deskPassword, from('10.3.0.1'))).toBe(200)
  })

  it('gain nothing by a cookie that is another’s, or made up', async () => {
    const [name, other] = [somebody(), somebody()]
    await addAgent(service, name)
    await addAgent(service, other)
    const answer = await postSession(service.url, { name: other, password: deskPassword }, from('10.4.0.1'))
    const known = answer.headers
      .getSetCookie()
      .find((each) => each.startsWith('kefu-known='))!
      .split(';')[0]!
    for (let i = 0; i < 10; i++) await attempt(name, 'a wrong guess', from('10.4.1.1'))
    const mine = known.replace(/=\d+\./, '=2.')
    for (const cookie of [
      known,
      mine,
      'kefu-known=1.aaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
      'kefu-known=',
    ])
      expect(await attempt(name, deskPassword, from('10.4.1.1', { cookie }))).toBe(429)
  })

  it('are followed by pauses that grow, the same for a name that nobody has, and end with an admin’s reset', async () => {
    const name = somebody()
    await addAgent(service, name)
    const pauses = async (tried: string): Promise<number[]> => {
      const found: number[] = []
      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < (round === 0 ? 10 : 1); i++)
          expect(await attempt(tried, 'a wrong guess', from(`10.5.${tried.length}.1`))).toBe(401)
        const refused = await postSession(
          service.url,
          { name: tried, password: 'a wrong guess' },
          from(`10.5.${tried.length}.1`),
        )
        expect(refused.status).toBe(429)
        const seconds = Number(refused.headers.get('retry-after'))
        found.push(Math.round(seconds / 60))
        ahead += seconds * 1000
      }
      return found
    }
    expect(await pauses(name)).toEqual([15, 30, 60])
    expect(await pauses('nobody has this name')).toEqual([15, 30, 60])
    expect(await attempt(name, 'a wrong guess', from(`10.5.${name.length}.1`))).toBe(401)
    expect(await attempt(name, deskPassword, from(`10.5.${name.length}.1`))).toBe(429)
    const password = 'given by the command line'
    await callControl(service.config.dataDir, 'agent-reset-password', { name, password })
    expect(await attempt(name, password, from(`10.5.${name.length}.1`))).toBe(200)
  })
})

describe('a first password', () => {
  const made = async (): Promise<{ name: string; id: number; password: string }> => {
    const name = somebody()
    const { api } = await boss()
    const { agent, password } = await api.get(newAgentView, 'POST /agents', { body: { name } })
    return { name, id: agent.id, password: password! }
  }

  it('that kefu made opens nothing but its change, after which everything is open', async () => {
    const { name, password } = await made()
    const answer = await postSession(service.url, { name, password })
    const { api, session } = await deskAgent(service.url, answer)
    expect(session.mustChangePassword).toBe(true)
    for (const call of [
      'GET /conversations',
      'GET /agents',
      'GET /events',
      'PUT /session/status',
      'GET /sessions',
    ] as const)
      expect(await api.call(call, call.startsWith('GET') ? {} : { body: { status: 'busy' } })).toMatchObject({
        status: 403,
        body: { error: { code: 'forbidden', reason: 'password_due' } },
      })
    expect((await api.call('GET /session')).status).toBe(200)
    const change = (next: string) =>
      api.call('POST /session/password', { body: { current: password, password: next } })
    expect(await change(password)).toMatchObject({
      status: 422,
      body: { error: { reason: 'password_same' } },
    })
    expect((await change('a password of my own')).status).toBe(200)
    const { api: own, session: after } = await signIn(service.url, name, 'a password of my own')
    expect(after.mustChangePassword).toBe(false)
    expect((await own.call('GET /conversations')).status).toBe(200)
  })

  it('given by an admin at the desk, to somebody new or again, is one too', async () => {
    const name = somebody()
    const { api } = await boss()
    const { agent } = await api.get(newAgentView, 'POST /agents', { body: { name, password: deskPassword } })
    expect((await signIn(service.url, name)).session.mustChangePassword).toBe(true)
    await callControl(service.config.dataDir, 'agent-reset-password', { name, password: deskPassword })
    expect((await signIn(service.url, name)).session.mustChangePassword).toBe(false)
    const again = { params: { id: agent.id }, body: { password: `${deskPassword} 2` } }
    await api.ok('POST /agents/:id/password', again)
    expect((await signIn(service.url, name, `${deskPassword} 2`)).session.mustChangePassword).toBe(true)
  })

  it('ends after seven days, also for a session that it began', async () => {
    const { name, password } = await made()
    ahead += 7 * DAY_MS - 60_000
    const early = await signIn(service.url, name, password)
    ahead += 60_000
    const late = await postSession(service.url, { name, password })
    expect(late.status).toBe(401)
    expect(await late.json()).toMatchObject({ error: { reason: 'password_ended' } })
    expect(await attempt(name, 'a wrong guess')).toBe(401)
    const changed = await early.api.call('POST /session/password', {
      body: { current: password, password: 'a password of my own' },
    })
    expect(changed).toMatchObject({ status: 401, body: { error: { reason: 'password_ended' } } })
  })

  it('by the command stays where its owner gave it, and is one where kefu made it', async () => {
    const name = somebody()
    await callControl(service.config.dataDir, 'agent-add', {
      name,
      role: 'agent',
      password: deskPassword,
      isFirst: true,
    })
    expect((await signIn(service.url, name)).session.mustChangePassword).toBe(true)
    const own = somebody()
    await addAgent(service, own)
    ahead += 8 * DAY_MS
    expect((await signIn(service.url, own)).session.mustChangePassword).toBe(false)
  })
})

describe('one’s own sessions', () => {
  const sessionsOf = async ({ api }: DeskAgent) => (await api.get(listOf(ownSession), 'GET /sessions')).items

  it('are shown with what they run on, and ended one by one or all others at once', async () => {
    const name = somebody()
    await addAgent(service, name)
    const agents: DeskAgent[] = []
    for (const [i, agent] of [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
      'curl/8',
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
    ].entries())
      agents.push(
        await deskAgent(
          service.url,
          await postSession(
            service.url,
            { name, password: deskPassword },
            from(`10.7.0.${i}`, { 'user-agent': agent }),
          ),
        ),
      )
    const [windows, , phone] = agents
    const shown = await sessionsOf(windows!)
    expect(shown.map(({ device, address, current }) => [device, address, current]).toSorted()).toEqual(
      [
        ['Chrome 131 · Windows', '10.7.0.0', true],
        ['Safari 18 · iPhone', '10.7.0.2', false],
        [null, '10.7.0.1', false],
      ].toSorted(),
    )
    const one = shown.find(({ device }) => device === 'Safari 18 · iPhone')!
    // Somebody else's is not there.
    expect((await (await boss()).api.call('DELETE /sessions/:id', { params: { id: one.id } })).status).toBe(
      404,
    )
    await windows!.api.ok('DELETE /sessions/:id', { params: { id: one.id } })
    expect((await phone!.api.call('GET /session')).status).toBe(401)
    await windows!.api.ok('DELETE /sessions')
    expect(await sessionsOf(windows!)).toMatchObject([{ current: true }])
    expect((await agents[1]!.api.call('GET /session')).status).toBe(401)
    expect((await new ApiClient(service.url, apiKey).call('GET /sessions')).status).toBe(401)
  })
})
