import { callControl } from '../../src/server/control-client.js'
import { sessionView, type SessionView } from '../../src/people/schemas/agent-view.js'
import { ApiClient } from './api-client.js'
import type { TestService } from './test-service.js'

export const deskPassword = 'correct horse battery'

/** Somebody signed in at the desk of a service. */
export interface DeskAgent {
  readonly id: number
  readonly api: ApiClient
  readonly session: SessionView
  /** Name and value. */
  readonly cookie: string
  /** What a page sends with each request. */
  readonly headers: Readonly<Record<string, string>>
}

/** Adds an agent by the command. */
export async function addAgent(
  service: TestService,
  name: string,
  role: 'agent' | 'admin' = 'agent',
): Promise<void> {
  await callControl(service.config.dataDir, 'agent-add', { name, role, password: deskPassword })
}

/** Signs in as a page of the service does. */
export async function signIn(url: string, name: string, password = deskPassword): Promise<DeskAgent> {
  const answer = await postSession(url, { name, password })
  if (answer.status !== 200) throw new Error(`Signing in answered ${answer.status}: ${await answer.text()}`)
  return deskAgent(url, answer)
}

/** The agent whom an answer signed in. */
export async function deskAgent(url: string, answer: Response): Promise<DeskAgent> {
  const session = sessionView.parse(await answer.json())
  const cookie = answer.headers.getSetCookie()[0]?.split(';', 1)[0] ?? ''
  const headers = { cookie, 'x-csrf-token': session.csrfToken, origin: url, 'sec-fetch-site': 'same-origin' }
  return { id: session.agent.id, api: new ApiClient(url, undefined, headers), session, cookie, headers }
}

export async function postSession(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url, ...headers },
    body: JSON.stringify(body),
  })
}
