import type { Signals } from '../store/index.js'
import type { PassingEvents } from './live-events.js'
import { mayUse } from '../http/principal.js'

/** Lets pages load anew when a customer was erased: what they show of them must go, and has no number to be told by. */
export function erasures(signals: Signals): PassingEvents {
  return {
    on: (listener) =>
      signals.on('erased', (appId) => {
        listener({ event: 'reset', dataFor: (principal) => (mayUse(principal, appId) ? {} : undefined) })
      }),
  }
}
