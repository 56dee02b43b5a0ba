import { MediaError } from '../errors.js'
import type { MediaTable, Store, Tx } from '../store/index.js'
import { limits } from '../wechat/index.js'
import { readPicture } from './picture.js'
import type { PictureStore } from './picture-store.js'

/** A picture as the database knows it. */
export interface KeptPicture {
  readonly id: number
  readonly appId: string
  /** WeChat's, under which messages name it. */
  readonly mediaId: string
  readonly state: MediaTable['state']
  /** Why it could not be fetched. */
  readonly problem: string | null
  readonly mime: MediaTable['mime']
  readonly width: number | null
  readonly height: number | null
  readonly bytes: number | null
}

export interface PictureLibraryOptions {
  readonly store: Store
  readonly pictures: PictureStore
  /** Gives a picture to WeChat; undefined when the Mini Program is not configured. */
  readonly upload: (appId: string, bytes: Uint8Array) => Promise<{ readonly mediaId: string } | undefined>
  readonly now: () => number
}

/** How long a media id is relied on: an hour less than WeChat keeps it. */
const LIFE_MS = limits.mediaSeconds * 1000 - 3_600_000

/** The pictures that are kept: to be shown, added, and used in messages for longer than WeChat keeps them. */
export class PictureLibrary {
  readonly #options: PictureLibraryOptions

  constructor(options: PictureLibraryOptions) {
    this.#options = options
  }

  async find(id: number): Promise<KeptPicture | undefined> {
    const row = await this.#options.store.db
      .selectFrom('media')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst()
    return row && kept(row)
  }

  /** A stored picture's bytes. */
  async read(id: number): Promise<Buffer | undefined> {
    const { store, pictures } = this.#options
    const row = await store.db
      .selectFrom('media')
      .select('file')
      .where('id', '=', id)
      .where('state', '=', 'stored')
      .executeTakeFirst()
    return row?.file == null ? undefined : pictures.get(row.file)
  }

  /**
   * Uploads a picture to WeChat and keeps it, so that messages with its media id show it. Undefined when the Mini
   * Program is not configured. Throws MediaError when WeChat would not take it, and as Api does.
   */
  async add(
    appId: string,
    bytes: Uint8Array,
    made?: (tx: Tx, picture: KeptPicture) => Promise<void>,
  ): Promise<KeptPicture | undefined> {
    const { store, pictures, upload, now } = this.#options
    const picture = readPicture(bytes)
    if (picture === 'too_many_pixels')
      throw new MediaError(
        'unsupported',
        'The picture has more pixels than a browser should unpack. Make it smaller.',
      )
    if (picture === 'unsupported')
      throw new MediaError(
        'unsupported',
        'The file is no picture that kefu knows; WeChat takes PNG, JPG and GIF.',
      )
    const uploaded = await upload(appId, bytes)
    if (!uploaded) return undefined
    const file = await pictures.put(bytes)
    return store.db.transaction().execute(async (tx) => {
      const row = await tx
        .insertInto('media')
        .values({
          app_id: appId,
          media_id: uploaded.mediaId,
          state: 'stored',
          file,
          bytes: bytes.length,
          ...picture,
          attempts: 0,
          current_media_id: uploaded.mediaId,
          current_until: now() + LIFE_MS,
          created_at: now(),
        })
        .returningAll()
        .executeTakeFirstOrThrow()
      const added = kept(row)
      await made?.(tx, added)
      return added
    })
  }

  /**
   * The media id by which WeChat has a picture now. One that has expired, or that WeChat has just refused, is
   * uploaded anew where its bytes are kept. Throws as Api does.
   */
  async current(appId: string, mediaId: string, refused?: string): Promise<string> {
    const { store, pictures, now } = this.#options
    const row = await store.db
      .selectFrom('media')
      .selectAll()
      .where('app_id', '=', appId)
      .where('media_id', '=', mediaId)
      .executeTakeFirst()
    if (!row) return mediaId
    const { id, file } = row
    const current = row.current_media_id ?? mediaId
    const until = row.current_until ?? row.created_at + LIFE_MS
    if (current !== refused && now() < until) return current
    const bytes = file === null ? undefined : await pictures.get(file)
    const uploaded = bytes && (await this.#again(appId, bytes))
    if (!uploaded) return current
    await store.db
      .updateTable('media')
      .set({
        current_media_id: uploaded.mediaId,
        current_until: now() + LIFE_MS,
      })
      .where('id', '=', id)
      .execute()
    return uploaded.mediaId
  }

  async #again(appId: string, bytes: Uint8Array): Promise<{ mediaId: string } | undefined> {
    try {
      return await this.#options.upload(appId, bytes)
    } catch (error) {
      // A customer's picture that was too large to be sent back, or a WebP.
      if (error instanceof MediaError) return undefined
      throw error
    }
  }
}

function kept(row: {
  id: number
  app_id: string
  media_id: string
  state: MediaTable['state']
  problem: string | null
  mime: MediaTable['mime']
  width: number | null
  height: number | null
  bytes: number | null
}): KeptPicture {
  const { id, app_id: appId, media_id: mediaId, state, problem, mime, width, height, bytes } = row
  return { id, appId, mediaId, state, problem, mime, width, height, bytes }
}
