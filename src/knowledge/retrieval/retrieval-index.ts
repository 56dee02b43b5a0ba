import { termsOf, type Terms } from './terms.js'

/** What an entry is found by. */
export interface Document {
  readonly id: number
  /** The question and its other wordings. */
  readonly wordings: readonly string[]
  readonly text: string
}

/** An entry that a question finds. */
export interface Hit {
  readonly id: number
  /** For the order only: it has no bound. */
  readonly score: number
  /** How surely it is meant, 0 to 1: the larger of `cover` and `dice`. */
  readonly confidence: number
  /** The share of the question's rarity that the entry has. */
  readonly cover: number
  /** How alike the question and the entry's best wording are. */
  readonly dice: number
  /** The terms that both have, the weightiest first. */
  readonly matched: readonly string[]
}

interface Indexed {
  readonly terms: readonly string[]
  readonly length: number
  readonly wordings: readonly Terms[]
}

const WORDING_WEIGHT = 3
/** BM25's own: how soon a term that is repeated says no more, and how much a long entry is discounted. */
const SATURATION = 1.2
const LENGTH = 0.75
/** How many of the best by score are compared wording by wording. */
const COMPARED = 60
const SHOWN_TERMS = 12

/** Finds entries by what they say, in memory. */
export class RetrievalIndex {
  readonly #documents = new Map<number, Indexed>()
  /** The entries that have a term, and how often it stands there, a wording's more than the text's. */
  readonly #postings = new Map<string, Map<number, number>>()
  #totalLength = 0

  get size(): number {
    return this.#documents.size
  }

  /** Takes an entry in, in the place of the one of the same id. */
  set({ id, wordings, text }: Document): void {
    this.delete(id)
    const counts = new Map<string, number>()
    const add = (terms: Terms, weight: number): void => {
      for (const term of terms.keys()) counts.set(term, (counts.get(term) ?? 0) + weight)
    }
    const asked = wordings.map(termsOf)
    for (const terms of asked) add(terms, WORDING_WEIGHT)
    add(termsOf(text), 1)
    let length = 0
    for (const [term, count] of counts) {
      length += count
      const posting = this.#postings.get(term)
      if (posting) posting.set(id, count)
      else this.#postings.set(term, new Map([[id, count]]))
    }
    this.#totalLength += length
    this.#documents.set(id, { terms: [...counts.keys()], length, wordings: asked })
  }

  delete(id: number): void {
    const before = this.#documents.get(id)
    if (!before) return
    for (const term of before.terms) {
      const posting = this.#postings.get(term)
      posting?.delete(id)
      if (posting?.size === 0) this.#postings.delete(term)
    }
    this.#totalLength -= before.length
    this.#documents.delete(id)
  }

  /** Returns the entries that a question finds, the best first. `allows` says which may be found. */
  search(question: string, most: number, allows: (id: number) => boolean): Hit[] {
    const asked = termsOf(question)
    const average = this.#totalLength / Math.max(this.#documents.size, 1)
    const scores = new Map<number, number>()
    let rarity = 0
    for (const [term, weight] of asked) {
      const idf = this.#rarityOf(term)
      rarity += weight * idf
      for (const [id, count] of this.#postings.get(term) ?? []) {
        const length = this.#documents.get(id)?.length ?? 0
        const damped = count + SATURATION * (1 - LENGTH + (LENGTH * length) / average)
        scores.set(id, (scores.get(id) ?? 0) + (weight * idf * count * (SATURATION + 1)) / damped)
      }
    }
    return best(scores, Math.max(most, COMPARED), allows)
      .map(([id, score]) => this.#hit(id, score, asked, rarity))
      .toSorted((a, b) => b.score - a.score)
      .slice(0, most)
  }

  #hit(id: number, score: number, asked: Terms, rarity: number): Hit {
    const document = this.#documents.get(id)
    const matched: [term: string, worth: number][] = []
    let covered = 0
    for (const [term, weight] of asked) {
      if (this.#postings.get(term)?.has(id) !== true) continue
      const worth = weight * this.#rarityOf(term)
      covered += worth
      matched.push([term, worth])
    }
    const cover = rarity === 0 ? 0 : share(covered, rarity)
    const dice = Math.max(0, ...(document?.wordings ?? []).map((wording) => likeness(asked, wording)))
    return {
      id,
      // A wording that is the question itself stands before what merely holds its words.
      score: score * (0.5 + dice),
      confidence: Math.max(cover, dice),
      cover,
      dice,
      matched: matched
        .toSorted((a, b) => b[1] - a[1])
        .slice(0, SHOWN_TERMS)
        .map(([term]) => term),
    }
  }

  #rarityOf(term: string): number {
    const having = this.#postings.get(term)?.size ?? 0
    return Math.log(1 + (this.#documents.size - having + 0.5) / (having + 0.5))
  }
}

/** Returns how alike two texts are, by the weight of the terms that both have (Dice). */
function likeness(a: Terms, b: Terms): number {
  let common = 0
  let all = 0
  for (const [term, weight] of a) {
    all += weight
    if (b.has(term)) common += weight
  }
  for (const weight of b.values()) all += weight
  return all === 0 ? 0 : share(2 * common, all)
}

/** A share without what floating point adds to it. */
function share(part: number, whole: number): number {
  return Math.round((part / whole) * 10_000) / 10_000
}

function best(
  scores: ReadonlyMap<number, number>,
  most: number,
  allows: (id: number) => boolean,
): [id: number, score: number][] {
  const allowed = [...scores].filter(([id]) => allows(id))
  // Numbers alone are sorted many times faster than pairs: only those that can be among the best are put in order.
  const least =
    Float64Array.from(allowed, ([, score]) => score)
      .sort()
      .at(-most) ?? 0
  return allowed
    .filter(([, score]) => score >= least)
    .toSorted((a, b) => b[1] - a[1] || a[0] - b[0])
    .slice(0, most)
}
