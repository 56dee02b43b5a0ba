import type { Context } from 'koa'
import {
  countConversations,
  listConversations,
  type Commands,
  type ConversationView,
  type OwnershipChange,
  type ViewSource,
} from '../../conversation/index.js'
import { actorOf } from '../actor.js'
import type { AgentDirectory } from '../agent-directory.js'
import { ConversationAccess } from '../conversation-access.js'
import { filterOf } from '../conversation-filter.js'
import type { HeavyReads } from '../../http/heavy-reads.js'
import type { Principal } from '../../http/principal.js'
import { HttpError } from '../../http/http-error.js'
import { route, type Route } from '../../http/route.js'
import {
  assignInput,
  conversationsQuery,
  tagsChange,
  tagsInput,
  takeInput,
  undoInput,
} from '../schemas/conversation-input.js'
import { conversationView, countsView } from '../schemas/conversation-view.js'
import { byId, listOf } from '../../http/schemas/list.js'

export interface ConversationRoutesOptions {
  readonly views: ViewSource
  readonly commands: Commands
  readonly reads: HeavyReads
  readonly agents: Pick<AgentDirectory, 'mayHave'>
  /** Called when a colleague's conversation was taken or given to another. */
  readonly onTakenOver?: (takeover: TakeOver) => Promise<void>
}

export interface TakeOver {
  readonly conversationId: number
  readonly appId: string
  readonly from: number
  readonly to: number
  readonly principal: Principal
  readonly ctx: Context
}

/** Conversations: lists, owners and tags. */
export function conversationRoutes(options: ConversationRoutesOptions): Route[] {
  const { views, commands, reads, agents, onTakenOver } = options
  const { appOf, conversationOf } = new ConversationAccess(views)
  async function change(id: number, to: OwnershipChange, principal: Principal): Promise<ConversationView> {
    await commands.change(id, to, actorOf(principal))
    return conversationOf(id)
  }
  /** Gives a conversation to an agent. */
  async function give(
    type: 'take' | 'assign',
    { conversationId, appId, to, principal, ctx }: Omit<TakeOver, 'from'>,
    epoch: number | undefined,
  ): Promise<ConversationView> {
    const before = await commands.change(conversationId, { type, agentId: to }, actorOf(principal), { epoch })
    const from = before.agentId
    if (from !== null && from !== to) await onTakenOver?.({ conversationId, appId, from, to, principal, ctx })
    return conversationOf(conversationId)
  }
  async function mustBeAbleToHave(agentId: number, appId: string): Promise<void> {
    if (!(await agents.mayHave(agentId, appId)))
      throw new HttpError(
        'invalid',
        'agentId: must be an agent who may have conversations of this Mini Program',
      )
  }
  /** Changes the owner without a word about whom. */
  const plainChange = (type: 'release' | 'close' | 'reopen', summary: string): Route =>
    route({
      method: 'POST',
      path: `/conversations/:id/${type}`,
      summary,
      access: 'agent',
      params: byId,
      response: conversationView,
      async handle({ params: { id }, principal }) {
        await appOf(id, principal)
        return change(id, { type }, principal)
      },
    })
  const setTags = (method: 'PUT' | 'POST'): Route =>
    route({
      method,
      path: '/conversations/:id/tags',
      summary: 'Sets the customer’s tags: these and no others.',
      access: 'agent',
      params: byId,
      body: tagsInput,
      response: conversationView,
      async handle({ params: { id }, body: { tags }, principal }) {
        await appOf(id, principal)
        await commands.setTags(id, tags)
        return conversationOf(id)
      },
    })

  return [
    route({
      method: 'GET',
      path: '/conversations',
      summary: 'Conversations, the one with the newest message first unless `sort` says otherwise.',
      access: 'agent',
      query: conversationsQuery,
      response: listOf(conversationView),
      async handle({ query, principal, ctx }) {
        const { cursor, sort, limit, q = '', sourceKey } = query
        const filter = filterOf(query, principal)
        const list = () => listConversations(views, filter, { cursor, sort, limit })
        if (q.trim() === '' && sourceKey === undefined) return list()
        // Who types on has given up what they were looking for.
        return (await reads.run(principal, list, () => ctx.res.destroyed)) ?? { items: [], next: null }
      },
    }),
    route({
      method: 'GET',
      path: '/counts',
      summary: 'How many conversations each tab of the desk has.',
      access: 'agent',
      response: countsView,
      handle: async ({ principal }) =>
        countConversations(views, {
          apps: principal.apps,
          agentId: principal.kind === 'agent' ? principal.id : null,
        }),
    }),
    route({
      method: 'GET',
      path: '/conversations/:id',
      summary: 'One conversation.',
      access: 'agent',
      params: byId,
      response: conversationView,
      async handle({ params: { id }, principal }) {
        await appOf(id, principal)
        return conversationOf(id)
      },
    }),
    route({
      method: 'POST',
      path: '/conversations/:id/take',
      summary: 'Takes the conversation; a program says for which agent.',
      access: 'agent',
      params: byId,
      body: takeInput.optional(),
      response: conversationView,
      async handle({ params: { id }, body, principal, ctx }) {
        const appId = await appOf(id, principal)
        const agentId = principal.kind === 'agent' ? principal.id : body?.agentId
        if (agentId === undefined)
          throw new HttpError(
            'invalid',
            'agentId: is missing: a program says which agent takes the conversation',
          )
        if (body?.agentId !== undefined && body.agentId !== agentId)
          throw new HttpError(
            'invalid',
            'agentId: an agent takes for itself; to give it to another, assign it',
          )
        if (principal.kind === 'program') await mustBeAbleToHave(agentId, appId)
        return give('take', { conversationId: id, appId, to: agentId, principal, ctx }, body?.epoch)
      },
    }),
    route({
      method: 'POST',
      path: '/conversations/:id/assign',
      summary: 'Gives the conversation to an agent.',
      access: 'agent',
      params: byId,
      body: assignInput,
      response: conversationView,
      async handle({ params: { id }, body: { agentId, epoch }, principal, ctx }) {
        const appId = await appOf(id, principal)
        await mustBeAbleToHave(agentId, appId)
        return give('assign', { conversationId: id, appId, to: agentId, principal, ctx }, epoch)
      },
    }),
    plainChange('release', 'Gives the conversation back to the bot.'),
    plainChange('close', 'Closes the conversation; the customer’s next message opens it again.'),
    plainChange('reopen', 'Opens a closed conversation: it waits for a person.'),
    route({
      method: 'POST',
      path: '/conversations/:id/undo',
      summary:
        'Takes back a close or release within 8 s: who did it has the conversation again. Refused (409) when somebody has acted since.',
      access: 'agent',
      params: byId,
      body: undoInput,
      response: conversationView,
      async handle({ params: { id }, body: { epoch }, principal }) {
        await appOf(id, principal)
        await commands.undo(id, epoch, actorOf(principal))
        return conversationOf(id)
      },
    }),
    setTags('PUT'),
    setTags('POST'),
    route({
      method: 'PATCH',
      path: '/conversations/:id/tags',
      summary: 'Puts tags on the customer and takes others off; those that are not named stay as they are.',
      access: 'agent',
      params: byId,
      body: tagsChange,
      response: conversationView,
      async handle({ params: { id }, body, principal }) {
        await appOf(id, principal)
        await commands.changeTags(id, body)
        return conversationOf(id)
      },
    }),
  ]
}
