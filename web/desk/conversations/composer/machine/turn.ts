import type { Effect, KeptDraft } from './events.js'
import type { Box, ComposerState, Contact, Draft, Kind, Slot, Submit } from './state.js'

/** One step of the machine while it is made: the state so far, and what is to be done. */
export class Turn {
  state: ComposerState
  readonly effects: Effect[] = []

  constructor(state: ComposerState) {
    this.state = state
  }

  /** A name that no tab gives twice. */
  newName(): string {
    const named = this.state.named + 1
    this.set({ named })
    return `${this.state.tab}-${named.toString(36)}`
  }

  set(change: Partial<ComposerState>): void {
    this.state = { ...this.state, ...change }
  }

  do(effect: Effect): void {
    this.effects.push(effect)
  }

  /** The customer's box; one that was never written in is made. */
  box(contact: Contact): Box {
    const known = this.state.boxes[contact]
    if (known) return known
    const seen = this.state.seen[contact]
    const box: Box = {
      kind: seen?.isMine === true ? 'reply' : 'note',
      reply: emptySlot(this.newName()),
      note: emptySlot(this.newName()),
      spares: [],
      becameMine: false,
    }
    this.setBox(contact, box)
    return box
  }

  setBox(contact: Contact, change: Partial<Box>): void {
    const before = this.state.boxes[contact]
    const box = before ? { ...before, ...change } : (change as Box)
    this.set({ boxes: { ...this.state.boxes, [contact]: box } })
  }

  setSlot(contact: Contact, kind: Kind, change: Partial<Slot>): void {
    const slot = { ...this.box(contact)[kind], ...change }
    this.setBox(contact, kind === 'reply' ? { reply: slot } : { note: slot })
  }

  /** Changes what is written; it is kept as soon as what is being kept is, and then the rest is done. */
  write(contact: Contact, kind: Kind, change: Partial<Draft>, after: readonly Effect[] = []): void {
    const { draft, version, after: waiting } = this.box(contact)[kind]
    this.setSlot(contact, kind, {
      draft: { ...draft, ...change },
      version: version + 1,
      isDirty: true,
      after: [...waiting, ...after],
    })
    this.keep(contact, kind)
  }

  /** Keeps what is not kept yet, unless that is under way. */
  keep(contact: Contact, kind: Kind): void {
    const { draft, version, isDirty, keeping, keptAs, after } = this.box(contact)[kind]
    if (!isDirty || keeping !== null || this.state.keeping === 'opening') return
    if (!holdsAnything(draft) && keptAs === null) {
      this.setSlot(contact, kind, { isDirty: false, after: [] })
      for (const effect of after) this.do(effect)
      return
    }
    const effect = holdsAnything(draft)
      ? this.kept({ contact, kind, draft, version, isOlder: false }, keptAs)
      : this.unkept(contact, kind, draft.id, version, keptAs ?? '')
    this.setSlot(contact, kind, { isDirty: false, keeping: effect.stamp, after: [], afterKeeping: after })
    this.do(effect)
  }

  /** Puts an empty draft in the place of one that lives on elsewhere; gives what is to be done once it is kept there. */
  renew(contact: Contact, kind: Kind, rest: Partial<Draft> = {}): Effect[] {
    const { draft, version, keeping, keptAs, after, afterKeeping } = this.box(contact)[kind]
    // What is being kept may turn out not to be.
    const over = [keptAs, keeping].filter((stamp) => stamp !== null)
    this.setSlot(contact, kind, emptySlot(this.newName()))
    if (holdsAnything({ ...this.box(contact)[kind].draft, ...rest })) this.write(contact, kind, rest)
    const gone = over.map((stamp) => this.unkept(contact, kind, draft.id, version + 1, stamp))
    return [...afterKeeping, ...after, ...gone]
  }

  /** That a draft is kept. No stamp is given twice: a draft that is put back has its old name, and may have its old version. */
  kept(record: KeptDraft, over: string | null): Extract<Effect, { type: 'keep' }> {
    return { type: 'keep', record, over, stamp: this.newName() }
  }

  /** That a draft is kept no more. */
  unkept(
    contact: Contact,
    kind: Kind,
    id: string,
    version: number,
    over: string,
  ): Extract<Effect, { type: 'unkeep' }> {
    const stamp = this.newName()
    return { type: 'unkeep', word: { contact, kind, id, version, stamp, draft: null }, over, stamp }
  }

  submit(name: string): Submit | undefined {
    return this.state.submits.find((one) => one.name === name)
  }

  /** Keeps a submit; what it replaces goes when it is. */
  keepSubmit(submit: Submit): void {
    this.do({ type: 'keepSubmit', submit, then: submit.replaces })
  }

  /** Changes a submit and keeps it so. */
  setSubmit(name: string, change: Partial<Submit>, isKept = true): void {
    this.set({
      submits: this.state.submits.map((one) => (one.name === name ? { ...one, ...change } : one)),
    })
    const submit = this.submit(name)
    if (submit && isKept) this.keepSubmit(submit)
  }

  /** The service has it, or the writer wants it no more. What it replaces is there yet where a full browser kept no submit. */
  dropSubmit(name: string): void {
    const submit = this.submit(name)
    this.set({ submits: this.state.submits.filter((one) => one.name !== name) })
    this.do({ type: 'forgetSubmit', name })
    for (const effect of submit?.replaces ?? []) this.do(effect)
  }
}

export function emptySlot(id: string): Slot {
  return {
    draft: { id, text: '', pictures: [], card: null, link: null },
    version: 0,
    keptAs: null,
    keeping: null,
    isDirty: false,
    after: [],
    afterKeeping: [],
  }
}

/** Whether there is anything in a draft, were it a blank. */
export function holdsAnything({ text, pictures, card, link }: Draft): boolean {
  return text !== '' || pictures.length > 0 || card !== null || link !== null
}

/** Both texts, the earlier one first, each a line of its own. */
export function joined(first: string, second: string): string {
  if (first === '' || second === '') return first + second
  return `${first}\n${second}`
}

/** Another spelling of the same: a hash that names one content. */
export function submitName(draftId: string, content: string): string {
  let [high, low] = [0xdeadbeef, 0x41c6ce57]
  for (let i = 0; i < content.length; i++) {
    const code = content.charCodeAt(i)
    high = Math.imul(high ^ code, 2654435761)
    low = Math.imul(low ^ code, 1597334677)
  }
  return `${draftId}-${(high >>> 0).toString(36)}${(low >>> 0).toString(36)}`
}
