import { expect, it } from 'vitest'
import { createClient, DeskError } from './client.js'

interface Asked {
  method: string
  path: string
  token: string | null
}

/** A service that answers these, one after the other. */
function over(answers: (() => Response)[]): {
  client: ReturnType<typeof createClient>
  asked: Asked[]
  signedOut: () => number
} {
  const asked: Asked[] = []
  let signedOut = 0
  const client = createClient({
    fetch: async (url, init) => {
      const headers = new Headers(init?.headers)
      const path = url instanceof Request ? url.url : url.toString()
      asked.push({ method: init?.method ?? 'GET', path, token: headers.get('x-csrf-token') })
      return answers.shift()?.() ?? new Response('{}', { status: 500 })
    },
    now: () => 1_000_000,
    onSignedOut: () => signedOut++,
    base: '/api/v1',
  })
  return { client, asked, signedOut: () => signedOut }
}
const json =
  (body: object, status = 200, headers = {}) =>
  (): Response =>
    new Response(JSON.stringify(body), { status, headers })
const me = (id: number, csrfToken: string): object => ({ agent: { id, name: '小满' }, csrfToken })
const refused = (status: number, code: string): (() => Response) =>
  json({ error: { code, message: 'no' } }, status)

it('shows the session’s token with whatever changes something, and only then', async () => {
  const { client, asked } = over([json(me(1, 'one')), json({ items: [] }), json({})])
  await client.session()
  await client.agents()
  await client.take(7, 0)
  expect(asked.map(({ token }) => token)).toEqual([null, null, 'one'])
})

it('says what the service said, and whether trying again makes sense', async () => {
  const { client } = over([refused(409, 'allowance'), refused(503, 'unavailable')])
  await expect(client.take(7, 0)).rejects.toMatchObject({ code: 'allowance', status: 409, isPassing: false })
  await expect(client.take(7, 0)).rejects.toMatchObject({ code: 'unavailable', isPassing: true })
})

it('a service that can’t be reached is a problem that passes', async () => {
  const { client } = over([
    () => {
      throw new TypeError('network')
    },
  ])
  const error = await client.take(7, 0).catch((problem: unknown) => problem)
  expect(error).toBeInstanceOf(DeskError)
  expect(error).toMatchObject({ code: 'unreachable', isPassing: true })
})

it('tells when the session has ended, but not when nobody was signed in', async () => {
  const { client, signedOut } = over([refused(401, 'unauthorized'), refused(401, 'unauthorized')])
  await client.session().catch(() => undefined)
  expect(signedOut()).toBe(0)
  await client.agents().catch(() => undefined)
  expect(signedOut()).toBe(1)
})

it('goes on with the token of a session that another tab began, once', async () => {
  const { client, asked, signedOut } = over([
    json(me(1, 'one')),
    refused(403, 'forbidden'),
    json(me(1, 'two')),
    json({ id: 7 }),
    refused(403, 'forbidden'),
    json(me(1, 'two')),
  ])
  await client.session()
  expect(await client.take(7, 0)).toEqual({ id: 7 })
  expect(asked.at(-1)).toMatchObject({ method: 'POST', token: 'two' })
  await expect(client.take(7, 0)).rejects.toMatchObject({ code: 'forbidden' })
  expect(signedOut()).toBe(0)
})

it('does nothing in the name of somebody else who signed in in another tab', async () => {
  const { client, asked, signedOut } = over([
    json(me(1, 'one')),
    refused(403, 'forbidden'),
    json(me(2, 'two')),
  ])
  await client.session()
  await expect(client.take(7, 0)).rejects.toMatchObject({ code: 'forbidden' })
  expect(signedOut()).toBe(1)
  expect(asked).toHaveLength(3)
})

it('knows the server’s clock by its answers, to the second that they tell', async () => {
  const date = (ms: number): object => ({ date: new Date(ms).toUTCString() })
  const { client } = over([
    json({ items: [] }, 200, date(1_000_000)),
    json({ items: [] }, 200, date(1_090_000)),
  ])
  await client.agents()
  expect(client.clockAhead()).toBe(0)
  await client.agents()
  expect(client.clockAhead()).toBe(90_500)
})

it('makes a thing under one name until it is known what became of it, and the next under another', async () => {
  const bodies: { clientId: string }[] = []
  const answers = [0, 503, 201, 201, 409, 201]
  const client = createClient({
    fetch: async (_url, init) => {
      bodies.push(JSON.parse(typeof init?.body === 'string' ? init.body : '{}') as { clientId: string })
      const status = answers.shift() ?? 500
      if (status === 0) throw new TypeError('network')
      return new Response('{}', { status })
    },
    now: () => 0,
    onSignedOut: () => undefined,
  })
  const make = (title: string) => client.make('/canned-replies', { title }).catch(() => undefined)
  // Nobody knows of the first two whether it was made.
  for (const title of ['一', '一', '一', '一', '二', '二']) await make(title)
  const names = bodies.map(({ clientId }) => clientId)
  expect(names[1]).toBe(names[0])
  expect(names[2]).toBe(names[0])
  expect(names[3]).not.toBe(names[0])
  // What was refused was not made.
  expect(names[5]).not.toBe(names[4])
})
