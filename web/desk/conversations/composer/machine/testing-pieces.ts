import type { ComposerState, Draft, Kind, Submit } from './state.js'
import { contacts, type Tab } from './testing-tab.js'
import type { World } from './testing-world.js'

/** What is known of one piece that somebody wrote. */
export interface Piece {
  agentId: number
  contact: string
  /** As what it was written; what its writer made a note of may be both, in two tabs. */
  kinds: Set<Kind>
  /** Whether its writer let it go, or it was lost with a page that could not keep it. */
  isOver: boolean
  /** Whether it stayed where it was when the text beside it was made a note. */
  isApart: boolean
}

/** Each place where something written lies, with whose, to whom and as what it is there. */
export interface Place {
  agentId: number
  contact: string
  kind: Kind
  text: string
}

export function piecesIn(text: string): string[] {
  return text.match(/<\d+>/g) ?? []
}

export function allOf({ text, pictures }: Draft): string {
  return text + pictures.map(({ id }) => id).join('')
}

export function contentOf({ items }: Submit): string {
  return items.map((item) => (item.type === 'text' ? item.text : item.id)).join('')
}

/** What a tab shows in the box of each customer; nothing of those where nothing is written. */
export function snapshot(tab: Tab): Map<string, string> {
  const found = new Map<string, string>()
  for (const contact of contacts) {
    const box = tab.state.boxes[contact]
    const text = box?.[box.kind].draft.text ?? ''
    if (box && text !== '') found.set(contact, `${box.kind} ${text}`)
  }
  return found
}

/** Whether the shown draft is kept as it is. */
export function isClean(tab: Tab, contact: string): boolean {
  const box = tab.state.boxes[contact]
  const slot = box?.[box.kind]
  return slot !== undefined && !slot.isDirty && slot.keeping === null
}

export function placesOf(world: World): Place[] {
  const places: Place[] = []
  const addSubmit = (agentId: number, submit: Submit): void => {
    places.push({ agentId, contact: submit.contact, kind: submit.kind, text: contentOf(submit) })
  }
  const addState = (agentId: number, { boxes, submits }: ComposerState): void => {
    for (const [contact, { reply, note, spares }] of Object.entries(boxes)) {
      places.push({ agentId, contact, kind: 'reply', text: allOf(reply.draft) })
      places.push({ agentId, contact, kind: 'note', text: allOf(note.draft) })
      for (const { kind, draft } of spares) places.push({ agentId, contact, kind, text: allOf(draft) })
    }
    for (const submit of submits) addSubmit(agentId, submit)
  }
  for (const tab of world.tabs) {
    if (tab.agentId !== null) addState(tab.agentId, tab.state)
    for (const [agentId, state] of tab.carried) addState(agentId, state)
  }
  for (const { agentId, drafts, submits } of world.stores.values()) {
    for (const { contact, kind, draft } of drafts.values())
      places.push({ agentId, contact, kind, text: allOf(draft) })
    for (const submit of submits.values()) addSubmit(agentId, submit)
  }
  return places
}

/** Every piece that lies anywhere, pages and what is kept. */
export function piecesLying(world: World): Set<string> {
  return new Set(placesOf(world).flatMap(({ text }) => piecesIn(text)))
}

/** Every piece that is kept for who is signed in there. */
export function piecesKeptFor(world: World, tab: Tab): string[] {
  const { drafts, submits } = world.store(tab)
  return [
    ...[...drafts.values()].map(({ draft }) => allOf(draft)),
    ...[...submits.values()].map(contentOf),
  ].flatMap(piecesIn)
}
