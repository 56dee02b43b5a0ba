import type { CannedReplies } from '../canned-replies.js'
import { route, type Route } from '../../http/route.js'
import {
  cannedReplyInput,
  cannedReplyView,
  newCannedReply,
  type CannedReplyView,
} from '../schemas/canned-reply-view.js'
import { byId, listOf } from '../../http/schemas/list.js'
import type { Submits } from '../../people/submits.js'

export interface CannedReplyRoutesOptions {
  readonly cannedReplies: CannedReplies
  readonly submits: Submits
}

/** Answers that agents have ready. */
export function cannedReplyRoutes({ cannedReplies, submits }: CannedReplyRoutesOptions): Route[] {
  return [
    route({
      method: 'GET',
      path: '/canned-replies',
      summary: 'The answers that agents have ready, by title.',
      access: 'agent',
      response: listOf(cannedReplyView),
      handle: async ({ principal }) => ({ items: await cannedReplies.list(principal), next: null }),
    }),
    route({
      method: 'POST',
      path: '/canned-replies',
      summary: 'Adds a canned reply.',
      access: 'agent',
      body: newCannedReply,
      response: cannedReplyView,
      status: 201,
      handle: ({ body: { clientId, ...input }, principal }) =>
        submits.once<CannedReplyView>({ principal, what: 'canned-replies', clientId, input }, (keep) =>
          cannedReplies.add(input, principal, keep),
        ),
    }),
    route({
      method: 'PUT',
      path: '/canned-replies/:id',
      summary: 'Puts another canned reply in the place of this one.',
      access: 'agent',
      params: byId,
      body: cannedReplyInput,
      response: cannedReplyView,
      handle: async ({ params, body, principal }) => cannedReplies.change(params.id, body, principal),
    }),
    route({
      method: 'DELETE',
      path: '/canned-replies/:id',
      summary: 'Removes a canned reply.',
      access: 'agent',
      params: byId,
      response: null,
      handle: async ({ params, principal }) => cannedReplies.remove(params.id, principal),
    }),
  ]
}
