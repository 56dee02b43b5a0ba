import type { ComposerEvent } from './events.js'
import type { Slot, Spare, Submit } from './state.js'
import { advance, putBack } from './submitting.js'
import { emptySlot, holdsAnything, type Turn } from './turn.js'
import { isEmpty, kinds, placeOf } from './box-events.js'

type Of<Type extends ComposerEvent['type']> = Extract<ComposerEvent, { type: Type }>

/** Somebody has signed in, or a page of theirs was loaded. What the page holds of them already goes on. */
export function entered(turn: Turn, { writer, canKeep }: Of<'entered'>): void {
  const isOther = turn.state.writer !== null && turn.state.writer.agentId !== writer.agentId
  if (isOther) turn.set({ boxes: {}, submits: [], seen: {} })
  // Numbers of another database's conversations say nothing.
  const isMoved = turn.state.writer !== null && turn.state.writer.databaseId !== writer.databaseId
  turn.set({
    writer,
    keeping: canKeep ? 'opening' : 'memory',
    isEnded: false,
    seen: {},
    focused: null,
    submits: turn.state.submits.map((one) => ({
      ...one,
      step: 'idle',
      state: 'stopped',
      isUnsure: one.isUnsure || one.step === 'posting',
      ...(isMoved ? { conversationId: 0 } : {}),
    })),
  })
  for (const [contact, box] of Object.entries(turn.state.boxes))
    for (const kind of kinds) {
      // What is kept of it is known yet, unless it is in another database's place.
      const { draft, keptAs } = box[kind]
      const known = isMoved
        ? { keptAs: null, after: [], afterKeeping: [], isDirty: holdsAnything(draft) }
        : { ...waitingOf(box[kind]), isDirty: holdsAnything(draft) || keptAs !== null }
      turn.setSlot(contact, kind, { ...known, keeping: null })
    }
  if (!canKeep) returnToBoxes(turn)
}

/** What was kept is here: it takes its place, and what was under way goes on. */
export function loaded(turn: Turn, { drafts, submits, liveTabs, now }: Of<'loaded'>): void {
  if (turn.state.keeping !== 'opening') return
  turn.set({ keeping: 'kept' })
  const leaving = leavingIn(turn, submits)
  for (const { contact, kind, draft, version, stamp, isOlder } of drafts) {
    const box = turn.box(contact)
    const before = box[kind]
    // What this page wrote on since, or what was submitted since, is no other text.
    if (leaving.has(stamp) || (before.draft.id === draft.id && before.keptAs === stamp)) continue
    const spares: Spare[] = box.spares.filter((one) => one.draft.id !== draft.id)
    if (isOlder) {
      turn.setBox(contact, { spares: [...spares, { kind, draft, version, stamp, origin: 'older' }] })
      continue
    }
    // The newest comes last, and has the box; unless something was written there meanwhile.
    if (before.isDirty) {
      turn.setBox(contact, { spares: [...spares, { kind, draft, version, stamp, origin: 'tab' }] })
      continue
    }
    if (holdsAnything(before.draft))
      spares.push({ kind, draft: before.draft, version: before.version, stamp: before.keptAs, origin: 'tab' })
    turn.setBox(contact, { kind, spares })
    turn.setSlot(contact, kind, { ...emptySlot(draft.id), draft, version, keptAs: stamp })
  }
  for (const submit of submits) {
    if (
      turn.submit(submit.name) ||
      leaving.has(submit.name) ||
      (submit.tab !== turn.state.tab && liveTabs.includes(submit.tab))
    )
      continue
    adopt(turn, submit, now)
  }
  returnToBoxes(turn)
  keepEverything(turn)
  for (const picture of unready(turn)) turn.do({ type: 'prepare', picture })
  for (const { contact } of turn.state.submits) advance(turn, contact)
}

/** Names and stamps of what is kept yet, and goes as soon as what took its place is. */
function leavingIn({ state }: Turn, submits: readonly Submit[]): Set<string> {
  const ofBoxes = Object.values(state.boxes).flatMap(({ reply, note }) =>
    [reply, note].flatMap(({ after, afterKeeping }) => [...after, ...afterKeeping]),
  )
  const ofSubmits = [...state.submits, ...submits].flatMap(({ replaces }) => replaces)
  return new Set(
    [...ofBoxes, ...ofSubmits].flatMap((effect) =>
      effect.type === 'forgetSubmit' ? [effect.name] : effect.type === 'unkeep' ? [effect.over] : [],
    ),
  )
}

/** Pictures that a page before this one did not get ready. */
function unready({ state }: Turn): string[] {
  const drafts = Object.values(state.boxes).flatMap(({ reply, spares }) => [
    ...[reply.draft, ...spares.map(({ draft }) => draft)].flatMap(({ pictures, card }) => [
      ...pictures,
      ...(card?.cover ? [card.cover] : []),
    ]),
  ])
  const items = state.submits.flatMap((one) =>
    one.items.flatMap((item) => ('picture' in item ? [item.picture] : [])),
  )
  return [...new Set([...drafts, ...items].filter(({ isReady }) => !isReady).map(({ id }) => id))]
}

/** How long after its submit a message goes on by itself, on a page that was loaded anew. */
const freshMs = 120_000

/** A submit of a page that is gone. It may have been tried there. */
function adopt(turn: Turn, submit: Submit, now: number): void {
  const isFresh = submit.state !== 'stopped' && now - submit.at < freshMs
  const mine: Submit = {
    ...submit,
    tab: turn.state.tab,
    step: 'idle',
    attempt: 0,
    state: isFresh ? 'going' : 'stopped',
    isUnsure: submit.isUnsure || submit.state !== 'stopped',
  }
  turn.set({ submits: [...turn.state.submits, mine] })
}

/** What the end of a session has stopped is in the box again, where nothing else is. */
function returnToBoxes(turn: Turn): void {
  for (const { name, contact, isBack } of turn.state.submits) {
    if (!isBack) continue
    if (isEmpty(turn.box(contact))) putBack(turn, name)
    if (turn.submit(name)) turn.setSubmit(name, { isBack: false }, false)
  }
}

export function foundOlder(turn: Turn, event: Of<'foundOlder'>): void {
  const { contact, conversationId, texts, messages } = event
  for (const { kind, text } of texts) {
    const draft = { ...emptySlot(turn.newName()).draft, text }
    const effect = turn.kept({ contact, kind, draft, version: 1, isOlder: true }, null)
    turn.setBox(contact, {
      spares: [
        ...turn.box(contact).spares,
        { kind, draft, version: 1, stamp: effect.stamp, origin: 'older' },
      ],
    })
    turn.do(effect)
  }
  for (const { clientId, message, at } of messages) {
    if (turn.submit(clientId)) continue
    const submit: Submit = {
      name: clientId,
      contact,
      conversationId,
      kind: 'reply',
      at,
      holdSeconds: 0,
      tab: turn.state.tab,
      draftId: clientId,
      replaces: [],
      text: '',
      count: 1,
      items: [{ type: 'again', id: clientId, message }],
      state: 'stopped',
      step: 'idle',
      attempt: 0,
      problem: { code: 'older', message: '', detail: {} },
      isUnsure: true,
      isBack: false,
    }
    turn.set({ submits: [...turn.state.submits, submit] })
    turn.keepSubmit(submit)
  }
}

export function cannotKeep(turn: Turn): void {
  turn.set({ keeping: 'memory' })
}

export function kept(turn: Turn, { id, stamp, isGone }: Of<'kept'>): void {
  const place = placeOf(turn, id)
  if (place?.slot.keeping !== stamp) return
  for (const effect of place.slot.afterKeeping) turn.do(effect)
  turn.setSlot(place.contact, place.kind, {
    keeping: null,
    keptAs: isGone ? null : stamp,
    afterKeeping: [],
  })
  turn.keep(place.contact, place.kind)
  if (turn.state.keeping === 'memory') keepEverything(turn)
}

/** There is room again: what could not be kept before is. */
function keepEverything(turn: Turn): void {
  turn.set({ keeping: 'kept' })
  for (const submit of turn.state.submits) turn.keepSubmit(submit)
  for (const contact of Object.keys(turn.state.boxes)) for (const kind of kinds) turn.keep(contact, kind)
}

/** What still waits when a draft was not kept. */
function waitingOf({ after, afterKeeping }: Slot): Pick<Slot, 'after' | 'afterKeeping'> {
  return { after: [...afterKeeping, ...after], afterKeeping: [] }
}

/** Two tabs wrote in the same draft: each keeps its own, under a name of its own. */
export function conflicted(turn: Turn, { id, stamp }: Of<'conflicted'>): void {
  const place = placeOf(turn, id)
  if (place?.slot.keeping !== stamp) return
  const { contact, kind, slot } = place
  turn.setSlot(contact, kind, {
    draft: { ...slot.draft, id: turn.newName() },
    keeping: null,
    keptAs: null,
    isDirty: true,
    ...waitingOf(slot),
  })
  turn.keep(contact, kind)
}

/** It stays in the page; the next change is tried to be kept again. */
export function notKept(turn: Turn, { id, stamp }: Of<'notKept'>): void {
  const place = placeOf(turn, id)
  if (place?.slot.keeping !== stamp) return
  turn.set({ keeping: 'memory' })
  turn.setSlot(place.contact, place.kind, { keeping: null, isDirty: true, ...waitingOf(place.slot) })
}

/** Another tab of the same writer kept a draft, or let one go. */
export function told(turn: Turn, { word }: Of<'told'>): void {
  if (turn.state.keeping === 'opening' || turn.state.isEnded) return
  const { contact, kind, id, version, stamp, draft } = word
  const box = turn.box(contact)
  const slot = box[kind]
  if (box.spares.some((one) => one.draft.id === id))
    turn.setBox(contact, { spares: box.spares.filter((one) => one.draft.id !== id) })
  // What was written here and is not kept yet is its own; the store says which of the two came first.
  if (slot.isDirty || slot.keeping !== null) return
  const isSame = slot.draft.id === id && version > slot.version
  const isFree = !holdsAnything(slot.draft) && slot.keptAs === null
  if (draft === null) {
    if (isSame) turn.setSlot(contact, kind, emptySlot(turn.newName()))
  } else if (isSame || isFree) {
    if (isEmpty(box) && turn.state.focused !== contact) turn.setBox(contact, { kind })
    turn.setSlot(contact, kind, { ...emptySlot(id), draft, version, keptAs: stamp })
  }
}
