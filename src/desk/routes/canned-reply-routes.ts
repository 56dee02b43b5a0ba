import type { CannedReplies } from '../canned-replies.js'
import { route, type Route } from '../route.js'
import { cannedReplyInput, cannedReplyView } from '../schemas/canned-reply-view.js'
import { byId, listOf } from '../schemas/list.js'

/** Answers that agents have ready. */
export function cannedReplyRoutes({ cannedReplies }: { readonly cannedReplies: CannedReplies }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/canned-replies',
      summary: 'The answers that agents have ready, by title.',
      access: 'agent',
      answer: listOf(cannedReplyView),
      handle: async ({ principal }) => ({ items: await cannedReplies.list(principal), next: null }),
    }),
    route({
      method: 'POST',
      path: '/canned-replies',
      summary: 'Adds a canned reply.',
      access: 'agent',
      body: cannedReplyInput,
      answer: cannedReplyView,
      status: 201,
      handle: async ({ body, principal }) => cannedReplies.add(body, principal),
    }),
    route({
      method: 'PUT',
      path: '/canned-replies/:id',
      summary: 'Puts another canned reply in the place of this one.',
      access: 'agent',
      params: byId,
      body: cannedReplyInput,
      answer: cannedReplyView,
      handle: async ({ params, body, principal }) => cannedReplies.change(params.id, body, principal),
    }),
    route({
      method: 'DELETE',
      path: '/canned-replies/:id',
      summary: 'Removes a canned reply.',
      access: 'agent',
      params: byId,
      answer: null,
      handle: async ({ params, principal }) => cannedReplies.remove(params.id, principal),
    }),
  ]
}
