import { z } from 'zod'
import { makePassword, type Agent, type Agents } from '../desk/index.js'
import { ConfigError } from '../errors.js'
import { throughServerOrHere } from './beside.js'
import type { Config } from './config.js'
import type { ControlRoutes } from './control-protocol.js'
import { openAgents } from './people.js'

const addInput = z.object({ name: z.string(), role: z.enum(['agent', 'admin']), password: z.string() })
const resetInput = z.object({ name: z.string(), password: z.string() })
type AddInput = z.infer<typeof addInput>
type ResetInput = z.infer<typeof resetInput>

interface With {
  readonly agents: Agents
}

const command = { actor: { kind: 'command' } } as const

/** Adds an agent who may see all Mini Programs. Throws KefuError. */
export async function runAgentAdd(
  config: Config,
  input: { name: string; role: string; password: string | undefined },
): Promise<string[]> {
  if (input.role !== 'agent' && input.role !== 'admin')
    throw new ConfigError('--role must be agent or admin.')
  const password = input.password ?? makePassword()
  const { result } = await throughServerOrHere(
    config,
    { name: 'agent-add', input: { ...input, password }, read: (agent) => agent as Agent },
    async ({ store }) =>
      add(openAgents({ store, now: Date.now }), {
        name: input.name,
        role: input.role === 'admin' ? 'admin' : 'agent',
        password,
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
  await throughServerOrHere(
    config,
    { name: 'agent-reset-password', input: { ...input, password }, read: () => undefined },
    async ({ store }) => {
      await reset(openAgents({ store, now: Date.now }), { name: input.name, password })
    },
  )
  return [
    `已重置 ${input.name} 的密码，其登录已全部失效。 The password was changed, and all sessions ended.`,
    ...passwordLines(input.password, password),
  ]
}

/** What the running server does for these commands. */
export function agentCommands(people: With): ControlRoutes {
  return {
    'agent-add': async ({ input }) => add(people, addInput.parse(input)),
    'agent-reset-password': async ({ input }) => reset(people, resetInput.parse(input)),
  }
}

async function add({ agents }: With, { name, role, password }: AddInput): Promise<Agent> {
  return agents.add({ name, role, password, apps: 'all' }, command)
}

async function reset({ agents }: With, { name, password }: ResetInput): Promise<void> {
  const known = await agents.byName(name)
  if (!known) throw new ConfigError(`There is no agent ${JSON.stringify(name)}.`)
  await agents.setPassword(known.agent.id, password, command)
}

function passwordLines(given: string | undefined, password: string): string[] {
  if (given !== undefined) return []
  return [`密码（只显示这一次） · password, shown this once:  ${password}`]
}
