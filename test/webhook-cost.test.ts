import { describe, expect, it } from 'vitest'
import { encodePush, sign, type EncodedPush, type PushSecrets } from '../src/wechat/index.js'
import type { RefusedRequest } from '../src/webhook/index.js'
import { text } from './support/pushes.js'
import { startHearing, seconds } from './support/webhook-scene.js'

const apps: readonly PushSecrets[] = Array.from({ length: 20 }, (_, i) => ({
  appId: `wx${i}`,
  token: `token-${i}`,
  encodingAESKey: String.fromCharCode(97 + i).repeat(43),
}))
const [first, second] = [apps[0], apps[1]] as [PushSecrets, PushSecrets]

/** A body as large as a push may be that looks like an envelope, a message, or nothing. */
const bodies = {
  'an envelope': `{"ToUserName":"gh_1","Encrypt":"${'A'.repeat(65_000)}"}`,
  'an odd envelope': `{"a":[${'1,'.repeat(30_000)}1],"Encrypt":"AAAA"}`,
  'many envelopes': `<xml>${'<Encrypt>AAAA</Encrypt>'.repeat(2_800)}</xml>`,
  'no envelope': `<xml>${'<a>1</a>'.repeat(8_000)}</xml>`,
  junk: '{'.repeat(65_000),
}

async function refused(
  list: readonly PushSecrets[],
  push: Partial<EncodedPush>,
  path = '/wechat',
): Promise<{ status: number; told: RefusedRequest[]; heard: string[] }> {
  const told: RefusedRequest[] = []
  const { server, heard } = await startHearing({
    apps: list,
    onRefused: (_problem, request) => told.push(request),
  })
  const given = { body: '', contentType: 'application/json', query: {}, ...push }
  const { status } = await server.ask({
    method: 'POST',
    path,
    query: given.query,
    body: given.body,
    type: given.contentType,
  })
  return { status, told, heard }
}

describe('a push that no token signed', () => {
  const stale = seconds() - 660
  it.each([
    [
      'another’s signature',
      { timestamp: `${seconds()}`, nonce: '1', signature: sign('x', `${seconds()}`, '1') },
    ],
    ['an old signature', { timestamp: `${stale}`, nonce: '1', signature: sign('token-3', `${stale}`, '1') }],
    [
      'no signature but another’s msg_signature',
      { timestamp: `${seconds()}`, nonce: '1', msg_signature: '0'.repeat(40) },
    ],
    ['two signatures', { timestamp: `${seconds()}`, nonce: '1', signature: ['a', 'b'] as unknown as string }],
    ['nothing', {}],
  ])(
    'is parsed not once, whatever its body, however many Mini Programs there are: %s',
    async (_name, query) => {
      for (const [what, body] of Object.entries(bodies)) {
        const { status, told, heard } = await refused(apps, { body, query })
        expect({ what, status, parses: told.map(({ parses }) => parses), heard }).toEqual({
          what,
          status: 403,
          parses: [0],
          heard: [],
        })
      }
    },
  )

  it('is parsed not once either at the path of a Mini Program, or with another mode', async () => {
    for (const mode of ['plain', 'compatible', 'secure'] as const) {
      const list = apps.map((app) => ({ ...app, mode }))
      const query = { timestamp: `${seconds()}`, nonce: '1', signature: '0'.repeat(40) }
      const body = '{"MsgType":"text","FromUserName":"o1","Content":"x"}'
      const { status, told } = await refused(list, { body, query }, '/wechat/wx3')
      expect({ status, parses: told[0]?.parses }).toEqual({ status: 403, parses: 0 })
    }
  })
})

describe('a push whose signature a token made, with a body that it did not', () => {
  const query = { timestamp: `${seconds()}`, nonce: '1', signature: sign(first.token, `${seconds()}`, '1') }
  it('is parsed once at most, and refused for the Mini Program whose token it was', async () => {
    for (const [what, body] of Object.entries(bodies)) {
      const { status, told } = await refused(apps, {
        body,
        query: { ...query, msg_signature: '0'.repeat(40) },
      })
      expect({ what, status, parses: told[0]?.parses, appId: told[0]?.appId }).toEqual({
        what,
        status: 403,
        parses: 0,
        appId: first.appId,
      })
    }
    const plain = apps.map((app) => ({ ...app, mode: 'plain' as const }))
    const { status, told } = await refused(plain, { body: '{"Encrypt":"AAAA"}', query })
    expect({ status, parses: told[0]?.parses }).toEqual({ status: 403, parses: 1 })
  })
})

describe('Mini Programs that share a token', () => {
  const shared = apps.map((app) => ({ ...app, token: 'shared' }))
  it.each(['json', 'xml'] as const)('are told apart by msg_signature and appid: %s', async (format) => {
    const { server, heard } = await startHearing({ apps: shared })
    for (const app of [shared[0], shared[7], shared[19]]) {
      const push = encodePush(text(app?.appId ?? ''), app ?? first, { format })
      expect(await server.push(push)).toMatchObject({ status: 200 })
    }
    expect(heard).toEqual(['wx0: wx0', 'wx7: wx7', 'wx19: wx19'])
  })

  it('are not mistaken for each other where the key is another’s', async () => {
    const foreign = { ...(shared[3] ?? first), encodingAESKey: 'Z'.repeat(43) }
    const { status, told } = await refused(shared, encodePush(text('x'), foreign))
    expect({ status, parses: told[0]?.parses }).toEqual({ status: 400, parses: 0 })
  })
})

describe('a push in secure mode', () => {
  it('is taken without signature, by msg_signature alone, whichever Mini Program it is of', async () => {
    const { server, heard } = await startHearing({ apps })
    for (const format of ['json', 'xml'] as const) {
      const push = encodePush(text(`from ${format}`, { msgId: format }), second, { format })
      const query: Record<string, string> = { ...push.query }
      delete query['signature']
      expect(await server.push({ ...push, query })).toMatchObject({ status: 200 })
    }
    expect(heard).toEqual(['wx1: from json', 'wx1: from xml'])
  })

  it('is refused where signature is wrong, though msg_signature is right', async () => {
    const push = encodePush(text('x'), second)
    const query = { ...push.query, signature: '0'.repeat(40) }
    expect(await refused(apps, { ...push, query })).toMatchObject({ status: 403, told: [{ parses: 0 }] })
  })

  it('is not taken on a signature alone', async () => {
    const push = encodePush(text('x'), { ...second, mode: 'plain' })
    expect(await refused(apps, push)).toMatchObject({ status: 403, told: [{ appId: 'wx1' }] })
  })

  it('is taken from envelopes as others write them', async () => {
    const { server, heard } = await startHearing({ apps })
    for (const [i, odd] of [
      (encrypted: string) =>
        `{\n  "Encrypt" : "${encrypted.replaceAll('/', '\\/').replaceAll('+', '\\u002B')}",\n  "ToUserName": "x"\n}\n`,
      (encrypted: string) => `{"Content":"\\"Encrypt\\":\\"AAAA\\"","Encrypt":"${encrypted}","AgentID":""}`,
      (encrypted: string) => `<xml>\n<AgentID></AgentID>\n<Encrypt>${encrypted}</Encrypt>\n</xml>\n`,
      (encrypted: string) =>
        `<xml><Content><![CDATA[<Encrypt>AAAA</Encrypt>]]></Content><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`,
    ].entries()) {
      const format = i < 2 ? 'json' : 'xml'
      const push = encodePush(text(`${i}`, { msgId: `${i}` }), second, { format })
      const encrypted = /Encrypt(?:":"|><!\[CDATA\[)([\w+/=]+)/.exec(push.body)?.[1] ?? ''
      expect(await server.push({ ...push, body: odd(encrypted) })).toMatchObject({ status: 200 })
    }
    expect(heard).toEqual(['wx1: 0', 'wx1: 1', 'wx1: 2', 'wx1: 3'])
  })
})

describe('what refused pushes cost the log', () => {
  it('is sixty lines a minute, however many there are', async () => {
    const at = Date.now()
    const { server, logger } = await startHearing({ apps, now: () => at })
    for (let i = 0; i < 70; i++) await server.ask({ method: 'POST', path: '/wechat', query: {}, body: 'x' })
    for (let i = 0; i < 70; i++)
      await server.ask({ method: 'GET', path: '/wechat', query: { echostr: `${i}` } })
    expect(logger.messages('warn')).toHaveLength(60)
  })
})
