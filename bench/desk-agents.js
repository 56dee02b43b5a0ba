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
  return (await answer.json()).password
}

/** Signs in; gives the cookie. */
export async function signIn(url, name, password) {
  const answer = await fetch(`${url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ name, password }),
  })
  if (!answer.ok) throw new Error(`POST /session answered ${answer.status} ${await answer.text()}`)
  return answer.headers.getSetCookie()[0].split(';', 1)[0]
}
