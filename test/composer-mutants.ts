import type { ComposerEvent, Effect } from '../web/desk/conversations/composer/machine/events.js'
import type { Step, step } from '../web/desk/conversations/composer/machine/machine.js'
import type {
  Box,
  ComposerState,
  Contact,
  Slot,
  Submit,
} from '../web/desk/conversations/composer/machine/state.js'

/** A composer that does one thing wrong, made of the right one. */
export type Mutant = (right: typeof step) => typeof step

/** Does something else before what happens, or in its place. */
function before(
  change: (state: ComposerState, event: ComposerEvent) => [ComposerState, ComposerEvent],
): Mutant {
  return (right) => (state, event) => right(...change(state, event))
}
/** Does something else after what happened. */
function after(change: (next: Step, event: ComposerEvent, was: ComposerState) => Step): Mutant {
  return (right) => (state, event) => change(right(state, event), event, state)
}

function withBox(state: ComposerState, contact: Contact, change: (box: Box) => Box): ComposerState {
  const box = state.boxes[contact]
  return box ? { ...state, boxes: { ...state.boxes, [contact]: change(box) } } : state
}
/** Every slot, changed. */
function withSlots(state: ComposerState, change: (slot: Slot) => Slot): ComposerState {
  const boxes = Object.entries(state.boxes).map(
    ([contact, box]) => [contact, { ...box, reply: change(box.reply), note: change(box.note) }] as const,
  )
  return { ...state, boxes: Object.fromEntries(boxes) }
}
function withSubmits(state: ComposerState, change: (submit: Submit) => Submit): ComposerState {
  return { ...state, submits: state.submits.map(change) }
}
const emptied = (slot: Slot): Slot => ({ ...slot, draft: { ...slot.draft, text: '', pictures: [] } })
const kindOf = (isMine: boolean): 'reply' | 'note' => (isMine ? 'reply' : 'note')

/** Each string of a value that is one of these, by another. */
function renamed<T>(value: T, names: ReadonlyMap<string, string>): T {
  return JSON.parse(JSON.stringify(value), (_key, one: unknown) =>
    typeof one === 'string' ? (names.get(one) ?? one) : one,
  ) as T
}

/** What it is to write one thing and have another arrive, by what went wrong. */
export const mutants: Readonly<Record<string, Mutant>> = {
  'a box with something in it follows who has the conversation': after((next, event) =>
    event.type === 'seen'
      ? {
          ...next,
          state: withBox(next.state, event.contact, (box) => ({ ...box, kind: kindOf(event.seen.isMine) })),
        }
      : next,
  ),

  'Enter goes by who has the conversation, not by what the box shows': after((next, event, was) => {
    if (event.type !== 'submitted') return next
    const kind = kindOf(was.seen[event.contact]?.isMine ?? false)
    const change = (submit: Submit): Submit =>
      was.submits.some(({ name }) => name === submit.name) ? submit : { ...submit, kind }
    return {
      state: withSubmits(next.state, change),
      effects: next.effects.map((effect) =>
        effect.type === 'post' ? { ...effect, submit: change(effect.submit) } : effect,
      ),
    }
  }),

  'what is sent is what stands there when its turn comes': after(({ state, effects }) => ({
    state,
    effects: effects.map((effect): Effect => {
      if (effect.type !== 'post' || effect.item.type !== 'text') return effect
      const later = state.boxes[effect.submit.contact]?.[effect.submit.kind].draft.text ?? ''
      return later === '' ? effect : { ...effect, item: { ...effect.item, text: effect.item.text + later } }
    }),
  })),

  'the box is emptied once more when what it held is there': after(({ state, effects }, event, was) => {
    const submit = event.type === 'answered' && was.submits.find(({ name }) => name === event.name)
    if (!submit) return { state, effects }
    const { contact, kind } = submit
    return { state: withBox(state, contact, (box) => ({ ...box, [kind]: emptied(box[kind]) })), effects }
  }),

  'it is sent to whoever is looked at': after(({ state, effects }) => ({
    state,
    effects: effects.map((effect): Effect => {
      const at = effect.type === 'post' && state.focused !== null && state.seen[state.focused]
      return at ? { ...effect, conversationId: at.conversationId } : effect
    }),
  })),

  'a number of before a restore is used after it': before((state, event) => [
    event.type === 'entered' && state.writer ? { ...state, writer: event.writer } : state,
    event,
  ]),

  'what is refused is gone': after(({ state, effects }, event) =>
    event.type === 'refused' && !event.isSignedOut
      ? {
          state: { ...state, submits: state.submits.filter(({ name }) => name !== event.name) },
          effects: [...effects, { type: 'forgetSubmit', name: event.name }],
        }
      : { state, effects },
  ),

  'what nobody answered counts as sent': before((state, event) => [
    state,
    event.type === 'cutOff' ? { type: 'answered', name: event.name, item: event.item } : event,
  ]),

  'what is tried again is another message': before((state, event) => [
    event.type === 'retried'
      ? withSubmits(state, (submit) =>
          submit.name === event.name
            ? { ...submit, items: submit.items.map((item) => ({ ...item, id: `${item.id}~` })) }
            : submit,
        )
      : state,
    event,
  ]),

  'what may have arrived can be put back and sent anew': before((state, event) => [
    event.type === 'putBack' ? withSubmits(state, (submit) => ({ ...submit, isUnsure: false })) : state,
    event,
  ]),

  'what is put back takes the place of what was written since': before((state, event) => {
    const submit = event.type === 'putBack' && state.submits.find(({ name }) => name === event.name)
    if (submit === false || submit?.state !== 'stopped' || submit.isUnsure) return [state, event]
    const { contact, kind } = submit
    return [withBox(state, contact, (box) => ({ ...box, [kind]: emptied(box[kind]) })), event]
  }),

  'of a long text that was sent in part all is put back': before((state, event) => [
    event.type === 'putBack'
      ? withSubmits(state, (submit) => ({
          ...submit,
          items: submit.items.map((item) => (item.type === 'text' ? { ...item, from: 0 } : item)),
        }))
      : state,
    event,
  ]),

  'a later message overtakes one that waits for its picture': after(({ state, effects }) => {
    const next = state.submits.find(
      ({ state: how, step: at, items: [item] }) => how === 'going' && at === 'idle' && item?.type === 'text',
    )
    const [item] = next?.items ?? []
    const conversationId = state.seen[next?.contact ?? '']?.conversationId
    if (!next || !item || conversationId === undefined || state.isEnded) return { state, effects }
    return {
      state: withSubmits(state, (one) => (one === next ? { ...one, step: 'posting' } : one)),
      effects: [...effects, { type: 'post', submit: next, item, conversationId }],
    }
  }),

  'a draft is let go before the submit that was made of it is kept': after(({ state, effects }) => ({
    state,
    effects: effects.flatMap((effect): Effect[] =>
      effect.type === 'keepSubmit' ? [...effect.then, { ...effect, then: [] }] : [effect],
    ),
  })),

  'what was typed while the text before it was being kept is taken for kept': before((state, event) => [
    event.type === 'kept' ? withSlots(state, (slot) => ({ ...slot, isDirty: false })) : state,
    event,
  ]),

  'of two tabs that wrote at once one is taken for kept': before((state, event) => [
    state,
    event.type === 'conflicted' ? { type: 'kept', id: event.id, stamp: event.stamp, isGone: false } : event,
  ]),

  'what another tab kept takes the place of what is being typed': before((state, event) => [
    event.type === 'told' ? withSlots(state, (slot) => ({ ...slot, isDirty: false, keeping: null })) : state,
    event,
  ]),

  'a stamp is given twice': after((next) => {
    const names = new Map<string, string>()
    const note = (effects: readonly Effect[]): void => {
      for (const effect of effects) {
        if (effect.type === 'keep') {
          const { draft, version } = effect.record
          names.set(effect.stamp, `${draft.id} ${version}`)
        } else if (effect.type === 'unkeep')
          names.set(effect.stamp, `${effect.word.id} ${effect.word.version}`)
        else if (effect.type === 'keepSubmit') note(effect.then)
      }
    }
    note(next.effects)
    return names.size === 0 ? next : renamed(next, names)
  }),

  'what another tab offers takes the place of what is written': before((state, event) => [
    event.type === 'tookSpare'
      ? withBox(state, event.contact, (box) => ({
          ...box,
          reply: emptied(box.reply),
          note: emptied(box.note),
        }))
      : state,
    event,
  ]),

  'who signs in finds the boxes of who was there before': after((next, event, was) =>
    event.type === 'entered' ? { ...next, state: { ...next.state, boxes: was.boxes } } : next,
  ),

  'who signs in sends what another one submitted': after((next, event, was) =>
    event.type === 'entered' ? { ...next, state: { ...next.state, submits: was.submits } } : next,
  ),

  'a session’s end empties what could not be kept': after((next, event) =>
    event.type === 'ended' && next.state.keeping === 'memory'
      ? { ...next, state: { ...next.state, boxes: {} } }
      : next,
  ),

  'a page that is loaded anew forgets what was on its way': before((state, event) => [
    state,
    event.type === 'loaded' ? { ...event, submits: [] } : event,
  ]),

  'what was not kept is forgotten': before((state, event) => [
    event.type === 'notKept' ? withSlots(state, emptied) : state,
    event,
  ]),
}
