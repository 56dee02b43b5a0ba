import { z } from 'zod'
import { parseAuthor, isBot } from '../protocol/author.js'
import type { Store } from '../store/index.js'
import type { ClaimedTurn } from '../conversation/index.js'
import type { HistoryLine } from './prompt.js'
import type { Asked } from './shortcuts.js'

/** What a turn is about. */
export interface TurnContent {
  readonly appId: string
  readonly openId: string
  readonly asked: readonly Asked[]
  readonly history: readonly HistoryLine[]
}

/** More is not needed to understand a question. */
const LINES = 10
const DAY_MS = 86_400_000
/** Lines of a conversation behind which something else is talked about. */
const boundaries: ReadonlySet<string> = new Set([
  'handoff',
  'take',
  'assign',
  'release',
  'abandon',
  'close',
  'reopen',
  'undo',
  'transferred',
])

const content = z.looseObject({
  content: z.string().optional(),
  title: z.string().optional(),
  line: z.string().optional(),
})

/**
 * Reads what a turn asks, and what was said before it since the conversation last changed hands or in the last 24 h.
 * Notes and system lines are never part of it. Undefined where the customer is gone.
 */
export async function readTurn(
  { db }: Pick<Store, 'db'>,
  turn: Pick<ClaimedTurn, 'conversationId' | 'firstMessageId' | 'lastMessageId'>,
  now: number,
): Promise<TurnContent | undefined> {
  const contact = await db
    .selectFrom('conversation')
    .innerJoin('contact', 'contact.id', 'conversation.contact_id')
    .select(['contact.app_id', 'contact.open_id'])
    .where('conversation.id', '=', turn.conversationId)
    .executeTakeFirst()
  if (!contact) return undefined
  const rows = await db
    .selectFrom('message')
    .select(['id', 'direction', 'author', 'msg_type', 'content', 'state'])
    .where('conversation_id', '=', turn.conversationId)
    .where('id', '<=', turn.lastMessageId)
    .where('created_at', '>', now - DAY_MS)
    .orderBy('id', 'desc')
    .limit(LINES * 4)
    .execute()
  const asked: Asked[] = []
  const history: HistoryLine[] = []
  for (const row of rows) {
    const { content: text, title, line } = content.parse(JSON.parse(row.content))
    const said = row.msg_type === 'text' ? text : title
    if (row.id >= turn.firstMessageId) {
      if (row.direction === 'incoming') asked.unshift({ msgType: row.msg_type, text: said })
      continue
    }
    if (row.direction === 'system' && boundaries.has(line ?? '')) break
    const by = speakerOf(row.direction, row.author)
    const isUnsaid = row.state === 'cancelled' || row.state === 'failed'
    if (by && said !== undefined && !isUnsaid) history.unshift({ by, text: said })
    if (history.length === LINES) break
  }
  return { appId: contact.app_id, openId: contact.open_id, asked, history }
}

function speakerOf(direction: string, author: string): HistoryLine['by'] | undefined {
  if (direction === 'incoming') return 'customer'
  if (direction !== 'outgoing') return undefined
  return isBot(parseAuthor(author)) ? 'bot' : 'agent'
}
