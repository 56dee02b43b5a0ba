import { eraseContact } from '../conversation/index.js'
import type { MediaParts } from './media.js'
import type { Store } from '../store/index.js'
import type { Runtime } from './core.js'

/** A database up to this size is scrubbed at once, which takes a second at most; a larger one at the next start. */
const AT_ONCE_BYTES = 32 * 1024 * 1024
const DUE = 'scrub_due'

/** Erases a customer, and every trace of them in the database's free space. */
export function eraser(
  store: Store,
  { pictures, fetcher }: Pick<MediaParts, 'pictures' | 'fetcher'>,
  { logger, now, wait }: Runtime,
): (contactId: number) => Promise<void> {
  // One after the other, so that none counts as scrubbed by the one before it.
  let last: Promise<unknown> = Promise.resolve()
  return (contactId) => {
    const erased = last.then(() => erase(contactId))
    last = erased.catch(() => undefined)
    return erased
  }

  async function erase(contactId: number): Promise<void> {
    // Before anything is deleted, so that a crash leaves nothing behind either.
    if (store.file) await setDue(store, true)
    await eraseContact(
      {
        store,
        notePictures: () => fetcher.noteAll(),
        removePictures: (names) => pictures.remove(names),
        now,
        wait,
      },
      contactId,
    )
    if (!store.file) return
    if (await store.file.scrub(AT_ONCE_BYTES)) await setDue(store, false)
    else
      logger.info(
        {},
        'a customer was erased; the free space of so large a database is overwritten at the next start',
      )
  }
}

/** Overwrites what an erasure may have left in the free space of a large database. */
export async function scrubWhereDue(store: Store, { logger }: Pick<Runtime, 'logger'>): Promise<void> {
  if (!store.file) return
  const due = await store.db.selectFrom('setting').select('key').where('key', '=', DUE).executeTakeFirst()
  if (!due) return
  logger.info({}, 'the database’s free space is overwritten, because a customer was erased')
  await store.file.scrub(Infinity)
  await setDue(store, false)
}

async function setDue({ db }: Store, due: boolean): Promise<void> {
  await db.deleteFrom('setting').where('key', '=', DUE).execute()
  if (due) await db.insertInto('setting').values({ key: DUE, value: 'true' }).execute()
}
