import type { ConversationView, MessageView } from './api/views.js'

/** A message for the tests of the page's modules. */
export function messageOf(change: Partial<MessageView> = {}): MessageView {
  return {
    id: 1,
    conversationId: 1,
    direction: 'incoming',
    author: 'contact',
    authorName: null,
    state: null,
    createdAt: Date.UTC(2026, 6, 31, 6, 5),
    sentAt: null,
    notBefore: null,
    errcode: null,
    problem: null,
    rid: null,
    msgType: 'text',
    content: '你好',
    media: null,
    ...change,
  }
}

/** A conversation for the tests of the page's modules. */
export function conversationOf(change: Partial<ConversationView> = {}): ConversationView {
  const id = change.id ?? 1
  return {
    id,
    appId: 'wx1',
    openId: `oENu5xk3lGm${id}poec`,
    businessId: null,
    status: 'waiting',
    agent: null,
    epoch: 1,
    sequence: 1,
    allowance: { remaining: 5, expiresAt: 1_000_000_000, source: 'message', corrected: false, limit: 5 },
    replyProblem: null,
    contact: { id, name: null, remark: null, sessionFrom: null, tags: [], createdAt: 0, seenAt: 0 },
    lastMessage: messageOf({ id, conversationId: id }),
    unread: 0,
    waitingSince: null,
    failed: false,
    transferredAt: null,
    turn: null,
    createdAt: 0,
    updatedAt: id,
    ...change,
  }
}
