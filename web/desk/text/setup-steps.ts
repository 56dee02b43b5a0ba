import type { AppSetup } from '../../../src/apps/schemas/app-setup.js'

/** The guide's steps, in their order. */
export const setupSteps = ['account', 'paste', 'verify', 'arrive', 'finish'] as const
export type SetupStep = (typeof setupSteps)[number]

/** How many of the steps are done, as far as the service knows: it has the account, and what WeChat did since. */
export function stepsDone({ verifiedAt, arrived }: Pick<AppSetup, 'verifiedAt' | 'arrived'>): number {
  if (arrived !== null) return setupSteps.indexOf('finish')
  return setupSteps.indexOf(verifiedAt === null ? 'paste' : 'arrive')
}
