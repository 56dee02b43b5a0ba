import { httpErrorFor } from '../http/http-error.js'
import { mayUse, type Principal } from '../http/principal.js'

/** Who asks. */
export type Asking = Pick<Principal, 'apps' | 'name'>

/** Whether somebody may see what is for a Mini Program; null is for all. */
export function maySee(asking: Asking, appId: string | null): boolean {
  return appId === null || mayUse(asking, appId)
}

/** Throws where somebody may not write for these Mini Programs: for all, only those may who see all. */
export function mustMayWrite(asking: Asking, appId: string | null): void {
  if (appId === null ? asking.apps !== 'all' : !mayUse(asking, appId))
    throw httpErrorFor('knowledge_app', 'forbidden', 'appId: must be a Mini Program that you may see')
}
