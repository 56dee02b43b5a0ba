import type { ComposerEvent, TabWord } from './events.js'
import { hasUnkept } from './look.js'
import { step } from './machine.js'
import { emptyComposer, type Submit } from './state.js'
import { piecesIn } from './testing-pieces.js'
import { contactOf, contacts, idOf, Tab, type Delivery, type Store } from './testing-tab.js'

type Step = typeof step
type Outcome = 'ok' | 'cutBefore' | 'cutAfter' | 'refused' | 'signedOut'

/**
 * A browser with tabs that share a cookie and what is kept, and a service. Everything that takes time waits until it is
 * let happen, so that a test may order it as it likes.
 */
export class World {
  readonly deliveries: Delivery[] = []
  readonly owners = new Map<string, number | null>()
  /** By database and agent. */
  readonly stores = new Map<string, Store>()
  readonly tabs: Tab[] = []
  /** Who the browser's cookie is. */
  cookie: number | null = null
  /** The service's database; a restored one has another id, and other numbers for the same customers. */
  database = 0
  /** Every piece that was kept at some time. */
  readonly everKept = new Set<string>()
  /** How often a page ended before it had kept what it did last: what it sent may stand in the box once more. */
  cutShort = 0
  /** What no page may do whatever happens. */
  readonly faults: string[] = []
  /** How often two tabs wrote in one draft at the same time. */
  conflicts = 0
  isFull = false
  now = 1_000_000
  #tabs = 0
  readonly #taken = new Set<string>()
  readonly #step: Step

  constructor(machine: Step = step, tabs = 2) {
    this.#step = machine
    for (const contact of contacts) this.owners.set(contact, null)
    for (let count = 0; count < tabs; count++) this.openTab()
  }

  openTab(): Tab {
    const tab = new Tab(`tab${++this.#tabs}`)
    this.tabs.push(tab)
    return tab
  }

  store({ agentId, database }: Tab): Store {
    const name = `${database}/${agentId ?? 0}`
    const known = this.stores.get(name)
    if (known) return known
    const store: Store = { agentId: agentId ?? 0, drafts: new Map(), submits: new Map() }
    this.stores.set(name, store)
    return store
  }

  /** A backup is put in the place of the service's database, under open pages. */
  restore(): void {
    this.database += 1
    this.#taken.clear()
  }

  send(tab: Tab, event: ComposerEvent): void {
    const { state, effects } = this.#step(tab.state, event)
    if (event.type === 'conflicted' && state !== tab.state) this.conflicts += 1
    tab.state = state
    for (const effect of effects) {
      if (effect.type === 'post') this.#mustBeFirst(tab, effect.submit)
      switch (effect.type) {
        case 'keep':
        case 'unkeep':
        case 'keepSubmit':
        case 'forgetSubmit':
          tab.toStore.push(effect)
          break
        case 'upload':
        case 'post':
          tab.inFlight.push(effect)
          break
        case 'pause':
          tab.paused.push(effect.name)
          break
        case 'prepare':
          tab.preparing.push(effect.picture)
          break
        case 'say':
          break
      }
    }
  }

  /** Nothing overtakes what was submitted to the same customer before. */
  #mustBeFirst({ state }: Tab, { name, contact }: Submit): void {
    const first = state.submits.find(
      (one) => one.contact === contact && one.tab === state.tab && one.state !== 'stopped',
    )
    if (first?.name !== name) this.faults.push(`${name} overtakes ${first?.name ?? 'nothing'}`)
  }

  /** `handsOver`: the page has another one's things yet, and the machine has to let them go. */
  signIn(tab: Tab, agentId: number, { handsOver = false, shows = true } = {}): void {
    this.cookie = agentId
    tab.agentId = agentId
    tab.database = this.database
    const own = tab.carried.get(agentId)
    const others = handsOver && tab.left?.writer?.agentId !== agentId ? tab.left : null
    tab.carried.delete(agentId)
    tab.left = null
    const name = `tab${++this.#tabs}`
    const before = own ?? others
    tab.state = before ? { ...before, tab: name, named: 0 } : emptyComposer(name)
    tab.inbox = []
    this.send(tab, {
      type: 'entered',
      writer: { databaseId: `db${this.database}`, agentId },
      canKeep: true,
    })
    if (shows) for (const contact of contacts) this.show(tab, contact)
  }

  /** What is kept is read and taken in. */
  load(tab: Tab): void {
    if (tab.agentId === null || tab.state.keeping !== 'opening') return
    const { drafts, submits } = this.store(tab)
    this.send(tab, {
      type: 'loaded',
      drafts: [...drafts.values()],
      submits: [...submits.values()],
      liveTabs: this.tabs.filter((one) => one !== tab && one.agentId !== null).map((one) => one.state.tab),
      now: this.now,
    })
  }

  /** The page hears who has a conversation. */
  show(tab: Tab, contact: string): void {
    if (tab.agentId === null) return
    const owner = this.owners.get(contact) ?? null
    this.send(tab, {
      type: 'seen',
      contact,
      seen: {
        conversationId: idOf(contact, this.database),
        status: owner === null ? 'waiting' : 'assigned',
        isMine: owner === tab.agentId,
        ownerName: String(owner),
        isOpen: true,
      },
    })
    this.send(tab, { type: 'looked', contact })
  }

  /** Does the next thing with what is kept. */
  storeOne(tab: Tab): void {
    const effect = tab.toStore.shift()
    if (!effect || tab.agentId === null) return
    const store = this.store(tab)
    switch (effect.type) {
      case 'keep': {
        const { record, over, stamp } = effect
        const { id } = record.draft
        const isSame = (store.drafts.get(id)?.stamp ?? null) === over
        if (this.isFull) this.send(tab, { type: 'notKept', id, stamp })
        else if (!isSame) this.send(tab, { type: 'conflicted', id, stamp })
        else {
          store.drafts.delete(id)
          store.drafts.set(id, { ...record, stamp })
          this.#noteKept(record)
          this.send(tab, { type: 'kept', id, stamp, isGone: false })
          this.#tell(tab, { ...record, id, stamp })
        }
        return
      }
      case 'unkeep': {
        const { word, over, stamp } = effect
        if (store.drafts.get(word.id)?.stamp !== over) {
          this.send(tab, { type: 'conflicted', id: word.id, stamp })
          return
        }
        store.drafts.delete(word.id)
        this.send(tab, { type: 'kept', id: word.id, stamp, isGone: true })
        this.#tell(tab, word)
        return
      }
      case 'keepSubmit':
        if (this.isFull) this.send(tab, { type: 'submitNotKept' })
        else {
          store.submits.set(effect.submit.name, effect.submit)
          this.#noteKept(effect.submit)
          tab.toStore.unshift(...effect.then)
        }
        return
      case 'forgetSubmit':
        store.submits.delete(effect.name)
        return
      default:
        return
    }
  }

  #noteKept(what: object): void {
    for (const name of piecesIn(JSON.stringify(what))) this.everKept.add(name)
  }

  #tell(from: Tab, word: TabWord): void {
    const { agentId, database } = from
    for (const tab of this.tabs)
      if (tab !== from && tab.agentId === agentId && tab.database === database)
        if (tab.state.keeping !== 'opening') tab.inbox.push(word)
  }

  hear(tab: Tab): void {
    const word = tab.inbox.shift()
    if (word && tab.agentId !== null) this.send(tab, { type: 'told', word })
  }

  /** The service, or the network, has done what it will with one request. */
  settle(tab: Tab, wanted: Outcome): void {
    const effect = tab.inFlight.shift()
    if (!effect) return
    const { name } = effect.submit
    const item = effect.item.id
    const problem = { code: 'x', message: '', detail: {} }
    // A page whose cookie is another's is refused as one that is signed out.
    const outcome = this.cookie === null || this.cookie !== tab.agentId ? 'signedOut' : wanted
    if (outcome === 'signedOut') {
      this.end(tab)
      this.send(tab, { type: 'refused', name, item, problem, isSignedOut: true })
      return
    }
    if (tab.database !== this.database) {
      const other = { ...problem, detail: { reason: 'other_database' } }
      this.send(tab, { type: 'refused', name, item, problem: other, isSignedOut: false })
      return
    }
    if (outcome === 'cutBefore') {
      this.send(tab, { type: 'cutOff', name, item, problem, mayHave: true, now: this.now })
      return
    }
    if (effect.type === 'upload') {
      if (outcome === 'ok')
        this.send(tab, { type: 'uploaded', name, item, mediaId: `media ${effect.picture}` })
      else if (outcome === 'refused')
        this.send(tab, { type: 'refused', name, item, problem, isSignedOut: false })
      else this.send(tab, { type: 'cutOff', name, item, problem, mayHave: true, now: this.now })
      return
    }
    const mayTake =
      outcome !== 'refused' &&
      (effect.submit.kind === 'note' ||
        this.owners.get(contactOf(effect.conversationId, this.database)) === tab.agentId)
    const key = `${effect.conversationId} ${item}`
    if (!this.#taken.has(key)) {
      if (!mayTake) {
        this.send(tab, { type: 'refused', name, item, problem, isSignedOut: false })
        return
      }
      this.#taken.add(key)
      this.deliveries.push({
        agentId: tab.agentId ?? 0,
        contact: contactOf(effect.conversationId, this.database),
        kind: effect.submit.kind,
        content: effect.item.type === 'text' ? effect.item.text : `picture ${item}`,
      })
    }
    if (outcome === 'cutAfter')
      this.send(tab, { type: 'cutOff', name, item, problem, mayHave: true, now: this.now })
    else this.send(tab, { type: 'answered', name, item })
  }

  resume(tab: Tab): void {
    const name = tab.paused.shift()
    if (name !== undefined && tab.agentId !== null) this.send(tab, { type: 'due', name })
  }

  /** The session is over for this page; what was in flight gets its answer yet. */
  end(tab: Tab): void {
    if (tab.agentId !== null && !tab.state.isEnded) this.send(tab, { type: 'ended' })
  }

  /** Whoever was signed in is gone. What only this page has goes with them, unless it `carries` that for them. */
  leave(tab: Tab, carries: 'nothing' | 'unkept' | 'all' = 'nothing'): void {
    const { state, agentId } = tab
    if (agentId !== null && (carries === 'all' || (carries === 'unkept' && hasUnkept(state))))
      tab.carried.set(agentId, state)
    tab.left = state
    tab.agentId = null
    tab.state = emptyComposer(`tab${++this.#tabs}`)
    Object.assign(tab, { toStore: [], inFlight: [], paused: [], preparing: [], inbox: [] })
  }

  /** Everything that is to be kept is. */
  keepAll(tab: Tab): void {
    while (tab.toStore.length > 0) this.storeOne(tab)
  }
}
