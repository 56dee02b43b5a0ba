import type { Terms } from './terms.js'

/** The terms of all entries as numbers, and where each stands. A number that no entry has any more is given again. */
export class Vocabulary {
  readonly #ids = new Map<string, number>()
  readonly #texts: string[] = []
  readonly #weights: number[] = []
  readonly #postings: number[][] = []
  readonly #free: number[] = []

  /** The numbers of a text's terms; new ones get theirs, and are to be given a posting. */
  idsOf(terms: Terms): number[] {
    return Array.from(terms, ([text, weight]) => this.idOf(text) ?? this.#add(text, weight))
  }

  idOf(text: string): number | undefined {
    return this.#ids.get(text)
  }

  textOf(id: number): string {
    return this.#texts[id] ?? ''
  }

  /** A term's weight is the same in every text. */
  weightOf(id: number): number {
    return this.#weights[id] ?? 0
  }

  /** Where a term stands, in the form of who adds to it. */
  postings(id: number): number[] {
    return this.#postings[id] ?? []
  }

  /** Takes one posting of a term away, and the term with its last. */
  remove(id: number, is: (posting: number) => boolean): void {
    const postings = this.postings(id)
    const place = postings.findIndex(is)
    const last = postings.pop()
    if (last !== undefined && place >= 0 && place < postings.length) postings[place] = last
    if (postings.length > 0) return
    this.#ids.delete(this.textOf(id))
    this.#texts[id] = ''
    this.#free.push(id)
  }

  #add(text: string, weight: number): number {
    const id = this.#free.pop() ?? this.#texts.length
    this.#ids.set(text, id)
    this.#texts[id] = text
    this.#weights[id] = weight
    this.#postings[id] = []
    return id
  }
}
