import type { Context } from 'koa'
import type { z } from 'zod'
import {
  conversationViews,
  countConversations,
  listConversations,
  listMessages,
  messageViews,
  type Actor,
  type Commands,
  type ConversationView,
  type MessageView,
  type OwnershipChange,
  type ViewSource,
} from '../../conversation/index.js'
import type { AgentDirectory } from '../agent-directory.js'
import { mayUse, type Principal } from '../principal.js'
import { notFound, Refusal } from '../refusal.js'
import { route, type Route } from '../route.js'
import {
  assignInput,
  conversationsQuery,
  messagesQuery,
  noteInput,
  resolveInput,
  tagsInput,
  takeInput,
} from '../schemas/conversation-input.js'
import { conversationView, countsView } from '../schemas/conversation-view.js'
import { byId, listOf } from '../schemas/list.js'
import { messageView } from '../schemas/message-view.js'
import { sendInput } from '../schemas/outgoing-message.js'

export interface ConversationRoutesOptions {
  readonly views: ViewSource
  readonly commands: Commands
  readonly agents: Pick<AgentDirectory, 'mayHave'>
  /** Told when a colleague's conversation was taken or given to another. */
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

/** What is done with conversations and their messages. */
export function conversationRoutes(options: ConversationRoutesOptions): Route[] {
  const { views, commands, agents, onTakenOver } = options
  /** Throws Refusal (404) also when it is not for whoever asks. */
  async function appOf(conversationId: number, principal: Principal): Promise<string> {
    const row = await views.store.db
      .selectFrom('conversation')
      .innerJoin('contact', 'contact.id', 'conversation.contact_id')
      .select('contact.app_id')
      .where('conversation.id', '=', conversationId)
      .executeTakeFirst()
    if (!row || !mayUse(principal, row.app_id)) throw notFound()
    return row.app_id
  }
  async function conversationOf(id: number): Promise<ConversationView> {
    const [view] = await conversationViews(views, [id])
    if (!view) throw notFound()
    return view
  }
  async function messageOf(id: number): Promise<MessageView> {
    const view = (await messageViews(views, [id])).get(id)
    if (!view) throw notFound()
    return view
  }
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
      throw new Refusal(
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
      answer: conversationView,
      async handle({ params: { id }, principal }) {
        await appOf(id, principal)
        return change(id, { type }, principal)
      },
    })
  /** Takes a step with an outgoing message. */
  const step = (name: 'retry' | 'cancel', summary: string): Route =>
    route({
      method: 'POST',
      path: `/messages/:id/${name}`,
      summary,
      access: 'agent',
      params: byId,
      answer: messageView,
      async handle({ params: { id }, principal }) {
        await mustSee(id, principal)
        await commands.step(id, name, actorOf(principal))
        return messageOf(id)
      },
    })
  async function mustSee(messageId: number, principal: Principal): Promise<void> {
    const row = await views.store.db
      .selectFrom('message')
      .select('conversation_id')
      .where('id', '=', messageId)
      .executeTakeFirst()
    if (!row) throw notFound()
    await appOf(row.conversation_id, principal)
  }
  const setTags = (method: 'PUT' | 'POST'): Route =>
    route({
      method,
      path: '/conversations/:id/tags',
      summary: 'Sets the customer’s tags: these and no others.',
      access: 'agent',
      params: byId,
      body: tagsInput,
      answer: conversationView,
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
      answer: listOf(conversationView),
      async handle({ query, principal }) {
        const { cursor, sort, limit } = query
        return listConversations(views, filterOf(query, principal), { cursor, sort, limit })
      },
    }),
    route({
      method: 'GET',
      path: '/counts',
      summary: 'How many conversations each tab of the desk has.',
      access: 'agent',
      answer: countsView,
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
      answer: conversationView,
      async handle({ params: { id }, principal }) {
        await appOf(id, principal)
        return conversationOf(id)
      },
    }),
    route({
      method: 'GET',
      path: '/conversations/:id/messages',
      summary: 'A conversation’s messages, newest first; `before` takes the answer’s `next`.',
      access: 'agent',
      params: byId,
      query: messagesQuery,
      answer: listOf(messageView),
      async handle({ params: { id }, query, principal }) {
        await appOf(id, principal)
        return listMessages(views, id, query)
      },
    }),
    route({
      method: 'POST',
      path: '/conversations/:id/messages',
      summary: 'Queues a message to the customer; the same `clientId` is queued once.',
      access: 'agent',
      params: byId,
      body: sendInput,
      status: 201,
      answer: messageView,
      async handle({ params: { id }, body: { clientId, message, holdSeconds = 0 }, principal }) {
        await appOf(id, principal)
        const options = { ...actorOf(principal), clientId, holdMs: holdSeconds * 1000 }
        return messageOf(await commands.send(id, message, options))
      },
    }),
    route({
      method: 'POST',
      path: '/conversations/:id/take',
      summary: 'Takes the conversation; a program says for which agent.',
      access: 'agent',
      params: byId,
      body: takeInput.optional(),
      answer: conversationView,
      async handle({ params: { id }, body, principal, ctx }) {
        const appId = await appOf(id, principal)
        const agentId = principal.kind === 'agent' ? principal.id : body?.agentId
        if (agentId === undefined)
          throw new Refusal(
            'invalid',
            'agentId: is missing: a program says which agent takes the conversation',
          )
        if (body?.agentId !== undefined && body.agentId !== agentId)
          throw new Refusal('invalid', 'agentId: an agent takes for itself; to give it to another, assign it')
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
      answer: conversationView,
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
      path: '/conversations/:id/notes',
      summary: 'Writes a note that only colleagues see.',
      access: 'agent',
      params: byId,
      body: noteInput,
      status: 201,
      answer: messageView,
      async handle({ params: { id }, body: { content }, principal }) {
        await appOf(id, principal)
        return messageOf(await commands.note(id, content, actorOf(principal)))
      },
    }),
    setTags('PUT'),
    setTags('POST'),
    step('retry', 'Queues a failed or cancelled message once more.'),
    step('cancel', 'Takes back a message that has not left.'),
    route({
      method: 'POST',
      path: '/messages/:id/resolve',
      summary: 'Says what became of an unknown message.',
      access: 'agent',
      params: byId,
      body: resolveInput,
      answer: messageView,
      async handle({ params: { id }, body: { state }, principal }) {
        await mustSee(id, principal)
        await commands.step(id, state === 'accepted' ? 'accept' : 'fail', actorOf(principal))
        return messageOf(id)
      },
    }),
  ]
}

/** Who gives a command. */
export function actorOf(principal: Principal): Actor {
  return principal.kind === 'agent'
    ? { agentId: principal.id, admin: principal.role === 'admin' }
    : { agentId: null }
}

function filterOf(query: z.output<typeof conversationsQuery>, principal: Principal) {
  const { status: statuses, agent, app: appId, tag, source: sessionFrom, failed, expiring } = query
  if (agent === 'me' && principal.kind === 'program')
    throw new Refusal('bad_request', 'agent: must be an agent’s id or none; a program is no agent')
  const agentId =
    agent === undefined
      ? undefined
      : agent === 'none'
        ? null
        : agent === 'me'
          ? principal.kind === 'agent'
            ? principal.id
            : null
          : Number(agent)
  return {
    apps: principal.apps,
    statuses,
    agentId,
    appId,
    tag,
    sessionFrom,
    failed,
    expiresWithinHours: expiring,
    search: query.q,
  }
}
