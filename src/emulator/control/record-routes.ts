import { z } from 'zod'
import type { Delivery } from '../protocol.js'
import { afterSequence, listWait, since } from './queries.js'
import { route, type ControlRoute } from './route.js'
import { callView, deliveryView, listOf } from './views.js'

const ofWhom = {
  appId: z.exactOptional(z.string().describe('Only those of this app.')),
  openId: z.exactOptional(z.string().describe('Only those of this customer.')),
}

/** What went over the wire. */
export const recordRoutes: readonly ControlRoute[] = [
  route({
    method: 'GET',
    path: '/deliveries',
    summary: 'The last 1000 pushes with their attempts; with `wait` as soon as there is one after `after`.',
    query: z.object({
      after: afterSequence,
      wait: listWait,
      ...ofWhom,
      ended: z.exactOptional(
        z.enum(['true', 'false']).describe('`true`: only those that were answered or have failed at last.'),
      ),
    }),
    response: listOf(deliveryView),
    handle: async ({ world, query, ctx }) => {
      const isMeant = (delivery: Delivery): boolean =>
        isOf(delivery, query) && (query.ended !== 'true' || hasEnded(delivery))
      const items = await since(() => world.recorder.deliveries.filter(isMeant), query, {
        world,
        ctx,
        wakes: ({ type }) => type === 'delivery',
      })
      return { items }
    },
  }),
  route({
    method: 'GET',
    path: '/calls',
    summary: 'The last 1000 API calls; with `wait` as soon as there is one after `after`.',
    query: z.object({
      after: afterSequence,
      wait: listWait,
      ...ofWhom,
      path: z.exactOptional(z.string().describe('Only those whose path begins so.')),
    }),
    response: listOf(callView),
    handle: async ({ world, query, ctx }) => {
      const { path = '' } = query
      const items = await since(
        () => world.recorder.calls.filter((call) => isOf(call, query) && call.request.path.startsWith(path)),
        query,
        { world, ctx, wakes: ({ type }) => type === 'call' },
      )
      return { items }
    },
  }),
]

function isOf(
  item: { readonly appId: string | null; readonly openId: string | null },
  { appId, openId }: { readonly appId?: string; readonly openId?: string },
): boolean {
  return (appId === undefined || item.appId === appId) && (openId === undefined || item.openId === openId)
}

function hasEnded({ state }: Delivery): boolean {
  return state === 'answered' || state === 'failed'
}
