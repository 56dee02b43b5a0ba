import { z } from 'zod'
import { writeAudit } from '../people/audit.js'
import type { Store } from '../store/index.js'
import type { Exams } from './exams/exams.js'
import type { Knowledge } from './knowledge.js'
import { entryInput, type EntryInput } from './schemas/knowledge-entry.js'

/** Entries as `kefu knowledge export` writes them. */
export const knowledgeFile = z.strictObject({ entries: z.array(entryInput) })

interface With {
  readonly knowledge: Knowledge
  readonly exams: Pick<Exams, 'run'>
  readonly store: Store
}

/** Whoever runs a command on this machine sees all Mini Programs. */
const command = { name: 'kefu', apps: 'all' } as const

type Command = (call: { readonly input: unknown }) => Promise<unknown>

/** Returns what a running service does for these commands, by their names. */
export function knowledgeCommands(core: With, now: () => number): Readonly<Record<string, Command>> {
  return {
    'import-knowledge': async ({ input }) => importEntries(core, knowledgeFile.parse(input).entries, now),
    'export-knowledge': async () => exportEntries(core),
  }
}

/** Adds entries, all or none. Throws HttpError when there are too many. */
export async function importEntries(
  { knowledge, exams, store }: With,
  inputs: readonly EntryInput[],
  now: () => number,
): Promise<number> {
  const count = await knowledge.entries.addAll(inputs, command)
  await exams.run()
  await writeAudit(store.db, now(), {
    actor: { kind: 'command' },
    action: 'knowledge_imported',
    detail: { entries: count },
  })
  return count
}

/** The entries, oldest first. */
export async function exportEntries({ knowledge }: Pick<With, 'knowledge'>): Promise<EntryInput[]> {
  const all = await knowledge.entries.list(command, { limit: Infinity })
  // zod leaves out what belongs to the entry that is there.
  return all.toReversed().map((entry) => z.object(entryInput.shape).parse(entry))
}
