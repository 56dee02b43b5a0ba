import type { ApiKeys } from '../api-keys.js'
import { mayUse, type Principal, type Scope } from '../principal.js'
import { notFound, Refusal } from '../refusal.js'
import { route, type Route } from '../route.js'
import { apiKeyInput, apiKeyView, newApiKey } from '../schemas/api-key.js'
import { byId, listOf } from '../schemas/list.js'

/** Keys of programs, for admins: each sees and gives only what is theirs. */
export function apiKeyRoutes({ apiKeys }: { readonly apiKeys: ApiKeys }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api-keys',
      summary: 'The keys of programs, without the keys themselves.',
      access: 'admin',
      answer: listOf(apiKeyView),
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
      answer: newApiKey,
      async handle({ body, principal }) {
        if (!within(body.apps, principal))
          throw new Refusal('forbidden', 'apps: must not be more than the Mini Programs that are yours')
        return apiKeys.add(body, principal)
      },
    }),
    route({
      method: 'DELETE',
      path: '/api-keys/:id',
      summary: 'Forgets a key; whoever shows it is let in no more.',
      access: 'admin',
      params: byId,
      answer: null,
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
