import { expect, it } from 'vitest'
import type { AgentView } from '../api/views.js'
import { conversationOf } from '../testing.js'
import { createPrincipal, type PrincipalOptions } from './principal.js'

const agent: AgentView = {
  id: 3,
  name: '小文',
  role: 'agent',
  apps: 'all',
  status: 'online',
  online: true,
  disabled: false,
}

function principalWith(change: Partial<PrincipalOptions> = {}) {
  const calls: string[] = []
  const principal = createPrincipal({
    agent,
    client: {
      setStatus: async (status) => void calls.push(status),
      signOut: async () => void calls.push('sign out'),
    },
    run: async (action) => {
      await action()
      return true
    },
    wouldLose: () => false,
    onSignedOut: () => void calls.push('signed out'),
    ...change,
  })
  return { calls, ...principal }
}

it('shows a status at once, and the one before when the service refused it', async () => {
  const { me, setStatus, calls } = principalWith()
  const done = setStatus('busy')
  expect(me.status).toBe('busy')
  await done
  expect([me.status, calls]).toEqual(['busy', ['busy']])

  const refused = principalWith({ run: async () => false })
  await refused.setStatus('offline')
  expect(refused.me.status).toBe('online')
  // The agent that the page was given stays as it was.
  expect(agent.status).toBe('online')
})

it('asks before it leaves what can’t be kept', async () => {
  const { leaving, signOut, calls } = principalWith({ wouldLose: () => true })
  await signOut()
  expect([leaving.value, calls]).toEqual([true, []])
  await signOut(true)
  expect([leaving.value, calls]).toEqual([false, ['sign out', 'signed out']])
})

it('stays where the service was not reached', async () => {
  const { signOut, calls } = principalWith({ run: async () => false })
  await signOut()
  expect(calls).toEqual([])
})

it('knows whose conversation it is', () => {
  const { isMine } = principalWith()
  expect(isMine(conversationOf({ status: 'assigned', agent: { id: 3, name: '小文' } }))).toBe(true)
  expect(isMine(conversationOf({ status: 'assigned', agent: { id: 4, name: '小武' } }))).toBe(false)
  expect(isMine(conversationOf({ status: 'closed', agent: { id: 3, name: '小文' } }))).toBe(false)
})
