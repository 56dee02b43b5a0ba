import { sql } from 'kysely'
import type { Store, Tx } from '../../store/index.js'
import { CommandError } from '../commands.js'
import { holdConversation } from '../conversation-rows.js'
import { removeMessages } from './message-removal.js'

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
/** The word to all processes that a customer was erased; it says of which Mini Program. */
export const ERASED = 'erased'

/**
 * Deletes all that is kept of a customer: messages and notes, pictures that nobody else was sent, pushes as they came,
 * tags, the conversation, and what hangs on these. Undefined when there is no such contact. What the customer
 * sends afterwards begins anew. Throws CommandError when a push of theirs is still being handled.
 */
export async function eraseContact(options: ErasureOptions, contactId: number): Promise<Erased | undefined> {
  const { store, wait } = options
  const contact = await store.db
    .selectFrom('contact')
    .leftJoin('conversation', 'conversation.contact_id', 'contact.id')
    .select(['contact.app_id', 'contact.open_id', 'conversation.id as conversation_id'])
    .where('contact.id', '=', contactId)
    .executeTakeFirst()
  if (!contact) return undefined
  const { app_id: appId, open_id: openId, conversation_id: conversationId } = contact
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
    // What was handled meanwhile goes as well.
    await removePushes(tx, theirs, last, Number.MAX_SAFE_INTEGER)
    const names =
      conversationId === null ? [] : await removeMessages(tx, store.dialect, await some(tx, conversationId))
    await tx.deleteFrom('contact').where('id', '=', contactId).execute()
    return names
  })
  await options.removePictures(files)
  await store.signals.send(ERASED, appId)
  return { appId }
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

async function lastPush({ db }: Store): Promise<number> {
  const row = await db
    .selectFrom('push')
    .select((eb) => eb.fn.max('id').as('id'))
    .executeTakeFirst()
  return row?.id ?? 0
}

/** What was not handled yet stays: it begins anew. */
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
