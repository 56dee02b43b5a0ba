import { computed, type ComputedRef, type WritableComputedRef } from 'vue'
import type { ConversationView } from '../../api/views.js'
import { holds, lockOf, type Lock } from './machine/look.js'
import { contactOf, type Box, type Contact, type Kind, type Picture, type Slot } from './machine/state.js'
import { emptySlot } from './machine/turn.js'
import { useWriting } from '../writing/writing.js'
import { useSettings } from '../../settings/settings.js'

/** One customer's composer as the machine has it, for the components that show it. */
export interface ComposerBox {
  contact: ComputedRef<Contact>
  box: ComputedRef<Box>
  kind: ComputedRef<Kind>
  /** What is written of the kind that is shown. */
  slot: ComputedRef<Slot>
  text: WritableComputedRef<string>
  pictures: ComputedRef<readonly Picture[]>
  /** Why what is shown can't be sent. */
  lock: ComputedRef<Lock | null>
  mine: ComputedRef<boolean>
  /** Whether what was kept is still being read: nothing can be typed yet. */
  isOpening: ComputedRef<boolean>
  /** Whether something of that kind is written. */
  has: (kind: Kind) => boolean
  choose: (kind: Kind) => void
  submit: (what: 'box' | 'card' | 'link') => void
}

/** A box that nobody has written in. */
const nothing: Box = {
  kind: 'note',
  reply: emptySlot(''),
  note: emptySlot(''),
  spares: [],
  becameMine: false,
}

export function useComposerBox(conversation: () => ConversationView): ComposerBox {
  const writing = useWriting()
  const settings = useSettings()
  const { state } = writing
  const contact = computed(() => contactOf(conversation()))
  const box = computed(() => state.value.boxes[contact.value] ?? nothing)
  const kind = computed(() => box.value.kind)
  const slot = computed(() => box.value[kind.value])

  return {
    contact,
    box,
    kind,
    slot,
    text: computed({
      get: () => slot.value.draft.text,
      set(text) {
        if (text !== slot.value.draft.text)
          writing.send({ type: 'typed', contact: contact.value, kind: kind.value, text })
      },
    }),
    pictures: computed(() => slot.value.draft.pictures),
    lock: computed(() => lockOf(state.value, contact.value, kind.value)),
    mine: computed(() => state.value.seen[contact.value]?.isMine ?? false),
    isOpening: computed(() => state.value.keeping === 'opening'),
    has: (which) => holds(box.value, which),
    choose(which) {
      writing.send({ type: 'chose', contact: contact.value, kind: which })
    },
    submit(what) {
      writing.send({
        type: 'submitted',
        contact: contact.value,
        kind: what === 'box' ? kind.value : 'reply',
        what,
        now: Date.now(),
        holdSeconds: settings.holdSeconds,
      })
    },
  }
}
