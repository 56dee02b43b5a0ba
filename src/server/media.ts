import { remedyFor } from '../api/index.js'
import type { Sender } from '../bot/index.js'
import { notifyOfMessages } from '../conversation/index.js'
import {
  PictureFetcher,
  PictureLibrary,
  pictureSender,
  pictureStore,
  type PictureStore,
} from '../media/index.js'
import type { Config } from '../config/config.js'
import type { Core, Runtime } from './core.js'

/** Pictures: what fetches them, what keeps them, and what sends them. */
export interface MediaParts {
  readonly fetcher: PictureFetcher
  readonly library: PictureLibrary
  readonly pictures: PictureStore
  /** A sender whose pictures are those that WeChat has now. */
  readonly sending: (sender: Sender | undefined, appId: string) => Sender | undefined
}

export function mediaParts(
  config: Pick<Config, 'dataDir'>,
  { store, apps }: Pick<Core, 'store' | 'apps'>,
  { logger, now, onTold }: Pick<Runtime, 'logger' | 'now'> & { readonly onTold: () => void },
): MediaParts {
  const pictures = pictureStore(store, config.dataDir, now)
  const library = new PictureLibrary({
    now,
    store,
    pictures,
    upload: async (appId, bytes) => apps.apiOf(appId)?.uploadTempMedia(bytes),
  })
  const fetcher = new PictureFetcher({
    onTold,
    logger,
    now,
    store,
    pictures,
    fetch: async (appId, mediaId) => apps.apiOf(appId)?.getTempMedia(mediaId),
    remedyFor,
    tell: (tx, messages) => notifyOfMessages(tx, store.dialect, now(), messages),
  })
  return {
    fetcher,
    library,
    pictures,
    sending: (sender, appId) => sender && pictureSender(sender, appId, library, logger),
  }
}
