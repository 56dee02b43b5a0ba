import { sql } from 'kysely'
import type { Store, Tx } from '../../store/index.js'
import { CommandError } from '../command-checks.js'
import { holdConversation } from '../conversation-rows.js'
import { contactOpenId } from '../customer-key.js'
import { removeMessages } from './message-removal.js'
import { eraseUnreadable } from './unreadable-pushes.js'

export interface ErasureOptions {
  readonly store: Store
  /** Notes which pictures the latest messages show, so that none is overlooked. */
  readonly notePictures: () => Promise<void>
  readonly removePictures: (names: readonly string[]) => Promise<void>
  readonly now: () => number
  readonly wait: (milliseconds: number) => Promise<unknown>
}

/** Whose contact it was. */
export interface Erased {
  readonly appId: string
}

/** Between two steps everything else goes first. */
const PAUSE_MS = 10
const MESSAGES_AT_ONCE = 200
/** Pushes are looked through in pieces: an index by customer would cost each push something. */
const PUSHES_AT_ONCE = 2000
/** Handlers in code have a minute, three times; whoever erases should not wait for so long. */
const HANDLED_WITHIN_MS = 15_000
const WAITING_MS = 100

/**
 * Deletes all that is kept of a customer, also in sessions with sub-merchants: messages and notes, pictures that nobody else was sent, pushes as they came,
 * tags, the conversation, and what hangs on these. Undefined when there is no such contact. What the customer
 * sends afterwards begins anew. Throws CommandError when a push of theirs is still being handled.
 */
export async function eraseContact(options: ErasureOptions, contactId: number): Promise<Erased | undefined> {
  const contacts = await options.store.db
    .selectFrom('contact')
    .leftJoin('conversation', 'conversation.contact_id', 'contact.id')
    .select([
      'contact.id',
      'contact.app_id',
      contactOpenId.as('open_id'),
      'conversation.id as conversation_id',
    ])
    .where((eb) =>
      eb(
        sql`(contact.app_id, ${contactOpenId})`,
        '=',
        sql`(select contact.app_id, ${contactOpenId} from contact where contact.id = ${contactId})`,
      ),
    )
    .execute()
  for (const contact of contacts) await eraseSession(options, contact)
  const [first] = contacts
  return first && { appId: first.app_id }
}

interface Session {
  readonly id: number
  readonly app_id: string
  readonly open_id: string
  readonly conversation_id: number | null
}

async function eraseSession(
  options: ErasureOptions,
  { id: contactId, app_id: appId, open_id: openId, conversation_id: conversationId }: Session,
): Promise<void> {
  const { store, wait } = options
  await untilHandled(options, appId, openId)
  await options.notePictures()

  const theirs = { appId, openId }
  const last = await lastPush(store)
  for (let from = 0; from < last; from += PUSHES_AT_ONCE) {
    await removePushes(store.db, theirs, from, Math.min(from + PUSHES_AT_ONCE, last))
    await wait(PAUSE_MS)
  }
  if (conversationId !== null)
    while ((await removeSome(options, conversationId)) === MESSAGES_AT_ONCE) await wait(PAUSE_MS)

  const files = await store.db.transaction().execute(async (tx) => {
    // From here on nothing more is written to this conversation.
    if (conversationId !== null) await holdConversation(tx, store.dialect, conversationId)
    // Pushes that were handled meanwhile go as well.
    await removePushes(tx, theirs, last, Number.MAX_SAFE_INTEGER)
    const names =
      conversationId === null ? [] : await removeMessages(tx, store.dialect, await some(tx, conversationId))
    // An unreadable push is of nobody certain, and may name them all the same.
    names.push(...(await eraseUnreadable(tx, store.dialect, theirs)))
    await eraseWithdrawals(tx, theirs)
    await tx.deleteFrom('contact').where('id', '=', contactId).execute()
    return names
  })
  await options.removePictures(files)
  await store.signals.send('erased', appId)
}

/** Until no push of theirs is under way: what its handling writes would outlive the erasure. */
async function untilHandled(
  { store, now, wait }: ErasureOptions,
  appId: string,
  openId: string,
): Promise<void> {
  const until = now() + HANDLED_WITHIN_MS
  for (;;) {
    const waiting = await store.db
      .selectFrom('push')
      .select('id')
      .where(sql<boolean>`state = 'new'`)
      .where('app_id', '=', appId)
      .where('open_id', '=', openId)
      .limit(1)
      .executeTakeFirst()
    if (!waiting) return
    if (now() >= until)
      throw new CommandError(
        'not_possible',
        'A message of theirs is being handled. Try again in a few minutes.',
      )
    await wait(WAITING_MS)
  }
}

/** Erases their withdrawals, with the pushes that said so: these are of the platform, and name them. */
async function eraseWithdrawals(tx: Tx, { appId, openId }: { appId: string; openId: string }): Promise<void> {
  const rows = await tx
    .deleteFrom('withdrawal')
    .where('app_id', '=', appId)
    .where('open_id', '=', openId)
    .returning('push_id')
    .execute()
  const ids = rows.map((row) => row.push_id)
  if (ids.length > 0) await tx.deleteFrom('push').where('id', 'in', ids).where('state', '<>', 'new').execute()
}

async function lastPush({ db }: Store): Promise<number> {
  const row = await db
    .selectFrom('push')
    .select((eb) => eb.fn.max('id').as('id'))
    .executeTakeFirst()
  return row?.id ?? 0
}

/** Removes pushes. Those that were not handled yet stay: they begin anew. */
async function removePushes(
  db: Store['db'] | Tx,
  { appId, openId }: { appId: string; openId: string },
  after: number,
  upTo: number,
): Promise<void> {
  await db
    .deleteFrom('push')
    .where('id', '>', after)
    .where('id', '<=', upTo)
    .where('app_id', '=', appId)
    .where('open_id', '=', openId)
    .where('state', '<>', 'new')
    .execute()
}

async function some(db: Store['db'] | Tx, conversationId: number): Promise<number[]> {
  const rows = await db
    .selectFrom('message')
    .select('id')
    .where('conversation_id', '=', conversationId)
    .orderBy('id')
    .limit(MESSAGES_AT_ONCE)
    .execute()
  return rows.map(({ id }) => id)
}

async function removeSome(
  { store, removePictures }: ErasureOptions,
  conversationId: number,
): Promise<number> {
  const ids = await some(store.db, conversationId)
  const names = await store.db.transaction().execute((tx) => removeMessages(tx, store.dialect, ids))
  await removePictures(names)
  return ids.length
}
