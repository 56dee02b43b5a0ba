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

/** Lists the agents by name; gives a line for each. Throws KefuError. */
export async function runAgentList(config: Config): Promise<string[]> {
  const { result } = await runViaServer(
    config,
    { name: 'agent-list', input: null, read: (agents) => agents as Agent[] },
    async ({ store }) => openAgents({ store, now: Date.now }).agents.list(),
  )
  if (result.length === 0)
    return [
      '还没有客服：kefu agent add 姓名 --role admin。 There are no agents yet: kefu agent add NAME --role admin.',
    ]
  return result.map(agentLine)
}

function agentLine({ name, role, apps, disabled, seenAt, passwordEndsAt }: Agent): string {
  const facts = [
    role === 'admin' ? '管理员 admin' : '客服 agent',
    apps === 'all' ? '全部小程序 all Mini Programs' : `小程序 Mini Programs: ${apps.join(' ')}`,
    seenAt === null ? '从未登录 never seen' : `最近在线 last seen ${new Date(seenAt).toISOString()}`,
    ...(disabled ? ['已停用 disabled'] : []),
    ...(passwordEndsAt === null
      ? []
      : [`须修改密码，截止 must change the password until ${new Date(passwordEndsAt).toISOString()}`]),
  ]
  return `${name}  ${facts.join(' · ')}`
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
