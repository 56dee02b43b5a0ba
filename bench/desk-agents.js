/** Agents with sessions. */
import { KEY } from './start.js'

/** Adds one; gives the password. */
export async function addAgent(url, name) {
  const answer = await fetch(`${url}/api/v1/agents`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  })
  if (answer.status !== 201) throw new Error(`POST /agents answered ${answer.status} ${await answer.text()}`)
  const { password: current } = await answer.json()
  // A password that kefu made is changed before anything else.
  const password = `own ${current}`
  const session = await post(url, '/session', { name, password: current })
  await post(url, '/session/password', { current, password }, session)
  return password
}

/** Signs in; gives the cookie. */
export async function signIn(url, name, password) {
  return (await post(url, '/session', { name, password })).cookie
}

/** What a page sends; gives the session's headers. */
async function post(url, path, body, headers = {}) {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url, ...headers },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`POST ${path} answered ${answer.status} ${await answer.text()}`)
  const text = await answer.text()
  return {
    cookie: answer.headers.getSetCookie()[0]?.split(';', 1)[0] ?? headers.cookie,
    'x-csrf-token': text === '' ? headers['x-csrf-token'] : JSON.parse(text).csrfToken,
  }
}
