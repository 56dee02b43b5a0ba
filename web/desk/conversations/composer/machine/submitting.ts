import { splitText } from '../../../text/split-text.js'
import type { ComposerEvent, Effect } from './events.js'
import { canPutBack, lockOf } from './look.js'
import type { Contact, Draft, Item, Kind, Picture, Submit } from './state.js'
import { holdsAnything, joined, submitName, type Turn } from './turn.js'

type Of<Type extends ComposerEvent['type']> = Extract<ComposerEvent, { type: Type }>

/** Hands over what stands there: at this moment, of this kind, to this customer. */
export function submitted(turn: Turn, event: Of<'submitted'>): void {
  const { contact, kind, what } = event
  const box = turn.box(contact)
  // What is not what the writer sees was not meant.
  if (box.kind !== kind || turn.state.keeping === 'opening' || turn.state.isEnded) return
  if (lockOf(turn.state, contact, kind) !== null) {
    turn.do({ type: 'say', what: 'locked' })
    return
  }
  const { draft } = box[kind]
  const items = itemsOf(draft, kind, what)
  if (items.length === 0) return
  const { text, pictures, card, link } = draft
  const name = submitName(draft.id, JSON.stringify([kind, items.map(({ id }) => id)]))
  const submit = { name, kind, draftId: draft.id, text: what === 'box' ? text : '', items }
  // The forms stay for a box that is sent, and the box for a form.
  const then = what === 'box' ? turn.renew(contact, kind, { card, link }) : []
  add(turn, event, submit, then)
  if (what !== 'box') turn.write(contact, kind, { text, pictures, card, link, [what]: null })
  turn.setBox(contact, { becameMine: false })
  advance(turn, contact)
}

/** Sends a message once more that the service may have lost. */
export function sentAgain(turn: Turn, event: Of<'sentAgain'>): void {
  const id = turn.newName()
  const items: Item[] = [{ type: 'again', id, message: event.message }]
  add(turn, event, { name: id, kind: 'reply', draftId: id, text: '', items }, [])
  advance(turn, event.contact)
}

function add(
  turn: Turn,
  { contact, now, holdSeconds }: { contact: Contact; now: number; holdSeconds: number },
  submit: Pick<Submit, 'name' | 'kind' | 'draftId' | 'text' | 'items'>,
  then: readonly Effect[],
): void {
  const same = turn.submit(submit.name)
  // The same once more, as by a draft that was read anew.
  if (same) {
    turn.setSubmit(same.name, { replaces: [...same.replaces, ...then] })
    return
  }
  // Put back and handed over again at once, it has the name that was to be forgotten.
  const replaces = then.filter((effect) => effect.type !== 'forgetSubmit' || effect.name !== submit.name)
  const whole: Submit = {
    ...submit,
    replaces,
    contact,
    conversationId: turn.state.seen[contact]?.conversationId ?? 0,
    at: now,
    holdSeconds,
    tab: turn.state.tab,
    count: submit.items.length,
    state: 'going',
    step: 'idle',
    attempt: 0,
    problem: null,
    isUnsure: false,
    isBack: false,
  }
  turn.set({ submits: [...turn.state.submits, whole] })
  turn.keepSubmit(whole)
}

function itemsOf(draft: Draft, kind: Kind, what: 'box' | 'card' | 'link'): Item[] {
  if (what === 'card') {
    const { card } = draft
    return card?.cover ? [{ type: 'card', id: card.id, form: card, picture: card.cover, mediaId: null }] : []
  }
  if (what === 'link') return draft.link ? [{ type: 'link', id: draft.link.id, form: draft.link }] : []
  const pictures = (kind === 'note' ? [] : draft.pictures).map((picture): Item => ({
    type: 'picture',
    id: picture.id,
    picture,
    mediaId: null,
  }))
  const content = draft.text.trim()
  if (content === '') return pictures
  const name = submitName(draft.id, `${kind} ${content}`)
  const parts = kind === 'note' ? [content] : splitText(content)
  let at = 0
  const texts = parts.map((text, index): Item => {
    const from = draft.text.indexOf(text, at)
    at = from + text.length
    return { type: 'text', id: parts.length === 1 ? name : `${name}.${index}`, text, from }
  })
  return [...pictures, ...texts]
}

/** Goes on with what one customer is to get: one message at a time, in the order in which they were submitted. */
export function advance(turn: Turn, contact: Contact): void {
  if (turn.state.isEnded) return
  const next = turn.state.submits.find(
    (one) => one.contact === contact && one.tab === turn.state.tab && one.state !== 'stopped',
  )
  if (next?.state !== 'going' || next.step !== 'idle') return
  const [item] = next.items
  if (!item) return
  const { name } = next
  if ((item.type === 'picture' || item.type === 'card') && item.mediaId === null) {
    if (!item.picture.isReady) return
    turn.setSubmit(name, { step: 'uploading' }, false)
    turn.do({ type: 'upload', submit: next, item, picture: item.picture.id })
    return
  }
  const conversationId = turn.state.seen[contact]?.conversationId ?? next.conversationId
  if (conversationId === 0) {
    turn.setSubmit(name, { state: 'stopped', problem: { code: 'unseen', message: '', detail: {} } })
    advance(turn, contact)
    return
  }
  turn.setSubmit(name, { step: 'posting' }, false)
  turn.do({ type: 'post', submit: next, item, conversationId })
}

/** The submit that an answer is about; undefined when it is about nothing that is under way. */
function awaited(turn: Turn, { name, item }: { name: string; item: string }): Submit | undefined {
  const submit = turn.submit(name)
  return submit && submit.step !== 'idle' && submit.items[0]?.id === item ? submit : undefined
}

export function uploaded(turn: Turn, event: Of<'uploaded'>): void {
  const submit = awaited(turn, event)
  const [item, ...others] = submit?.items ?? []
  if (!submit || (item?.type !== 'picture' && item?.type !== 'card')) return
  turn.setSubmit(submit.name, {
    step: 'idle',
    attempt: 0,
    items: [{ ...item, mediaId: event.mediaId }, ...others],
  })
  if (turn.state.isEnded) stopForLater(turn, submit.name)
  advance(turn, submit.contact)
}

export function answered(turn: Turn, event: Of<'answered'>): void {
  const submit = awaited(turn, event)
  const [item, ...others] = submit?.items ?? []
  if (!submit || !item) return
  if (others.length === 0) turn.dropSubmit(submit.name)
  else turn.setSubmit(submit.name, { step: 'idle', attempt: 0, isUnsure: false, items: others })
  if (turn.state.isEnded && others.length > 0) stopForLater(turn, submit.name)
  advance(turn, submit.contact)
}

/** Refusals that come before it is looked whether the message is there already. */
const early: ReadonlySet<string> = new Set(['unauthorized', 'forbidden', 'too_large', '401', '403', '413'])

export function refused(turn: Turn, event: Of<'refused'>): void {
  const submit = awaited(turn, event)
  if (!submit) return
  const { isSignedOut, problem } = event
  const isEarly = isSignedOut || early.has(problem.code) || problem.detail.reason === 'other_database'
  const isUnsure = submit.isUnsure && isEarly
  const isBack = isSignedOut && !isUnsure
  turn.setSubmit(submit.name, { state: 'stopped', step: 'idle', problem, isUnsure, isBack })
  advance(turn, submit.contact)
}

/** How long a message is tried by itself, and how long it waits before it is tried again. */
const patienceMs = 120_000
const pauseMs = (attempt: number): number => Math.min(8000, 800 * 2 ** attempt)

export function cutOff(turn: Turn, event: Of<'cutOff'>): void {
  const submit = awaited(turn, event)
  if (!submit) return
  const { name, attempt } = submit
  const isUnsure = submit.isUnsure || (event.mayHave && submit.step === 'posting')
  if (turn.state.isEnded) {
    turn.setSubmit(name, { step: 'idle', isUnsure })
    stopForLater(turn, name)
  } else if (event.now - submit.at < patienceMs) {
    turn.setSubmit(name, { state: 'paused', step: 'idle', attempt: attempt + 1, isUnsure })
    turn.do({ type: 'pause', name, ms: pauseMs(attempt) })
  } else {
    turn.setSubmit(name, { state: 'stopped', step: 'idle', problem: event.problem, isUnsure })
    advance(turn, submit.contact)
  }
}

/** The time has come to try it again. */
export function due(turn: Turn, name: string): void {
  const submit = turn.submit(name)
  if (submit?.state !== 'paused') return
  turn.setSubmit(name, { state: 'going' }, false)
  advance(turn, submit.contact)
}

export function retried(turn: Turn, { name, now }: Of<'retried'>): void {
  const submit = turn.submit(name)
  if (submit?.state !== 'stopped' || turn.state.isEnded) return
  turn.setSubmit(name, {
    state: 'going',
    attempt: 0,
    at: now,
    problem: null,
    isBack: false,
    tab: turn.state.tab,
  })
  advance(turn, submit.contact)
}

export function discarded(turn: Turn, name: string): void {
  const submit = turn.submit(name)
  if (submit?.state !== 'stopped') return
  turn.dropSubmit(name)
}

/** What was submitted goes back to where it was written, before what has been written there since. */
export function putBack(turn: Turn, name: string): void {
  const submit = turn.submit(name)
  if (!submit || !canPutBack(turn.state, name)) return
  const { contact, kind, items, count, draftId } = submit
  const text = textOf(submit)
  const pictures = items.flatMap((item) => (item.type === 'picture' ? [item.picture] : []))
  const { draft, keptAs, keeping } = turn.box(contact)[kind]
  // Under its own name, so that it still is the same submit; once a part of it is with the service, it no longer is.
  if (!holdsAnything(draft) && keptAs === null && keeping === null && items.length === count)
    turn.setSlot(contact, kind, { draft: { ...draft, id: draftId } })
  turn.setBox(contact, { kind })
  turn.set({ submits: turn.state.submits.filter((one) => one.name !== name) })
  turn.write(contact, kind, { text: joined(text, draft.text), pictures: [...pictures, ...draft.pictures] }, [
    { type: 'forgetSubmit', name },
    ...submit.replaces,
  ])
}

/** What of a submit's text the service does not have; the blanks at its beginning belong to it. */
function textOf({ items, text }: Submit): string {
  for (const item of items) {
    if (item.type === 'text') return text.slice(text.slice(0, item.from).trim() === '' ? 0 : item.from)
    if (item.type === 'again' && item.message.msgType === 'text') return item.message.content
  }
  return ''
}

/** The writer is gone: what was not tried goes back into the box when they are here again. */
export function stopForLater(turn: Turn, name: string): void {
  const submit = turn.submit(name)
  if (!submit || submit.state === 'stopped' || submit.step !== 'idle') return
  turn.setSubmit(name, { state: 'stopped', isBack: !submit.isUnsure })
}

/** A picture of a submit is ready to be uploaded. */
export function pictureReady(turn: Turn, picture: Picture): boolean {
  let isFound = false
  for (const { name, contact, items } of turn.state.submits) {
    if (!items.some((item) => 'picture' in item && item.picture.id === picture.id)) continue
    isFound = true
    turn.setSubmit(name, {
      items: items.map((item) =>
        'picture' in item && item.picture.id === picture.id ? { ...item, picture } : item,
      ),
    })
    advance(turn, contact)
  }
  return isFound
}

/** A picture of a submit can't be read: the rest of what was submitted waits for its writer. */
export function pictureUnreadable(turn: Turn, id: string): void {
  for (const { name, contact, items } of turn.state.submits) {
    const others = items.filter((item) => !('picture' in item && item.picture.id === id))
    if (others.length === items.length) continue
    if (others.length === 0) turn.dropSubmit(name)
    else
      turn.setSubmit(name, {
        items: others,
        state: 'stopped',
        step: 'idle',
        problem: { code: 'unreadable', message: '', detail: {} },
      })
    advance(turn, contact)
  }
}
