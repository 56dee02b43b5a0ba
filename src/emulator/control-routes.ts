import Router, { type RouterContext } from '@koa/router'
import type { EmulatedApp } from './app.js'
import {
  appInput,
  clockInput,
  enterInput,
  faultInput,
  officialInput,
  openIdInput,
  parseInput,
  quirksInput,
  rawInput,
  userMessageInput,
} from './control-input.js'
import { after, ControlError, jsonInput, notAPicture, pictureInput, settled } from './control-http.js'
import type { CustomerActions } from './customer-actions.js'
import { eventStream } from './event-stream.js'
import type { Faults } from './faults.js'
import type { Door } from './key.js'
import { mediaPath } from './media-library.js'
import type { OfficialSessions } from './official-session.js'
import type { Platform } from './platform.js'
import type { QuirkSwitches } from './quirks.js'
import type { Recorder } from './recorder.js'
import type { User } from './user.js'
import { verifyUrl } from './verify-url.js'

interface Parts {
  platform: Platform
  recorder: Recorder
  faults: Faults
  official: OfficialSessions
  actions: CustomerActions
  advance: (ms: number) => void
  reset: () => Promise<void>
  pushTimeoutMs: number
  quirks: QuirkSwitches
  /** Undefined where no key is asked for. */
  door: Door | undefined
  /** Throws ConfigError for a URL that whoever may use the control API may not have pushed to. */
  mayPushTo: (pushUrl: string) => void
}

/** The control API: see protocol.ts. */
export function controlRoutes(parts: Parts): Router {
  const { platform, recorder, faults, official, actions, quirks, door, mayPushTo } = parts
  const router = new Router({ prefix: '/_emulator' })

  router.post('/apps', async (ctx) => {
    const app = parseInput(appInput, await jsonInput(ctx))
    mayPushTo(app.pushUrl)
    ctx.body = platform.addApp(app).view()
  })
  router.get('/apps', (ctx) => {
    ctx.body = { items: platform.apps.map((app) => app.view()) }
  })
  router.post('/apps/:appId/verify', async (ctx) => {
    const app = appIn(ctx)
    ctx.body = await verifyUrl(app, parts.pushTimeoutMs)
  })

  router.get('/apps/:appId/users/:openId', (ctx) => {
    const user = userIn(ctx)
    official.runs(user)
    ctx.body = user.view(platform.clock.now())
  })
  router.get('/apps/:appId/users/:openId/messages', (ctx) => {
    const user = userIn(ctx)
    official.runs(user)
    ctx.body = { items: after(user.messages, ctx) }
  })
  router.post('/apps/:appId/users/:openId/messages', async (ctx) => {
    const user = userIn(ctx)
    const { message, push } = actions.send(user, parseInput(userMessageInput, await jsonInput(ctx)))
    ctx.body = push ? await settled(push, ctx) : { message, delivery: null }
  })
  router.post('/apps/:appId/users/:openId/enter', async (ctx) => {
    const user = userIn(ctx)
    const { sessionFrom = 'wxapp', ...business } = parseInput(enterInput, await jsonInput(ctx, {}))
    ctx.body = await settled(actions.enter(user, sessionFrom, business), ctx)
  })
  router.post('/apps/:appId/users/:openId/raw', async (ctx) => {
    const user = userIn(ctx)
    const { plaintext, format } = parseInput(rawInput, await jsonInput(ctx))
    ctx.body = await settled(actions.pushRaw(user, plaintext, format), ctx)
  })
  router.post('/apps/:appId/users/:openId/official', async (ctx) => {
    const user = userIn(ctx)
    const input = parseInput(officialInput, await jsonInput(ctx))
    const done = input.action === 'say' ? official.say(user, input.content) : official.close(user)
    if (!done)
      throw new ControlError(
        409,
        'no_official_session',
        'WeChat’s own agents do not have this conversation: a push must be answered with transfer_customer_service first.',
      )
    ctx.body = user.view(platform.clock.now())
  })

  router.post('/media', async (ctx) => {
    const media = platform.media.add(await pictureInput(ctx), platform.clock.now())
    if (!media) throw notAPicture()
    ctx.body = { mediaId: media.mediaId, url: mediaPath(media.mediaId) }
  })
  router.get('/media/:mediaId', (ctx) => {
    const media = platform.media.get(ctx.params['mediaId'] ?? '')
    if (!media) throw new ControlError(404, 'not_found', 'There is no such picture.')
    ctx.type = media.type
    ctx.set('cache-control', 'private, max-age=31536000, immutable')
    ctx.body = media.bytes
  })

  router.get('/deliveries', (ctx) => {
    ctx.body = { items: after(recorder.deliveries, ctx) }
  })
  router.get('/calls', (ctx) => {
    ctx.body = { items: after(recorder.calls, ctx) }
  })

  router.get('/faults', (ctx) => {
    ctx.body = { items: faults.items }
  })
  router.post('/faults', async (ctx) => {
    ctx.body = faults.add(parseInput(faultInput, await jsonInput(ctx)))
  })
  router.delete('/faults', (ctx) => {
    faults.clear()
    ctx.status = 204
  })

  router.get('/clock', (ctx) => {
    ctx.body = platform.clock.view()
  })
  router.post('/clock', async (ctx) => {
    parts.advance(parseInput(clockInput, await jsonInput(ctx)).advanceMs)
    ctx.body = platform.clock.view()
  })
  router.get('/quirks', (ctx) => {
    ctx.body = quirks.now
  })
  router.post('/quirks', async (ctx) => {
    ctx.body = quirks.set(parseInput(quirksInput, await jsonInput(ctx)))
  })
  router.get('/health', (ctx) => {
    ctx.body = { status: 'ok' }
  })
  router.post('/session', async (ctx) => {
    if (door) await door.begin(ctx)
    else ctx.status = 204
  })
  router.post('/reset', async (ctx) => {
    await parts.reset()
    ctx.status = 204
  })
  router.get('/events', eventStream(platform.bus))

  function appIn(ctx: RouterContext): EmulatedApp {
    const appId = ctx.params['appId'] ?? ''
    const app = platform.app(appId)
    if (app) return app
    throw new ControlError(
      404,
      'not_found',
      `There is no app ${appId.slice(0, 64)}; add it: POST /_emulator/apps`,
    )
  }

  function userIn(ctx: RouterContext): User {
    return appIn(ctx).user(parseInput(openIdInput, ctx.params['openId']))
  }

  return router
}
