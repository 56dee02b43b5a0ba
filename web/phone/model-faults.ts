import type { ModelFaultInput } from '../../src/emulator/model/model-input.js'

/** What the drawer can have wrong with the fake model, for each call until it is changed; null is nothing. */
export const modelFaults = {
  well: null,
  /** Later than the first word may come. */
  slow: { delayMs: 6000 },
  busy: { status: 429, retryAfter: 2 },
  down: { status: 500 },
} as const satisfies Record<string, ModelFaultInput | null>
export type ModelFault = keyof typeof modelFaults

/** Which of these it is that goes wrong; null where somebody else had something else go wrong. */
export function modelFaultOf(faults: readonly ModelFaultInput[]): ModelFault | null {
  const [fault, ...others] = faults
  if (!fault) return 'well'
  if (others.length > 0) return null
  const names: ModelFault[] = ['slow', 'busy', 'down']
  return names.find((name) => isSame(modelFaults[name] ?? {}, fault)) ?? null
}

function isSame(one: object, other: object): boolean {
  const sorted = (fault: object): string => JSON.stringify(Object.entries(fault).sort())
  return sorted(one) === sorted(other)
}
