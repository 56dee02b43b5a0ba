import { z } from 'zod'
import { ControlError, notAPicture, pictureInput } from '../control-http.js'
import { keyInput } from '../control-input.js'
import { eventStream } from '../event-stream.js'
import { Raw, route, type ControlRoute } from './route.js'
import { eventView } from './views.js'

/** Pictures, events, and the emulator itself. */
export const generalRoutes: readonly ControlRoute[] = [
  route({
    method: 'POST',
    path: '/media',
    summary: 'Keeps a picture for a customer to send.',
    body: new Raw('image/*'),
    response: z.strictObject({ mediaId: z.string(), url: z.string() }),
    handle: async ({ world, ctx }) => {
      const { media, clock } = world.platform
      const added = media.add(await pictureInput(ctx), clock.now())
      if (!added) throw notAPicture()
      return { mediaId: added.mediaId, url: media.pathOf(added.mediaId) }
    },
  }),
  route({
    method: 'GET',
    path: '/media/:mediaId',
    summary: 'The picture.',
    world: 'existing',
    params: z.object({ mediaId: z.string() }),
    response: new Raw('image/*'),
    handle: ({ world, params, ctx }) => {
      const media = world.platform.media.get(params.mediaId)
      if (!media) throw new ControlError(404, 'not_found', 'There is no such picture.')
      ctx.type = media.type
      ctx.set('cache-control', 'private, max-age=31536000, immutable')
      ctx.body = media.bytes
      return undefined
    },
  }),
  route({
    method: 'GET',
    path: '/health',
    summary: 'Whether it runs, by any name and without a key.',
    world: 'none',
    response: z.strictObject({ status: z.literal('ok') }),
    handle: () => ({ status: 'ok' as const }),
  }),
  route({
    method: 'POST',
    path: '/session',
    summary: 'Gives a page that shows the key a cookie.',
    world: 'none',
    body: keyInput,
    emptyBody: { key: '' },
    response: null,
    handle: ({ door, worlds, body, ctx }) => {
      door?.begin(ctx, body.key, worlds.addressOf(ctx.req).prefix)
      return undefined
    },
  }),
  route({
    method: 'POST',
    path: '/reset',
    summary: 'Forgets customers, messages, faults, records and the clock; apps and their tokens stay.',
    response: null,
    handle: async ({ world }) => {
      await world.reset()
      return undefined
    },
  }),
  route({
    method: 'GET',
    path: '/events',
    summary: 'Server-sent events: all that happens, as it happens.',
    response: new Raw('text/event-stream', eventView),
    handle: ({ world, ctx }) => {
      eventStream(ctx, world.platform.bus, world.closed)
      return undefined
    },
  }),
]
