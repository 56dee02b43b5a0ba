import { splitText } from '../../../text/split-text.js'
import { lockOf } from './look.js'
import type { Kind } from './state.js'
import type { Model } from './testing-model.js'
import { allOf, contentOf, isClean, piecesIn, snapshot } from './testing-pieces.js'
import { contacts, type Tab } from './testing-tab.js'

/** Something that somebody does, or that happens, at a tab, mostly about one customer. */
type Act = (model: Model, tab: Tab, contact: string) => void

const agents = [1, 2] as const
const outcomes = ['ok', 'ok', 'cutBefore', 'cutAfter', 'refused', 'signedOut'] as const

/** So much that two of them are more than one message holds. */
const long = `${'一'.repeat(350)}。\n`

/** Changes what stands there by what is written new. */
function type(
  { world, write, boxOf }: Model,
  tab: Tab,
  contact: string,
  change: (text: string, piece: () => string) => string,
): void {
  const box = boxOf(tab, contact)
  if (!box) return
  const { kind } = box
  const text = change(box[kind].draft.text, () => write(tab, contact, kind))
  world.send(tab, { type: 'typed', contact, kind, text })
}

/** What a writer does with the box. */
const writing: Readonly<Record<string, Act>> = {
  type(model, tab, contact) {
    type(model, tab, contact, (text, piece) => text + piece())
  },
  typeFirst(model, tab, contact) {
    type(model, tab, contact, (text, piece) => piece() + text)
  },
  typeLong(model, tab, contact) {
    type(model, tab, contact, (text, piece) => text + piece() + long + piece() + long)
  },
  submit({ world, boxOf, mean }, tab, contact) {
    const box = boxOf(tab, contact)
    if (!box) return
    const { kind } = box
    const { draft } = box[kind]
    if (lockOf(tab.state, contact, kind) === null) {
      const content = draft.text.trim()
      const parts = kind === 'reply' && content !== '' ? splitText(content) : [content]
      for (const part of parts) if (part !== '') mean(tab, contact, kind, part, allOf(draft))
      if (kind === 'reply') for (const { id } of draft.pictures) mean(tab, contact, kind, `picture ${id}`, id)
    }
    world.send(tab, { type: 'submitted', contact, kind, what: 'box', now: world.now, holdSeconds: 0 })
  },
  clear({ world, boxOf, over }, tab, contact) {
    const box = boxOf(tab, contact)
    if (!box) return
    over(box[box.kind].draft.text)
    world.send(tab, { type: 'typed', contact, kind: box.kind, text: '' })
  },
  choose({ world, boxOf, next }, tab, contact) {
    const kind: Kind = next(2) === 0 ? 'reply' : 'note'
    if (boxOf(tab, contact)) world.send(tab, { type: 'chose', contact, kind })
  },
  note({ world, boxOf, pieces }, tab, contact) {
    const box = boxOf(tab, contact)
    if (box?.kind !== 'reply') return
    for (const name of piecesIn(box.reply.draft.text)) pieces.get(name)?.kinds.add('note')
    for (const { id } of box.reply.draft.pictures) {
      const picture = pieces.get(id)
      if (picture) picture.isApart = true
    }
    world.send(tab, { type: 'madeNote', contact })
  },
  paste({ world, boxOf, write, over }, tab, contact) {
    const box = boxOf(tab, contact)
    if (!box) return
    const id = write(tab, contact, 'reply')
    if (box.kind === 'note') over(id)
    world.send(tab, { type: 'pasted', contact, kind: box.kind, pictures: [id], hasOther: false })
  },
  remove({ world, boxOf, over }, tab, contact) {
    const picture = boxOf(tab, contact)?.reply.draft.pictures[0]
    if (!picture) return
    over(picture.id)
    world.send(tab, { type: 'removedPicture', contact, picture: picture.id })
  },
  takeSpare({ world, boxOf }, tab, contact) {
    const spare = boxOf(tab, contact)?.spares[0]
    if (spare) world.send(tab, { type: 'tookSpare', contact, id: spare.draft.id })
  },
  dropSpare({ world, boxOf, over }, tab, contact) {
    const spare = boxOf(tab, contact)?.spares[0]
    if (!spare) return
    over(allOf(spare.draft))
    world.send(tab, { type: 'droppedSpare', contact, id: spare.draft.id })
  },
  retry({ world, stopped }, tab) {
    const submit = stopped(tab)
    if (submit) world.send(tab, { type: 'retried', name: submit.name, now: world.now })
  },
  discard({ world, stopped, over }, tab) {
    const submit = stopped(tab)
    if (!submit) return
    over(contentOf(submit))
    world.send(tab, { type: 'discarded', name: submit.name })
  },
  back({ world, stopped, mustNotHaveArrived }, tab) {
    const submit = stopped(tab)
    if (!submit) return
    const before = tab.state.boxes[submit.contact]?.[submit.kind].draft
    world.send(tab, { type: 'putBack', name: submit.name })
    const after = tab.state.boxes[submit.contact]?.[submit.kind].draft
    if (before && after) mustNotHaveArrived(tab, allOf(before), allOf(after))
  },
}

/** What a page is told, and what becomes of what it began. */
const happening: Readonly<Record<string, Act>> = {
  focus({ world, next }, tab, contact) {
    if (tab.agentId !== null) world.send(tab, { type: next(2) === 0 ? 'focused' : 'blurred', contact })
  },
  prepare({ world, next, over }, tab) {
    const picture = tab.preparing.shift()
    if (picture === undefined || tab.agentId === null) return
    if (next(4) > 0) {
      world.send(tab, { type: 'prepared', picture, bytes: 1, isMade: false })
      return
    }
    over(picture)
    world.send(tab, { type: 'unreadable', picture })
  },
  store({ world }, tab) {
    world.storeOne(tab)
  },
  storeMore({ world }, tab) {
    world.keepAll(tab)
  },
  hear({ world, same }, tab) {
    const before = snapshot(tab)
    const unclean = contacts.filter((contact) => !isClean(tab, contact))
    world.hear(tab)
    for (const contact of unclean) same(tab, contact, before, 'told')
  },
  settle({ world, next }, tab) {
    world.settle(tab, outcomes[next(outcomes.length)] ?? 'ok')
  },
  settleWell({ world }, tab) {
    world.settle(tab, 'ok')
  },
  resume({ world }, tab) {
    world.resume(tab)
  },
  assign({ world, next }, _tab, contact) {
    world.owners.set(contact, [null, ...agents][next(3)] ?? null)
  },
  see({ world }, tab, contact) {
    world.show(tab, contact)
  },
  takeIt({ world }, tab, contact) {
    if (tab.agentId === null) return
    world.owners.set(contact, tab.agentId)
    world.show(tab, contact)
  },
  fill({ world, next }) {
    world.isFull = next(4) === 0
  },
  wait({ world }) {
    // Longer than a message is tried by itself.
    world.now += 130_000
  },
  expire({ world }) {
    world.cookie = null
  },
}

/** How pages and sessions begin and end. */
const comingAndGoing: Readonly<Record<string, Act>> = {
  signIn({ world, next }, tab) {
    if (tab.agentId !== null) return
    // Mostly a page of whoever has the cookie.
    const agentId = next(4) > 0 ? world.cookie : null
    world.signIn(tab, agentId ?? agents[next(2)] ?? 1, { handsOver: next(2) === 0, shows: next(4) > 0 })
    if (next(4) > 0) world.load(tab)
  },
  load({ world }, tab) {
    world.load(tab)
  },
  leave({ world, next, close }, tab) {
    // Somebody signs out, or the page hears that the session is over.
    if (tab.agentId === null) return
    const isByChoice = next(2) === 0
    world.end(tab)
    while (tab.inFlight.length > 0) world.settle(tab, outcomes[next(outcomes.length)] ?? 'ok')
    if (isByChoice) {
      close(tab)
      world.cookie = null
      return
    }
    world.keepAll(tab)
    world.leave(tab, 'unkept')
  },
  reload({ world, close, lose }, tab) {
    const { agentId } = tab
    if (agentId === null) lose(tab)
    else {
      close(tab)
      if (world.cookie === agentId) world.signIn(tab, agentId)
    }
  },
  crash({ lose }, tab) {
    lose(tab)
  },
  restore({ world }) {
    world.restore()
  },
  notice({ world, next }, tab) {
    // The page hears that the database is another; its writer goes on at once.
    const { agentId } = tab
    if (agentId === null || agentId !== world.cookie || tab.database === world.database) return
    world.end(tab)
    while (tab.inFlight.length > 0) world.settle(tab, 'ok')
    world.keepAll(tab)
    world.leave(tab, 'all')
    world.signIn(tab, agentId, { shows: next(2) === 0 })
  },
}

const acts = { ...writing, ...happening, ...comingAndGoing }

/** How often each thing is done, beside those that are not named: what moves things on more often than what ends them. */
const weights: Readonly<Record<string, number>> = {
  type: 12,
  typeFirst: 2,
  submit: 10,
  choose: 2,
  focus: 2,
  note: 2,
  paste: 4,
  prepare: 5,
  store: 12,
  storeMore: 4,
  hear: 8,
  settle: 8,
  settleWell: 8,
  resume: 5,
  assign: 2,
  see: 4,
  takeIt: 5,
  retry: 4,
  back: 4,
  takeSpare: 6,
  wait: 2,
  notice: 4,
  fill: 2,
}
const drawn = Object.keys(acts).flatMap((name) => Array.from({ length: weights[name] ?? 1 }, () => name))

/** What leaves every box as it is. */
const quiet: ReadonlySet<string> = new Set([
  'settle',
  'settleWell',
  'resume',
  'see',
  'store',
  'storeMore',
  'assign',
  'focus',
  'expire',
  'restore',
])

/** Where nothing else can be done, mostly what lets things be done. */
function chosen({ next }: Model, { agentId, state }: Tab): string {
  if (agentId === null && next(2) === 0) return 'signIn'
  if (agentId !== null && state.keeping === 'opening' && next(2) === 0) return 'load'
  return drawn[next(drawn.length)] ?? ''
}

/** Does one thing that the numbers choose; gives its name. */
export function actOnce(model: Model, tab: Tab, contact: string, trace: string[]): string {
  const name = chosen(model, tab)
  trace.push(`${name} ${tab.state.tab} ${contact}`)
  const before = snapshot(tab)
  acts[name]?.(model, tab, contact)
  if (quiet.has(name)) for (const one of contacts) model.same(tab, one, before, name)
  return name
}
