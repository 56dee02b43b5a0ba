import type { Context } from 'koa'
import { z } from 'zod'
import { maxWaitMs, untilSome } from '../long-poll.js'
import type { EmulatorEvent } from '../protocol.js'
import type { World } from '../world.js'

const wrongAfter = 'must be the sequence of the last item that you have'
/** `?after=`. */
export const afterSequence = z.exactOptional(
  z
    .string(wrongAfter)
    .regex(/^\d{1,15}$/, wrongAfter)
    .transform(Number)
    .describe('The sequence of the last item that one has.'),
)

const wrongWait = `must be 0 to ${maxWaitMs} milliseconds`
/** `?wait=` of a list. */
export const listWait = z.exactOptional(
  z
    .string(wrongWait)
    .regex(/^\d{1,6}$/, wrongWait)
    .transform(Number)
    .refine((ms) => ms <= maxWaitMs, wrongWait)
    .describe(`Milliseconds to wait for an item while there is none, at most ${maxWaitMs}.`),
)

/** `?wait=false` of what pushes. */
export const pushWait = z.object({
  wait: z.exactOptional(
    z.unknown().describe('`false` answers at once; else when the push was answered or has failed at last.'),
  ),
})

/** Those whose sequence is greater than `after`, waited for where the query says so. */
export async function since<T extends { readonly sequence: number }>(
  list: () => readonly T[],
  { after = 0, wait = 0 }: { readonly after?: number; readonly wait?: number },
  { world, ctx, wakes }: { world: World; ctx: Context; wakes: (event: EmulatorEvent) => boolean },
): Promise<readonly T[]> {
  return untilSome(() => list().filter(({ sequence }) => sequence > after), {
    waitMs: wait,
    bus: world.platform.bus,
    wakes,
    response: ctx.res,
    closed: world.closed,
  })
}
