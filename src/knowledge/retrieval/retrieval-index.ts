import { termsOf } from './terms.js'
import { Vocabulary } from './vocabulary.js'

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

/** A text as its terms' numbers, each once. */
type TermIds = readonly number[]

interface Indexed {
  readonly id: number
  /** Of wordings and text. */
  readonly terms: TermIds
  readonly length: number
  readonly wordings: readonly TermIds[]
}

const WORDING_WEIGHT = 3
/** BM25's own: how soon a term that is repeated says no more, and how much a long entry is discounted. */
const SATURATION = 1.2
const LENGTH = 0.75
/** How many of the best by score are compared wording by wording. */
const COMPARED = 60
const SHOWN_TERMS = 12
/** Bits of a posting that say how often the term stands there; the others are the entry's place. */
const COUNT_BITS = 11
const MOST_OFTEN = 2 ** COUNT_BITS - 1

/**
 * Finds entries by what they say, in memory. Terms and entries are numbers in it: as texts in maps they would take four
 * times the memory, and a search as often the time.
 */
export class RetrievalIndex {
  readonly #vocabulary = new Vocabulary()
  readonly #places = new Map<number, number>()
  readonly #documents: (Indexed | undefined)[] = []
  readonly #freePlaces: number[] = []
  #totalLength = 0

  get size(): number {
    return this.#places.size
  }

  /** Takes an entry in, in the place of the one of the same id. */
  set({ id, wordings, text }: Document): void {
    this.delete(id)
    const place = this.#freePlaces.pop() ?? this.#documents.length
    const counts = new Map<number, number>()
    const add = (terms: TermIds, weight: number): void => {
      for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + weight)
    }
    const asked = wordings.map((wording) => this.#vocabulary.idsOf(termsOf(wording)))
    for (const terms of asked) add(terms, WORDING_WEIGHT)
    add(this.#vocabulary.idsOf(termsOf(text)), 1)
    let length = 0
    for (const [term, count] of counts) {
      length += count
      this.#vocabulary.postings(term).push((place << COUNT_BITS) | Math.min(count, MOST_OFTEN))
    }
    this.#totalLength += length
    this.#documents[place] = { id, terms: [...counts.keys()], length, wordings: asked }
    this.#places.set(id, place)
  }

  delete(id: number): void {
    const place = this.#places.get(id)
    const before = place === undefined ? undefined : this.#documents[place]
    if (place === undefined || !before) return
    for (const term of before.terms)
      this.#vocabulary.remove(term, (posting) => posting >>> COUNT_BITS === place)
    this.#totalLength -= before.length
    this.#documents[place] = undefined
    this.#freePlaces.push(place)
    this.#places.delete(id)
  }

  /** Returns the entries that a question finds, the best first. `allows` says which may be found. */
  search(question: string, most: number, allows: (id: number) => boolean): Hit[] {
    const asked = termsOf(question)
    const worths = new Map<number, number>()
    const scores = new Float64Array(this.#documents.length)
    const average = this.#totalLength / Math.max(this.size, 1)
    let rarity = 0
    for (const [term, weight] of asked) {
      const termId = this.#vocabulary.idOf(term)
      const postings = termId === undefined ? [] : this.#vocabulary.postings(termId)
      const worth = weight * this.#rarityOf(postings.length)
      rarity += worth
      if (termId !== undefined) worths.set(termId, worth)
      for (const posting of postings) {
        const place = posting >>> COUNT_BITS
        const count = posting & MOST_OFTEN
        const length = this.#documents[place]?.length ?? 0
        const damped = count + SATURATION * (1 - LENGTH + (LENGTH * length) / average)
        scores[place] = (scores[place] ?? 0) + (worth * count * (SATURATION + 1)) / damped
      }
    }
    const weight = sumOf(asked.values())
    return this.#best(scores, Math.max(most, COMPARED), allows)
      .map(({ document, score }) => this.#hit(document, score, worths, { rarity, weight }))
      .toSorted((a, b) => b.score - a.score)
      .slice(0, most)
  }

  #best(
    scores: Float64Array,
    most: number,
    allows: (id: number) => boolean,
  ): { document: Indexed; score: number }[] {
    const found: { document: Indexed; score: number }[] = []
    for (const [place, score] of scores.entries()) {
      const document = score > 0 ? this.#documents[place] : undefined
      if (document && allows(document.id)) found.push({ document, score })
    }
    // Numbers alone are sorted many times faster than pairs: only those that can be among the best are put in order.
    const least =
      Float64Array.from(found, ({ score }) => score)
        .sort()
        .at(-most) ?? 0
    return found
      .filter(({ score }) => score >= least)
      .toSorted((a, b) => b.score - a.score || a.document.id - b.document.id)
      .slice(0, most)
  }

  /** `worths` are the question's terms; `weight` is that of all of them, also of those that no entry has. */
  #hit(
    { id, terms, wordings }: Indexed,
    score: number,
    worths: ReadonlyMap<number, number>,
    asked: { readonly rarity: number; readonly weight: number },
  ): Hit {
    const matched: [term: number, worth: number][] = []
    for (const term of terms) {
      const worth = worths.get(term)
      if (worth !== undefined) matched.push([term, worth])
    }
    const covered = sumOf(matched.map(([, worth]) => worth))
    const cover = asked.rarity === 0 ? 0 : share(covered, asked.rarity)
    const dice = Math.max(0, ...wordings.map((wording) => this.#likeness(wording, worths, asked.weight)))
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
        .map(([term]) => this.#vocabulary.textOf(term)),
    }
  }

  /** Returns how alike a wording and the question are, by the weight of the terms that both have (Dice). */
  #likeness(wording: TermIds, asked: ReadonlyMap<number, number>, askedWeight: number): number {
    let common = 0
    let own = 0
    for (const term of wording) {
      const weight = this.#vocabulary.weightOf(term)
      own += weight
      if (asked.has(term)) common += weight
    }
    return own + askedWeight === 0 ? 0 : share(2 * common, own + askedWeight)
  }

  #rarityOf(having: number): number {
    return Math.log(1 + (this.size - having + 0.5) / (having + 0.5))
  }
}

/** A share without what floating point adds to it. */
function share(part: number, whole: number): number {
  return Math.round((part / whole) * 10_000) / 10_000
}

function sumOf(numbers: Iterable<number>): number {
  let sum = 0
  for (const number of numbers) sum += number
  return sum
}
