import type { PagePiece } from './page-pieces.js'

/** An entry that is a piece of the page. */
export interface PieceEntry {
  readonly id: number
  readonly key: string
  readonly hash: string
  /** Whether the page's own reading switched it off, as the piece was not there. */
  readonly isGone: boolean
}

/** What a reading changes. */
export interface SourcePlan<T extends PieceEntry> {
  readonly added: readonly PagePiece[]
  /** `isBack` where the piece had been gone. */
  readonly changed: readonly { readonly entry: T; readonly piece: PagePiece; readonly isBack: boolean }[]
  readonly gone: readonly T[]
}

/**
 * Compares a page with the entries that it has become. A piece is known by its key, else by what it says: under another
 * heading it stays the same entry. An entry that somebody removed does not come back: `before` has the keys of the last
 * reading.
 */
export function planSource<T extends PieceEntry>(
  pieces: readonly PagePiece[],
  entries: readonly T[],
  before: ReadonlySet<string>,
): SourcePlan<T> {
  const byKey = new Map(entries.map((entry) => [entry.key, entry]))
  const matched = new Map<PagePiece, T>()
  const left = new Set(entries)
  for (const piece of pieces) {
    const entry = byKey.get(piece.key)
    if (!entry) continue
    matched.set(piece, entry)
    left.delete(entry)
  }
  const added: PagePiece[] = []
  for (const piece of pieces) {
    if (matched.has(piece)) continue
    const entry = [...left].find(({ hash }) => hash === piece.hash)
    if (entry) {
      matched.set(piece, entry)
      left.delete(entry)
    } else if (!before.has(piece.key)) added.push(piece)
  }
  const changed = [...matched].flatMap(([piece, entry]) =>
    entry.hash !== piece.hash || entry.key !== piece.key || entry.isGone
      ? [{ entry, piece, isBack: entry.isGone }]
      : [],
  )
  return { added, changed, gone: [...left].filter(({ isGone }) => !isGone) }
}
