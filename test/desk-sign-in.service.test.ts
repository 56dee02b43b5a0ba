import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { request } from 'node:http'
import { startService } from '../src/server/start.js'
import { silentLogger } from '../src/log.js'
import { setTimeout as delay } from 'node:timers/promises'
import { listOf } from '../src/http/schemas/list.js'
import { Passwords } from '../src/people/passwords.js'
import { auditView } from '../src/people/schemas/audit-view.js'
import { agentView, newAgentView, sessionView } from '../src/people/schemas/agent-view.js'
import { ApiClient } from './support/api-client.js'
import { addAgent, deskAgent, deskPassword, postSession, signIn } from './support/desk-agent.js'
import { startTestService, type TestService } from './support/test-service.js'

const apiKey = 'a-key-of-the-desk-test-0123456789'
let service: TestService
beforeEach(async () => {
  service = await startTestService({ KEFU_API_KEY: apiKey })
})
afterEach(() => service.close())

const program = (): ApiClient => new ApiClient(service.url, apiKey)
const audit = async () => (await program().get(listOf(auditView), 'GET /audit')).items

describe('signing in', () => {
  it('is possible for nobody in a new service', async () => {
    for (const name of ['admin', 'root', 'kefu', 'demo', ''])
      for (const password of ['admin', 'kefu', '', 'password123'])
        expect((await postSession(service.url, { name, password })).status).toBeOneOf([401, 429])
  })

  it('gives who it is, a token, and a cookie that no script reads', async () => {
    await addAgent(service, '小林')
    const answer = await postSession(service.url, { name: ' 小林 ', password: deskPassword })
    expect(answer.status).toBe(200)
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^kefu=[\w-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Lax$/),
      // It gives tries of one's own, and lets nobody in.
      expect.stringMatching(
        /^kefu-known=\d+\.[\w-]{22}\.[\w-]{43}; Path=\/; Max-Age=34560000; HttpOnly; SameSite=Strict$/,
      ),
    ])
    const { api, session } = await deskAgent(service.url, answer)
    expect(session.agent).toMatchObject({ name: '小林', role: 'agent', apps: 'all', status: 'online' })
    expect(await api.get(sessionView, 'GET /session')).toEqual(session)
  })

  it('over https has a cookie that only this host gets, and over http elsewhere none', async () => {
    await addAgent(service, 'Lin')
    await service.restart({ KEFU_PUBLIC_URL: 'https://kefu.example.com' })
    const body = { name: 'Lin', password: deskPassword }
    const answer = await postSession(service.url, body, { origin: 'https://kefu.example.com' })
    const [cookie = ''] = answer.headers.getSetCookie()
    expect(cookie).toMatch(/^__Host-kefu=[\w-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure$/)
    const { api } = await deskAgent(service.url, answer)
    expect((await api.call('GET /session')).status).toBe(200)

    const { hostname, port } = new URL(service.url)
    const overheard = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', host: 'kefu.lan', origin: 'http://kefu.lan' }
      request({ hostname, port, path: '/api/v1/session', method: 'POST', headers }, (res) => {
        res.resume()
        resolve(res.statusCode)
      })
        .on('error', reject)
        .end(JSON.stringify(body))
    })
    expect(overheard).toBe(403)
  })

  it('begins a new session whatever cookie a browser brings, and ends the one before', async () => {
    await addAgent(service, 'Lin')
    const planted = 'kefu=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    const answer = await postSession(
      service.url,
      { name: 'Lin', password: deskPassword },
      { cookie: planted },
    )
    const first = await deskAgent(service.url, answer)
    expect(first.cookie).not.toBe(planted)
    const again = await postSession(
      service.url,
      { name: 'Lin', password: deskPassword },
      { cookie: first.cookie },
    )
    expect((await deskAgent(service.url, again)).cookie).not.toBe(first.cookie)
    expect((await first.api.call('GET /session')).status).toBe(401)
  })

  it('answers every failure alike', async () => {
    await addAgent(service, 'Lin')
    await addAgent(service, 'Gone')
    const [gone] = (await program().get(listOf(agentView), 'GET /agents')).items
    await program().ok('PATCH /agents/:id', { params: { id: gone!.id }, body: { disabled: true } })
    const failures = await Promise.all(
      [
        { name: 'Lin', password: 'wrong password' },
        { name: 'nobody', password: deskPassword },
        { name: 'Gone', password: deskPassword },
        { name: 'Lin', password: '' },
        { name: 'x\r\ny\u0000', password: deskPassword },
      ].map(async (body) => {
        const answer = await postSession(service.url, body)
        return { status: answer.status, text: await answer.text(), cookies: answer.headers.getSetCookie() }
      }),
    )
    for (const failure of failures) expect(failure).toEqual(failures[0])
    expect(failures[0]).toMatchObject({ status: 401, cookies: [] })
  })

  it('compares a password with a hash also for a name that nobody has', async () => {
    await addAgent(service, 'Lin')
    const verify = vi.spyOn(Passwords.prototype, 'verify')
    try {
      for (const name of ['Lin', 'nobody']) {
        expect((await postSession(service.url, { name, password: 'wrong password' })).status).toBe(401)
        expect(verify).toHaveBeenCalledTimes(1)
        verify.mockClear()
      }
    } finally {
      verify.mockRestore()
    }
  })

  it('is refused for a while after ten tries in vain, also with the right password', async () => {
    await addAgent(service, 'Lin')
    const tries = await Promise.all(
      Array.from({ length: 15 }, (_, i) =>
        postSession(service.url, { name: 'Lin', password: `guess number ${i}` }),
      ),
    )
    expect(tries.map(({ status }) => status).filter((status) => status === 401)).toHaveLength(10)
    const refused = tries.find(({ status }) => status === 429)
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(800)
    expect((await postSession(service.url, { name: 'lin', password: deskPassword })).status).toBe(429)
    // A restart forgets nothing.
    await service.restart()
    expect((await postSession(service.url, { name: 'Lin', password: deskPassword })).status).toBe(429)
    expect((await audit()).filter(({ action }) => action === 'sign_in_failed')).toHaveLength(10)
    expect((await audit()).filter(({ action }) => action === 'sign_in_limited')).toHaveLength(1)
  })

  it('believes X-Forwarded-For from no stranger', async () => {
    const tries = []
    for (let i = 0; i < 35; i++)
      tries.push(
        await postSession(
          service.url,
          { name: `nobody-${i}`, password: 'x' },
          { 'x-forwarded-for': `10.0.0.${i}` },
        ),
      )
    expect(tries.filter(({ status }) => status === 429)).toHaveLength(5)
  })

  it('leaves neither passwords nor cookies in the log or the audit', async () => {
    await addAgent(service, 'Lin')
    const { cookie, headers } = await signIn(service.url, 'Lin')
    await postSession(service.url, { name: 'my-secret-typed-as-a-name', password: 'another-secret-guess' })
    const everything = service.log + JSON.stringify(await audit())
    for (const secret of [
      deskPassword,
      cookie.split('=')[1]!,
      headers['x-csrf-token']!,
      'my-secret-typed',
      'another-secret',
    ])
      expect(everything).not.toContain(secret)
  })
})

describe('a session', () => {
  it('is over after signing out, for whoever kept the cookie too', async () => {
    await addAgent(service, 'Lin')
    const { api, headers } = await signIn(service.url, 'Lin')
    const out = await api.call('DELETE /session')
    expect(out.status).toBe(204)
    expect(out.headers.getSetCookie()[0]).toMatch(/^kefu=; Path=\/; Max-Age=0/)
    expect((await api.call('GET /session')).status).toBe(401)
    expect((await new ApiClient(service.url, undefined, headers).call('GET /conversations')).status).toBe(401)
  })

  it('changes its password with the one so far, and goes on alone', async () => {
    await addAgent(service, 'Lin')
    const [one, other] = [await signIn(service.url, 'Lin'), await signIn(service.url, 'Lin')]
    const wrong = await one.api.call('POST /session/password', {
      body: { current: 'not the one', password: 'a better password' },
    })
    expect(wrong.status).toBe(403)
    const answer = await fetch(`${service.url}/api/v1/session/password`, {
      method: 'POST',
      headers: { ...one.headers, 'content-type': 'application/json' },
      body: JSON.stringify({ current: deskPassword, password: 'a better password' }),
    })
    const renewed = await deskAgent(service.url, answer)
    expect((await renewed.api.call('GET /session')).status).toBe(200)
    for (const { api } of [one, other]) expect((await api.call('GET /session')).status).toBe(401)
    expect((await postSession(service.url, { name: 'Lin', password: deskPassword })).status).toBe(401)
    await signIn(service.url, 'Lin', 'a better password')
  })

  it('opens no door of an admin to an agent', async () => {
    await addAgent(service, 'Lin')
    const { api, id } = await signIn(service.url, 'Lin')
    expect((await api.call('GET /audit')).status).toBe(403)
    expect((await api.call('POST /agents', { body: { name: 'Other' } })).status).toBe(403)
    expect((await api.call('PATCH /agents/:id', { params: { id }, body: { role: 'admin' } })).status).toBe(
      403,
    )
    expect((await api.call('POST /agents/:id/password', { params: { id }, body: {} })).status).toBe(403)
    expect((await api.call('DELETE /agents/:id', { params: { id } })).status).toBe(403)
  })

  it('lets an admin add agents, with a password that is shown once, and take it all back', async () => {
    await addAgent(service, 'boss', 'admin')
    const boss = await signIn(service.url, 'boss')
    const made = await boss.api.get(newAgentView, 'POST /agents', { body: { name: '小王', apps: ['wx1'] } })
    expect(made.agent).toMatchObject({ name: '小王', role: 'agent', apps: ['wx1'], online: false })
    const wang = await signIn(service.url, '小王', made.password ?? '')
    await boss.api.ok('PATCH /agents/:id', { params: { id: wang.id }, body: { disabled: true } })
    expect((await wang.api.call('GET /session')).status).toBe(401)
    expect((await boss.api.call('DELETE /agents/:id', { params: { id: boss.id } })).status).toBe(409)
  })
})

describe('another site’s page', () => {
  const evil = 'https://evil.example'

  async function post(headers: Record<string, string>, body = '{}'): Promise<number> {
    const answer = await fetch(`${service.url}/api/v1/session/status`, {
      method: 'PUT',
      headers,
      body: headers['content-type'] === undefined ? new Blob([body]) : body,
    })
    return answer.status
  }

  it('changes nothing with an agent’s cookie', async () => {
    await addAgent(service, 'Lin')
    const { headers } = await signIn(service.url, 'Lin')
    const json = { ...headers, 'content-type': 'application/json' }
    const busy = '{"status":"busy"}'
    expect(await post(json, busy)).toBe(204)
    for (const wrong of [
      { ...json, origin: evil },
      { ...json, origin: 'null' },
      { ...json, origin: `${service.url}.evil.example` },
      { ...json, 'sec-fetch-site': 'cross-site' },
      { ...json, 'sec-fetch-site': 'same-site' },
      { ...json, 'sec-fetch-site': 'none' },
      { ...json, 'x-csrf-token': '' },
      { ...json, 'x-csrf-token': `${headers['x-csrf-token']?.slice(1)}A` },
    ])
      expect(await post(wrong, busy)).toBe(403)
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])
      expect(await post({ ...headers, 'content-type': type }, busy)).toBe(400)
    expect(await post({ ...headers }, busy)).toBe(400)
  })

  it('signs nobody in and sets nothing up', async () => {
    await addAgent(service, 'Lin')
    const body = { name: 'Lin', password: deskPassword }
    expect((await postSession(service.url, body, { origin: evil })).status).toBe(403)
    expect((await postSession(service.url, body, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await postSession(service.url, body, { 'content-type': 'text/plain' })).status).toBe(400)
    const setup = await fetch(`${service.url}/api/v1/setup`, {
      method: 'POST',
      headers: { origin: evil, 'content-type': 'application/json' },
      body: JSON.stringify({ token: 'x', name: 'x', password: deskPassword }),
    })
    expect(setup.status).toBe(403)
  })

  it('reads nothing with it either, by links and streams', async () => {
    await addAgent(service, 'Lin')
    const { cookie } = await signIn(service.url, 'Lin')
    const read = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${service.url}/api/v1/conversations`, { headers: { cookie, ...headers } })).status
    expect(await read({})).toBe(200)
    expect(await read({ 'sec-fetch-site': 'none' })).toBe(200)
    expect(await read({ 'sec-fetch-site': 'cross-site' })).toBe(403)
    expect(await read({ origin: evil })).toBe(403)
  })
})

describe('the first admin', () => {
  it('is made by the link that the start gives, once', async () => {
    await service.stop()
    const running = await startService(service.config, { logger: silentLogger, now: Date.now, wait: delay })
    try {
      const token = /\/#\/setup\/([\w-]{32})$/.exec(running.setupUrl ?? '')?.[1]
      const setUp = async (name: string): Promise<Response> =>
        fetch(`${running.url}/api/v1/setup`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', origin: running.url },
          body: JSON.stringify({ token, name, password: deskPassword }),
        })
      const api = new ApiClient(running.url, undefined)
      expect(await api.ok('GET /setup')).toEqual({ needed: true })
      const answers = await Promise.all(['one', 'two', 'three', 'four'].map(setUp))
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403, 403])
      const boss = await deskAgent(
        running.url,
        answers.find(({ status }) => status === 200)!,
      )
      expect(boss.session.agent.role).toBe('admin')
      expect((await boss.api.call('GET /audit')).status).toBe(200)
      expect(await api.ok('GET /setup')).toEqual({ needed: false })
      expect((await setUp('five')).status).toBe(403)
    } finally {
      await running.stop()
    }
    const again = await startService(service.config, { logger: silentLogger, now: Date.now, wait: delay })
    expect(again.setupUrl).toBeUndefined()
    await again.stop()
  })
})
