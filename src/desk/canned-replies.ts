import { fromJson, toJson, type Store, type Tx } from '../store/index.js'
import { pinyinOf } from '../people/pinyin.js'
import { mayUse, type Principal } from '../http/principal.js'
import { notFound, httpErrorFor, type HttpError } from '../http/http-error.js'
import type { CannedReplyInput, CannedReplyView } from './schemas/canned-reply-view.js'

type Asking = Pick<Principal, 'apps'>

export interface CannedRepliesOptions {
  readonly store: Store
  readonly now: () => number
}

/** Answers that agents have ready, for one Mini Program or all. Who may not see a Mini Program may not see its answers. */
export class CannedReplies {
  readonly #store: Store
  readonly #now: () => number

  constructor({ store, now }: CannedRepliesOptions) {
    this.#store = store
    this.#now = now
  }

  /** By title. */
  async list(asking: Asking): Promise<CannedReplyView[]> {
    const rows = await this.#store.db
      .selectFrom('canned_reply')
      .selectAll()
      .orderBy('title')
      .orderBy('id')
      .execute()
    return rows
      .filter((row) => row.app_id === null || mayUse(asking, row.app_id))
      .map((row) => ({
        id: row.id,
        appId: row.app_id,
        title: row.title,
        content: row.content,
        shortcut: row.shortcut,
        pinyin: [...fromJson(row.pinyin)],
      }))
  }

  async add(
    input: CannedReplyInput,
    asking: Asking,
    made?: (tx: Tx, reply: CannedReplyView) => Promise<void>,
  ): Promise<CannedReplyView> {
    mustMayWrite(asking, input.appId)
    const row = await this.#row(input)
    return this.#store.db.transaction().execute(async (tx) => {
      const added = await tx
        .insertInto('canned_reply')
        .values(row)
        .onConflict((oc) => oc.column('shortcut').doNothing())
        .returning('id')
        .executeTakeFirst()
      if (!added) throw taken()
      const reply = { id: added.id, ...input, pinyin: [...fromJson(row.pinyin)] }
      await made?.(tx, reply)
      return reply
    })
  }

  async change(id: number, input: CannedReplyInput, asking: Asking): Promise<CannedReplyView> {
    await this.#mustMayChange(id, asking)
    mustMayWrite(asking, input.appId)
    const row = await this.#row(input)
    const { numUpdatedRows } = await this.#store.db
      .updateTable('canned_reply')
      .set(row)
      .where('id', '=', id)
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom('canned_reply as other')
              .select('other.id')
              .where('other.shortcut', '=', input.shortcut)
              .where('other.id', '!=', id),
          ),
        ),
      )
      .executeTakeFirstOrThrow()
    if (numUpdatedRows === 0n) throw taken()
    return { id, ...input, pinyin: [...fromJson(row.pinyin)] }
  }

  async remove(id: number, asking: Asking): Promise<void> {
    await this.#mustMayChange(id, asking)
    await this.#store.db.deleteFrom('canned_reply').where('id', '=', id).execute()
  }

  async #mustMayChange(id: number, asking: Asking): Promise<void> {
    const row = await this.#store.db
      .selectFrom('canned_reply')
      .select('app_id')
      .where('id', '=', id)
      .executeTakeFirst()
    if (!row || (row.app_id !== null && !mayUse(asking, row.app_id))) throw notFound()
    mustMayWrite(asking, row.app_id)
  }

  async #row({ appId, title, content, shortcut }: CannedReplyInput) {
    return {
      app_id: appId,
      title,
      content,
      shortcut,
      pinyin: toJson(await pinyinOf(title)),
      updated_at: this.#now(),
    }
  }
}

/** Throws where somebody may not write for these Mini Programs: for all, only those may who see all. */
function mustMayWrite(asking: Asking, appId: string | null): void {
  if (appId === null ? asking.apps !== 'all' : !mayUse(asking, appId))
    throw httpErrorFor('canned_app', 'forbidden', 'appId: must be a Mini Program that you may see')
}

function taken(): HttpError {
  return httpErrorFor('shortcut_taken', 'conflict', 'shortcut: another canned reply has it')
}
