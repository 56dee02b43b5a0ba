import { holdsAnything } from './turn.js'
import type { Box, ComposerState, Contact, Kind, Submit } from './state.js'

/** Why a reply can't be sent now. */
export type Lock = 'bot' | 'waiting' | 'colleague' | 'closed' | 'window' | 'unseen'

/** What locks a kind of a customer's composer; null when nothing does. Notes are never locked. */
export function lockOf({ seen }: Pick<ComposerState, 'seen'>, contact: Contact, kind: Kind): Lock | null {
  const known = seen[contact]
  if (!known) return 'unseen'
  if (kind === 'note') return null
  if (known.isMine) return known.isOpen ? null : 'window'
  return known.status === 'assigned' ? 'colleague' : known.status
}

/** Whether a box holds anything of a kind. */
export function holds(box: Box | undefined, kind: Kind): boolean {
  return box !== undefined && holdsAnything(box[kind].draft)
}

/** Whether anything of a customer is written and not sent. */
export function hasUnsent(state: ComposerState, contact: Contact): boolean {
  const box = state.boxes[contact]
  return (
    holds(box, 'reply') ||
    holds(box, 'note') ||
    (box?.spares.length ?? 0) > 0 ||
    state.submits.some((one) => one.contact === contact && one.state === 'stopped')
  )
}

/** Whether something would be gone with this page; what it went on with is kept only once what was kept is read. */
export function hasUnkept({ keeping, boxes, submits }: ComposerState): boolean {
  if (keeping === 'kept') return false
  return (
    submits.length > 0 ||
    Object.values(boxes).some(
      (box) => holds(box, 'reply') || holds(box, 'note') || box.spares.some(({ stamp }) => stamp === null),
    )
  )
}

/** Whether a submit's content can go back into the box: nothing of it may be with the service. */
export function canPutBack({ submits }: Pick<ComposerState, 'submits'>, name: string): boolean {
  const submit = submits.find((one) => one.name === name)
  return submit !== undefined && submit.state === 'stopped' && !submit.isUnsure && isWritten(submit)
}

/** Whether a submit was written in the text box, not in a form. */
function isWritten({ items }: Submit): boolean {
  return items.every(
    (item) =>
      item.type === 'text' ||
      item.type === 'picture' ||
      (item.type === 'again' && item.message.msgType === 'text'),
  )
}
