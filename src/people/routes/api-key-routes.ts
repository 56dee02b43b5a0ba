import type { ApiKeys, NewApiKey } from '../api-keys.js'
import { mayUse, type Principal, type Scope } from '../../http/principal.js'
import { notFound, httpErrorFor } from '../../http/http-error.js'
import { route, type Route } from '../../http/route.js'
import { apiKeyInput, apiKeyView, newApiKey } from '../schemas/api-key.js'
import { byId, listOf } from '../../http/schemas/list.js'
import type { Submits } from '../submits.js'

export interface ApiKeyRoutesOptions {
  readonly apiKeys: ApiKeys
  readonly submits: Submits
}

/** Keys of programs, for admins: each sees and gives only what is theirs. */
export function apiKeyRoutes({ apiKeys, submits }: ApiKeyRoutesOptions): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api-keys',
      summary: 'The keys of programs, without the keys themselves.',
      access: 'admin',
      response: listOf(apiKeyView),
      async handle({ principal }) {
        const keys = await apiKeys.list()
        return { items: keys.filter(({ apps }) => within(apps, principal)), next: null }
      },
    }),
    route({
      method: 'POST',
      path: '/api-keys',
      summary:
        'Makes a key for a program. It is shown once, here, and may read and send but not change how the service works.',
      access: 'admin',
      body: apiKeyInput,
      status: 201,
      response: newApiKey,
      async handle({ body: { clientId, ...input }, principal }) {
        if (!within(input.apps, principal))
          throw httpErrorFor(
            'apps_beyond',
            'forbidden',
            'apps: must not be more than the Mini Programs that are yours',
          )
        return submits.once<NewApiKey>({ principal, what: 'api-keys', clientId, input }, (keep) =>
          apiKeys.add(input, principal, keep),
        )
      },
    }),
    route({
      method: 'DELETE',
      path: '/api-keys/:id',
      summary: 'Forgets a key; whoever shows it is let in no more.',
      access: 'admin',
      params: byId,
      response: null,
      async handle({ params: { id }, principal }) {
        const key = (await apiKeys.list()).find((each) => each.id === id)
        if (!key || !within(key.apps, principal) || !(await apiKeys.remove(id, principal))) throw notFound()
      },
    }),
  ]
}

/** Whether a scope is no wider than somebody's own. */
function within(apps: Scope, principal: Principal): boolean {
  return apps === 'all' ? principal.apps === 'all' : apps.every((appId) => mayUse(principal, appId))
}
