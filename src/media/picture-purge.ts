import type { Store } from '../store/index.js'
import type { PictureStore } from './picture-store.js'

/**
 * Deletes pictures from before a time, in milliseconds since 1970: at most so many, from a place on (0: the
 * beginning). A message whose picture is gone shows that it had one.
 */
export async function purgePictures(
  store: Store,
  pictures: PictureStore,
  before: number,
  from: number,
  most: number,
): Promise<{ deleted: number; next: number | undefined }> {
  const rows = await store.db
    .selectFrom('media')
    .select(['id', 'state', 'file', 'created_at'])
    .where('id', '>', from)
    .orderBy('id')
    .limit(most)
    .execute()
  const old = rows.filter((row) => row.created_at < before)
  const stored = old.filter((row) => row.state === 'stored')
  if (stored.length > 0)
    await store.db
      .updateTable('media')
      .set({ state: 'expired', problem: 'too_old', file: null, bytes: null })
      .where(
        'id',
        'in',
        stored.map((row) => row.id),
      )
      .execute()
  await pictures.remove(stored.flatMap((row) => row.file ?? []))
  return {
    deleted: stored.length,
    next: rows.length === most && old.length > 0 ? rows.at(-1)?.id : undefined,
  }
}
