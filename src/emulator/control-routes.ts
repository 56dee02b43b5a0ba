import { appRoutes } from './control/app-routes.js'
import { customerRoutes } from './control/customer-routes.js'
import { generalRoutes } from './control/general-routes.js'
import { modelRoutes } from './control/model-routes.js'
import { openApiRoute } from './control/openapi-route.js'
import { recordRoutes } from './control/record-routes.js'
import type { ControlRoute } from './control/route.js'
import { setupRoutes } from './control/setup-routes.js'
import { troubleRoutes } from './control/trouble-routes.js'
import { worldRoutes } from './control/world-routes.js'

const described: readonly ControlRoute[] = [
  ...appRoutes,
  ...customerRoutes,
  ...recordRoutes,
  ...troubleRoutes,
  ...modelRoutes,
  ...setupRoutes,
  ...worldRoutes,
  ...generalRoutes,
]

/** The control API: every route, and the one that describes them. */
export const controlRoutes: readonly ControlRoute[] = [...described, openApiRoute(described)]
