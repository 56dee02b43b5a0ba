import { DeskError, type Client } from '../../api/client.js'
import type { MessageView } from '../../api/views.js'
import type { ComposerEvent, Effect } from '../composer/machine/events.js'
import { messageOf } from '../composer/machine/pending.js'
import { appIdOf } from '../composer/machine/state.js'

type HandingEffect = Extract<Effect, { type: 'upload' | 'post' }>

export interface HandingOverOptions {
  client: Pick<Client, 'send' | 'note' | 'upload'>
  /** A picture's bytes. */
  blobOf: (id: string) => Blob | undefined
  /** Milliseconds since 1970. */
  now: () => number
  onSent: (message: MessageView) => void
  send: (event: ComposerEvent) => void
}

/** Hands an item of a submit to the service, and tells the machine what became of it. */
export function createHandingOver(options: HandingOverOptions): (effect: HandingEffect) => Promise<void> {
  const { client, blobOf, now, onSent, send } = options
  return async (effect) => {
    const { submit, item } = effect
    const { name } = submit
    try {
      if (effect.type === 'upload') {
        const blob = blobOf(effect.picture)
        if (!blob) throw new DeskError('pictureLost', '', 410)
        const { mediaId } = await client.upload(appIdOf(submit.contact), blob, item.id)
        send({ type: 'uploaded', name, item: item.id, mediaId })
        return
      }
      const { conversationId } = effect
      const sent =
        submit.kind === 'note'
          ? await client.note(conversationId, item.type === 'text' ? item.text : '', item.id)
          : await client.send(conversationId, item.id, messageOf(item), submit.holdSeconds)
      onSent(sent)
      send({ type: 'answered', name, item: item.id })
    } catch (error) {
      // Whatever it was, nobody has said what became of it.
      const { code, message, detail, status, isPassing } =
        error instanceof DeskError ? error : new DeskError('unreachable', '', 0)
      const problem = { code, message, detail }
      if (isPassing)
        send({ type: 'cutOff', name, item: item.id, problem, mayHave: status !== 429, now: now() })
      else send({ type: 'refused', name, item: item.id, problem, isSignedOut: status === 401 })
    }
  }
}
