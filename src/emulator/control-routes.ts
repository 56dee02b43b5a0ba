import { appRoutes } from './control/app-routes.js'
import { customerRoutes } from './control/customer-routes.js'
import { generalRoutes } from './control/general-routes.js'
import { recordRoutes } from './control/record-routes.js'
import type { ControlRoute } from './control/route.js'
import { setupRoutes } from './control/setup-routes.js'
import { troubleRoutes } from './control/trouble-routes.js'

/** The control API: every route but openapi.json, which is made from them. */
export const controlRoutes: readonly ControlRoute[] = [
  ...appRoutes,
  ...customerRoutes,
  ...recordRoutes,
  ...troubleRoutes,
  ...setupRoutes,
  ...generalRoutes,
]
