import { hasUnkept } from './look.js'
import type { step } from './machine.js'
import type { Box, Kind, Submit } from './state.js'
import { actOnce } from './testing-acts.js'
import { piecesIn, piecesKeptFor, piecesLying, placesOf, snapshot, type Piece } from './testing-pieces.js'
import { contacts, type Tab } from './testing-tab.js'
import { World } from './testing-world.js'

/**
 * Lets two agents write in a browser's tabs while everything happens, as the numbers say, beside a model of what each
 * wrote, to whom and as what. Gives what was not as it must be.
 */
export function checkComposer(
  choices: readonly number[],
  machine: typeof step,
  trace: string[] = [],
): string[] {
  return new Model(choices, machine).run(trace)
}

/** Everything that was written, and what became of it. */
export class Model {
  readonly world: World
  readonly pieces = new Map<string, Piece>()
  readonly wrong: string[] = []
  readonly #choices: readonly number[]
  #used = 0
  /** How many tabs write at the same time. */
  readonly #tabs: number
  /** What was submitted, as it stood there: who, to whom, as what; and what else stood beside it each time. */
  readonly #meant = new Map<string, Set<string>>()

  constructor(choices: readonly number[], machine: typeof step) {
    this.#choices = choices
    // Whoever has one tab alone is certain of more.
    this.#tabs = 1 + this.next(2)
    this.world = new World(machine, this.#tabs)
  }

  run(trace: string[]): string[] {
    const { world, wrong } = this
    while (this.#used < this.#choices.length && wrong.length === 0) {
      const tab = world.tabs[this.next(world.tabs.length)]
      const contact = contacts[this.next(3)] ?? contacts[0]
      if (!tab) break
      this.#check(actOnce(this, tab, contact, trace))
    }
    if (wrong.length === 0) this.#finish()
    return wrong
  }

  readonly next = (below: number): number => (this.#choices[this.#used++] ?? 0) % below

  /** The box, where its writer can do something with it. */
  readonly boxOf = ({ agentId, state }: Tab, contact: string): Box | undefined =>
    agentId === null || state.keeping === 'opening' || state.isEnded ? undefined : state.boxes[contact]

  /** A piece that nobody has written before. */
  readonly write = (tab: Tab, contact: string, kind: Kind): string => {
    const name = `<${this.pieces.size + 1}>`
    this.pieces.set(name, {
      agentId: tab.agentId ?? 0,
      contact,
      kinds: new Set([kind]),
      isOver: false,
      isApart: false,
    })
    return name
  }

  /** Nobody has a right to find these any more. */
  readonly over = (text: string): void => {
    for (const name of piecesIn(text)) {
      const piece = this.pieces.get(name)
      if (piece) piece.isOver = true
    }
  }

  /** What stands there, `whole`, is submitted; `content` of it goes out. */
  readonly mean = (tab: Tab, contact: string, kind: Kind, content: string, whole: string): void => {
    const what = meaning(tab.agentId, contact, kind, content)
    this.#meant.set(what, (this.#meant.get(what) ?? new Set()).add(whole))
  }

  /** One of the submits that wait for their writer. */
  readonly stopped = ({ agentId, state }: Tab): Submit | undefined => {
    if (agentId === null || state.keeping === 'opening' || state.isEnded) return undefined
    const waiting = state.submits.filter((one) => one.state === 'stopped')
    return waiting[this.next(Math.max(1, waiting.length))]
  }

  /** What is in a page and nowhere else goes with it, where it could not be kept. */
  readonly lose = (tab: Tab): void => {
    const before = piecesLying(this.world)
    const isFull = hasUnkept(tab.state)
    if (isFull || tab.toStore.length > 0) this.world.cutShort += 1
    this.world.leave(tab)
    tab.carried.clear()
    const after = piecesLying(this.world)
    for (const name of before) {
      if (after.has(name)) continue
      // What was kept once is never lost, however a page ends; unless a full browser could not keep the two halves of it.
      const isTorn = isFull && this.pieces.get(name)?.isApart === true
      if (isTorn || !this.world.everKept.has(name)) this.over(name)
    }
  }

  /** The page goes as pages go: what can be kept is kept first. */
  readonly close = (tab: Tab): void => {
    this.world.keepAll(tab)
    if (hasUnkept(tab.state) || this.world.isFull || tab.carried.size > 0) this.lose(tab)
    else this.world.leave(tab)
  }

  /** What is shown of a customer's is as it was before. */
  readonly same = (tab: Tab, contact: string, before: Map<string, string>, why: string): void => {
    const was = before.get(contact)
    const now = snapshot(tab).get(contact)
    if (was !== undefined && was !== now)
      this.wrong.push(`${why} changed the box from ${was} to ${now ?? 'nothing'}`)
  }

  /** What comes back into a box is not with the service: a second tab aside, and a page that ended in the middle. */
  readonly mustNotHaveArrived = (tab: Tab, before: string, after: string): void => {
    const { deliveries, cutShort, database } = this.world
    if (this.#tabs > 1 || cutShort > 0) return
    // A restored service says no of what it has forgotten.
    if (database > 0 && tab.database === database) return
    const said = new Set(deliveries.flatMap(({ content }) => piecesIn(content)))
    const known = new Set(piecesIn(before))
    for (const name of piecesIn(after))
      if (said.has(name) && !known.has(name)) this.wrong.push(`${name} is back though it arrived`)
  }

  #check(why: string): void {
    const { world, pieces, wrong } = this
    const found = piecesLying(world)
    const said = new Set(world.deliveries.flatMap(({ content }) => piecesIn(content)))
    for (const [name, { isOver }] of pieces)
      if (!isOver && !found.has(name) && !said.has(name)) wrong.push(`${why}: ${name} is lost`)
    for (const tab of world.tabs)
      if (tab.agentId !== null)
        for (const name of piecesIn(JSON.stringify(tab.state)))
          if (pieces.get(name)?.agentId !== tab.agentId) wrong.push(`${why}: ${name} is shown to another`)
    for (const { contact, kind, text, agentId } of placesOf(world))
      for (const name of piecesIn(text)) {
        const piece = pieces.get(name)
        if (piece?.contact !== contact || piece.agentId !== agentId)
          wrong.push(`${why}: ${name} changed hands`)
        else if (!piece.kinds.has(kind)) wrong.push(`${why}: ${name} became a ${kind}`)
      }
    this.#checkDeliveries(why)
    for (const fault of world.faults) wrong.push(`${why}: ${fault}`)
  }

  #checkDeliveries(why: string): void {
    const { deliveries, conflicts, database, cutShort } = this.world
    const times = new Map<string, number>()
    const count = (what: string): number => {
      const so = (times.get(what) ?? 0) + 1
      times.set(what, so)
      return so
    }
    for (const { agentId, contact, kind, content } of deliveries) {
      const what = meaning(agentId, contact, kind, content)
      const wanted = this.#meant.get(what)
      // Two tabs that wrote in one draft have two, in which the same may stand; a restored service forgets what it took.
      if (!wanted) this.wrong.push(`${why}: nobody meant ${what}`)
      else if (count(what) > wanted.size + conflicts + database) this.wrong.push(`${why}: again ${what}`)
      if (this.#tabs > 1) continue
      for (const name of piecesIn(content))
        if (count(name) > 1 + database + cutShort) this.wrong.push(`${why}: ${name} is doubled`)
    }
  }

  /** Everything is well again, and everybody comes back: what was meant arrives. */
  #finish(): void {
    const { world } = this
    world.isFull = false
    for (const tab of world.tabs) {
      if (tab.agentId === null) continue
      world.end(tab)
      while (tab.inFlight.length > 0) world.settle(tab, 'cutBefore')
      // What could not be kept before is kept with the next change, or gone with its page.
      for (const contact of contacts)
        for (const kind of ['reply', 'note'] as const) {
          const draft = tab.state.boxes[contact]?.[kind].draft
          if (draft && tab.state.keeping === 'memory')
            world.send(tab, { type: 'typed', contact, kind, text: draft.text })
        }
      world.keepAll(tab)
      this.lose(tab)
    }
    for (const agentId of [1, 2]) this.#comeBack(agentId)
  }

  #comeBack(agentId: number): void {
    const { world } = this
    const tab = world.openTab()
    world.signIn(tab, agentId)
    world.load(tab)
    for (const contact of contacts) {
      world.owners.set(contact, agentId)
      world.show(tab, contact)
    }
    for (const { name, state } of tab.state.submits)
      if (state === 'stopped') world.send(tab, { type: 'retried', name, now: world.now })
    for (const picture of tab.preparing.splice(0))
      world.send(tab, { type: 'prepared', picture, bytes: 1, isMade: false })
    while (tab.inFlight.length > 0) world.settle(tab, 'ok')
    world.keepAll(tab)
    if (tab.state.submits.length > 0) this.wrong.push('at the end: something was not handed over')
    const shown = new Set(piecesIn(JSON.stringify(tab.state)))
    for (const name of piecesKeptFor(world, tab))
      if (!shown.has(name)) this.wrong.push(`at the end: ${name} is kept and never shown`)
    this.#check('at the end')
    world.leave(tab)
  }
}

function meaning(agentId: number | null, contact: string, kind: Kind, content: string): string {
  return `${agentId ?? 0} ${contact} ${kind} ${content}`
}
