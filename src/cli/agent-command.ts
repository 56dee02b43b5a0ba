import type { Agent } from '../people/agent-rows.js'
import { makePassword } from '../people/passwords.js'
import { ConfigError } from '../errors.js'
import { runViaServer } from './run-via-server.js'
import type { Config } from '../config/config.js'
import { addAgent, resetPassword } from '../people/agent-commands.js'
import { openAgents } from '../server/people.js'

/** Adds an agent who may see all Mini Programs. Throws KefuError. */
export async function runAgentAdd(
  config: Config,
  input: { name: string; role: string; password: string | undefined },
): Promise<string[]> {
  if (input.role !== 'agent' && input.role !== 'admin')
    throw new ConfigError('--role must be agent or admin.')
  const password = input.password ?? makePassword()
  const isFirst = input.password === undefined
  const { result } = await runViaServer(
    config,
    { name: 'agent-add', input: { ...input, password, isFirst }, read: (agent) => agent as Agent },
    async ({ store }) =>
      addAgent(openAgents({ store, now: Date.now }), {
        name: input.name,
        role: input.role === 'admin' ? 'admin' : 'agent',
        password,
        isFirst,
      }),
  )
  return [
    `已添加${result.role === 'admin' ? '管理员' : '客服'} ${result.name}。 ${result.role} ${result.name} added.`,
    ...passwordLines(input.password, password),
  ]
}

/** Gives an agent another password; their sessions end. Throws KefuError. */
export async function runResetPassword(
  config: Config,
  input: { name: string; password: string | undefined },
): Promise<string[]> {
  const password = input.password ?? makePassword()
  const isFirst = input.password === undefined
  await runViaServer(
    config,
    { name: 'agent-reset-password', input: { ...input, password, isFirst }, read: () => undefined },
    async ({ store }) => {
      await resetPassword(openAgents({ store, now: Date.now }), { name: input.name, password, isFirst })
    },
  )
  return [
    `已重置 ${input.name} 的密码，其登录已全部失效。 The password was changed, and all sessions ended.`,
    ...passwordLines(input.password, password),
  ]
}

function passwordLines(given: string | undefined, password: string): string[] {
  if (given !== undefined) return []
  return [
    `密码（只显示这一次） · password, shown this once:  ${password}`,
    '首次登录时须修改，7 天内有效。 It must be changed at the first sign-in, and ends after 7 days.',
  ]
}
