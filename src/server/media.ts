import { remedyFor } from '../api/index.js'
import type { Sender } from '../bot/index.js'
import { tellOfMessages } from '../conversation/index.js'
import {
  PictureFetcher,
  PictureLibrary,
  pictureSender,
  pictureStore,
  type PictureStore,
} from '../media/index.js'
import type { Config } from './config.js'
import type { Foundation, Surroundings } from './foundation.js'

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
  { store, apps }: Pick<Foundation, 'store' | 'apps'>,
  around: Surroundings & { readonly onTold: () => void },
): MediaParts {
  const pictures = pictureStore(store, config.dataDir, around.now)
  const library = new PictureLibrary({
    ...around,
    store,
    pictures,
    upload: async (appId, bytes) => apps.apiOf(appId)?.uploadTempMedia(bytes),
  })
  const fetcher = new PictureFetcher({
    ...around,
    store,
    pictures,
    fetch: async (appId, mediaId) => apps.apiOf(appId)?.getTempMedia(mediaId),
    remedyFor,
    tell: (tx, messages) => tellOfMessages(tx, store.dialect, around.now(), messages),
  })
  return {
    fetcher,
    library,
    pictures,
    sending: (sender, appId) => sender && pictureSender(sender, appId, library, around.logger),
  }
}
