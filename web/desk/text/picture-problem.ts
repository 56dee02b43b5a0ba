import type { MediaView } from '../api/views.js'
import type { MessageKey } from '../locales/i18n.js'

/** What is wrong with a file itself: fetching it again changes nothing. */
const unshowable: readonly (string | null)[] = ['too_large', 'too_many_pixels', 'unsupported']

/** Why a picture is not shown, and whether asking WeChat for it at once may help. */
export function pictureProblem(media: MediaView | null): { words: MessageKey; canRetry: boolean } {
  if (media === null) return { words: 'picture.fetching', canRetry: false }
  const { state, problem } = media
  if (state === 'expired') return { words: 'picture.expired', canRetry: false }
  if (unshowable.includes(problem)) return { words: 'picture.unshowable', canRetry: false }
  if (state === 'failed') return { words: 'picture.failed', canRetry: true }
  return problem === null
    ? { words: 'picture.fetching', canRetry: false }
    : { words: 'picture.later', canRetry: true }
}
