import type { PushHandler, Step } from '../conversation/index.js'
import type { Foresight } from './foresight.js'

/** Lets the rules look at pushes before they are handled. */
export function foreseeing(
  handling: PushHandler,
  foresight: Foresight,
): Pick<PushHandler, 'handle' | 'fail'> {
  return {
    async handle(steps) {
      await foresight.look(steps.filter(isReceived).map(({ job }) => job.push))
      return handling.handle(steps)
    },
    fail: (job) => handling.fail(job),
  }
}

function isReceived({ kind }: Step): boolean {
  return kind === 'receive'
}
