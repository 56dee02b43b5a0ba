import { z } from 'zod'
import { ConfigError } from '../errors.js'
import type { Agents } from './agents.js'
import type { Agent } from './agent-rows.js'

/** Whether kefu made the password: then it must be changed, and ends. */
const isFirstInput = z.boolean().default(false)
const addInput = z.object({
  name: z.string(),
  role: z.enum(['agent', 'admin']),
  password: z.string(),
  isFirst: isFirstInput,
})
const resetInput = z.object({ name: z.string(), password: z.string(), isFirst: isFirstInput })
type AddInput = z.infer<typeof addInput>
type ResetInput = z.infer<typeof resetInput>

interface With {
  readonly agents: Agents
}

const command = { actor: { kind: 'command' } } as const

type Command = (call: { readonly input: unknown }) => Promise<unknown>

/** Returns what a running service does for these commands, by their names. */
export function agentCommands(people: With): Readonly<Record<string, Command>> {
  return {
    'agent-list': async () => people.agents.list(),
    'agent-add': async ({ input }) => addAgent(people, addInput.parse(input)),
    'agent-reset-password': async ({ input }) => resetPassword(people, resetInput.parse(input)),
  }
}

export async function addAgent(
  { agents }: With,
  { name, role, password, isFirst }: AddInput,
): Promise<Agent> {
  return agents.add({ name, role, password, isFirst, apps: 'all' }, command)
}

export async function resetPassword(
  { agents }: With,
  { name, password, isFirst }: ResetInput,
): Promise<void> {
  const known = await agents.byName(name)
  if (!known) throw new ConfigError(`There is no agent ${JSON.stringify(name)}.`)
  await agents.setPassword(known.agent.id, password, command, { isFirst })
}
