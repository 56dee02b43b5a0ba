import type { ComposerEvent } from './events.js'
import type { Box, Contact, Draft, Kind, Picture, Slot } from './state.js'
import { pictureReady, pictureUnreadable } from './submitting.js'
import { holdsAnything, joined, type Turn } from './turn.js'

type Of<Type extends ComposerEvent['type']> = Extract<ComposerEvent, { type: Type }>

export const kinds = ['reply', 'note'] as const

/** A box follows who has the conversation only while it is empty and nobody's caret is in it. */
export function settleKind(turn: Turn, contact: Contact): void {
  const box = turn.state.boxes[contact]
  const seen = turn.state.seen[contact]
  if (!box || !seen || turn.state.focused === contact) return
  if (holdsAnything(box.reply.draft) || holdsAnything(box.note.draft)) return
  turn.setBox(contact, { kind: seen.isMine ? 'reply' : 'note', becameMine: false })
}

export function saw(turn: Turn, { contact, seen }: Of<'seen'>): void {
  const wasMine = turn.state.seen[contact]?.isMine ?? seen.isMine
  turn.set({ seen: { ...turn.state.seen, [contact]: seen } })
  const box = turn.state.boxes[contact]
  if (!box) return
  if (seen.isMine !== wasMine) turn.setBox(contact, { becameMine: seen.isMine && box.kind === 'note' })
  settleKind(turn, contact)
}

export function chose(turn: Turn, { contact, kind }: Of<'chose'>): void {
  turn.box(contact)
  turn.setBox(contact, { kind, becameMine: false })
}

export function pasted(turn: Turn, { contact, kind, pictures, hasOther }: Of<'pasted'>): void {
  if (pictures.length === 0) {
    if (hasOther) turn.do({ type: 'say', what: 'pasteRefused' })
    return
  }
  if (kind === 'note') {
    turn.do({ type: 'say', what: 'notePicture' })
    return
  }
  const { draft } = turn.box(contact).reply
  const added = pictures.map((id): Picture => ({ id, bytes: 0, isMade: false, isReady: false }))
  turn.write(contact, kind, { pictures: [...draft.pictures, ...added] })
  for (const picture of pictures) turn.do({ type: 'prepare', picture })
  if (hasOther) turn.do({ type: 'say', what: 'pasteRefused' })
}

/** A picture has its final bytes: wherever it is by now, it is kept, or on its way. */
export function prepared(turn: Turn, { picture: id, bytes, isMade }: Of<'prepared'>): void {
  const picture: Picture = { id, bytes, isMade, isReady: true }
  if (pictureReady(turn, picture)) return
  for (const [contact, { reply }] of Object.entries(turn.state.boxes)) {
    const { pictures, card } = reply.draft
    if (card?.cover?.id === id) turn.write(contact, 'reply', { card: { ...card, cover: picture } })
    if (pictures.some((one) => one.id === id))
      turn.write(contact, 'reply', { pictures: pictures.map((one) => (one.id === id ? picture : one)) })
    changeSpares(turn, contact, (list) => list.map((one) => (one.id === id ? picture : one)))
  }
}

function changeSpares(
  turn: Turn,
  contact: Contact,
  change: (pictures: readonly Picture[]) => readonly Picture[],
): void {
  const { spares } = turn.box(contact)
  if (spares.some(({ draft }) => draft.pictures.length > 0))
    turn.setBox(contact, {
      spares: spares.map((spare) => ({
        ...spare,
        draft: { ...spare.draft, pictures: change(spare.draft.pictures) },
      })),
    })
}

export function unreadable(turn: Turn, { picture: id }: Of<'unreadable'>): void {
  turn.do({ type: 'say', what: 'unreadable' })
  pictureUnreadable(turn, id)
  for (const contact of Object.keys(turn.state.boxes)) {
    takeOut(turn, contact, id)
    changeSpares(turn, contact, (list) => list.filter((one) => one.id !== id))
  }
}

export function removedPicture(turn: Turn, { contact, picture }: Of<'removedPicture'>): void {
  takeOut(turn, contact, picture)
}

function takeOut(turn: Turn, contact: Contact, id: string): void {
  const { pictures, card } = turn.box(contact).reply.draft
  if (card?.cover?.id === id) turn.write(contact, 'reply', { card: { ...card, cover: null } })
  if (pictures.some((one) => one.id === id))
    turn.write(contact, 'reply', { pictures: pictures.filter((one) => one.id !== id) })
}

/** The writer makes their reply a note; what can't stand in a note stays where it is. */
export function madeNote(turn: Turn, contact: Contact): void {
  const { reply, note } = turn.box(contact)
  const { text, pictures, card, link } = reply.draft
  if (text === '') return
  turn.setBox(contact, { kind: 'note', becameMine: false })
  // Named after the reply: made of it once more, as after a crash, it is the same note, which the service takes once.
  if (!holdsAnything(note.draft) && note.keptAs === null && note.keeping === null)
    turn.setSlot(contact, 'note', { draft: { ...note.draft, id: `${reply.draft.id}:n` } })
  // The reply is let go when the note is kept, so that at no moment it is nowhere.
  const then = turn.renew(contact, 'reply', { pictures, card, link })
  turn.write(contact, 'note', { text: joined(note.draft.text, text) }, then)
  if (pictures.length > 0) turn.do({ type: 'say', what: 'pictureStays' })
}

/** Adds to the reply what the writer wants to change and send anew. */
export function addedText(turn: Turn, { contact, text }: Of<'addedText'>): void {
  const { draft } = turn.box(contact).reply
  turn.write(contact, 'reply', { text: draft.text.trim() === '' ? text : joined(draft.text, text) })
  turn.setBox(contact, { kind: 'reply' })
}

export function tookSpare(turn: Turn, { contact, id }: Of<'tookSpare'>): void {
  const box = turn.box(contact)
  const spare = box.spares.find(({ draft }) => draft.id === id)
  if (!spare) return
  const { kind, draft, version, stamp } = spare
  const slot = box[kind]
  turn.setBox(contact, { kind, spares: box.spares.filter((one) => one !== spare) })
  const isFree = !holdsAnything(slot.draft) && slot.keptAs === null && slot.keeping === null
  if (isFree && spare.origin === 'tab') {
    turn.setSlot(contact, kind, { draft, version, keptAs: stamp, isDirty: false })
    return
  }
  const merged: Partial<Draft> = {
    text: joined(slot.draft.text, draft.text),
    pictures: [...slot.draft.pictures, ...draft.pictures],
    card: slot.draft.card ?? draft.card,
    link: slot.draft.link ?? draft.link,
  }
  const gone = stamp === null ? [] : [turn.unkept(contact, kind, id, version + 1, stamp)]
  turn.write(contact, kind, merged, gone)
}

export function droppedSpare(turn: Turn, { contact, id }: Of<'droppedSpare'>): void {
  const { spares } = turn.box(contact)
  const spare = spares.find(({ draft }) => draft.id === id)
  if (!spare) return
  turn.setBox(contact, { spares: spares.filter((one) => one !== spare) })
  if (spare.stamp !== null) turn.do(turn.unkept(contact, spare.kind, id, spare.version + 1, spare.stamp))
}

/** Where a draft lies; undefined when it lies nowhere any more. */
export function placeOf(turn: Turn, id: string): { contact: Contact; kind: Kind; slot: Slot } | undefined {
  for (const [contact, box] of Object.entries(turn.state.boxes))
    for (const kind of kinds) if (box[kind].draft.id === id) return { contact, kind, slot: box[kind] }
  return undefined
}

/** Whether nothing of either kind is written there. */
export function isEmpty(box: Box): boolean {
  return !holdsAnything(box.reply.draft) && !holdsAnything(box.note.draft)
}
