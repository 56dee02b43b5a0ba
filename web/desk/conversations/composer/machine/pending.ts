import type { OutgoingMessage } from '../../../api/views.js'
import { canPutBack } from './look.js'
import type { ComposerState, Item, Kind, Problem } from './state.js'

/** A message that was submitted and that the service does not have yet, as the thread shows it. */
export interface Pending {
  clientId: string
  conversationId: number
  kind: Kind
  message: OutgoingMessage
  state: 'sending' | 'uploading' | 'failed'
  /** What the service has against it; null while nothing is known of that. */
  problem: Problem | null
  /** Whether the service may have it all the same. */
  isUnsure: boolean
  /** The submit that it belongs to. */
  name: string
  /** What can be done about its submit: said once, under the last of its messages. */
  actions: { canPutBack: boolean } | null
  /** The picture, for as long as only this page has it. */
  preview?: string
}

/** The message of an item in WeChat's words. */
export function messageOf(item: Item): OutgoingMessage {
  switch (item.type) {
    case 'text':
      return { msgType: 'text', content: item.text }
    case 'picture':
      return { msgType: 'image', mediaId: item.mediaId ?? '' }
    case 'card':
      return {
        msgType: 'miniprogrampage',
        title: item.form.title.trim(),
        pagePath: item.form.path.trim().replace(/^\//, ''),
        thumbMediaId: item.mediaId ?? '',
      }
    case 'link': {
      const { title, description, url, thumbUrl } = item.form
      return { msgType: 'link', title: title.trim(), description: description.trim(), url, thumbUrl }
    }
    case 'again':
      return item.message
  }
}

/** Everything that is on its way, by conversation, in the order in which it goes. */
export function pendingOf(state: ComposerState, urls: ReadonlyMap<string, string>): Map<number, Pending[]> {
  const found = new Map<number, Pending[]>()
  for (const submit of state.submits) {
    const { name, contact, kind, items, problem } = submit
    const conversationId = state.seen[contact]?.conversationId ?? submit.conversationId
    const list = found.get(conversationId) ?? []
    found.set(conversationId, list)
    for (const [index, item] of items.entries()) {
      const isStopped = submit.state === 'stopped'
      const preview = 'picture' in item ? urls.get(item.picture.id) : undefined
      list.push({
        clientId: item.id,
        conversationId,
        kind,
        message: messageOf(item),
        state: isStopped ? 'failed' : submit.step === 'uploading' && index === 0 ? 'uploading' : 'sending',
        problem,
        isUnsure: submit.isUnsure,
        name,
        actions: isStopped && index === items.length - 1 ? { canPutBack: canPutBack(state, name) } : null,
        ...(preview === undefined ? {} : { preview }),
      })
    }
  }
  return found
}
