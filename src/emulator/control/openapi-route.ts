import { z } from 'zod'
import { openApi } from './openapi.js'
import { route, type ControlRoute } from './route.js'

/** OpenAPI 3.1 as far as this document says it. */
const openApiView = z.looseObject({
  openapi: z.literal('3.1.0'),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }),
})

/** The route that describes the others, and itself. */
export function openApiRoute(routes: readonly ControlRoute[]): ControlRoute {
  let document: z.output<typeof openApiView> | undefined
  const own: ControlRoute = route({
    method: 'GET',
    path: '/openapi.json',
    summary: 'This API as OpenAPI 3.1, without a key.',
    world: 'none',
    response: openApiView,
    handle: () => (document ??= openApiView.parse(openApi([...routes, own]))),
  })
  return own
}
