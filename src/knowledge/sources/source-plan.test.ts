import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PagePiece } from './page-pieces.js'
import { planSource, type PieceEntry, type SourcePlan } from './source-plan.js'

const piece = (title: string, text = title): PagePiece => ({
  key: `${title}#1`,
  hash: text,
  title,
  wordings: [],
  text,
})
const entry = (id: number, { key, hash }: PagePiece, isGone = false): PieceEntry => ({
  id,
  key,
  hash,
  isGone,
})
const told = ({ added, changed, gone }: SourcePlan<PieceEntry>): unknown => ({
  added: added.map(({ key }) => key),
  changed: changed.map(({ entry: { id }, isBack }) => (isBack ? `${id} back` : id)),
  gone: gone.map(({ id }) => id),
})
const plan = (pieces: PagePiece[], entries: PieceEntry[], before: string[] = []): unknown =>
  told(planSource(pieces, entries, new Set(before)))

describe('what a reading of a page changes', () => {
  it('is nothing where the page says the same', () => {
    const pieces = [piece('退货'), piece('运费')]
    const entries = pieces.map((each, index) => entry(index, each))
    expect(plan(pieces, entries, ['退货#1'])).toEqual({ added: [], changed: [], gone: [] })
  })

  it('adds what is new, changes what says something else, and names what is gone', () => {
    const entries = [entry(1, piece('退货')), entry(2, piece('运费')), entry(3, piece('地址'))]
    expect(plan([piece('发票'), piece('退货', '十天'), piece('运费')], entries)).toEqual({
      added: ['发票#1'],
      changed: [1],
      gone: [3],
    })
  })

  it('knows a piece again under another heading', () => {
    expect(plan([piece('退换货', '七天')], [entry(1, piece('退货', '七天'))])).toEqual({
      added: [],
      changed: [1],
      gone: [],
    })
  })

  it('brings back what was gone, and never what somebody removed', () => {
    const gone = entry(1, piece('退货'), true)
    expect(plan([piece('退货'), piece('运费')], [gone], ['运费#1'])).toEqual({
      added: [],
      changed: ['1 back'],
      gone: [],
    })
    expect(plan([], [gone])).toEqual({ added: [], changed: [], gone: [] })
  })

  it('takes each piece and each entry once, whatever a page becomes', () => {
    const some = fc.uniqueArray(
      fc.tuple(fc.constantFrom('一', '二', '三', '四'), fc.constantFrom('甲', '乙')),
      {
        selector: ([title]) => title,
      },
    )
    fc.assert(
      fc.property(some, some, (before, after) => {
        const entries = before.map(([title, text], index) => entry(index, piece(title, text)))
        const pieces = after.map(([title, text]) => piece(title, text))
        const { added, changed, gone } = planSource(pieces, entries, new Set())
        const kept = entries.length - gone.length
        expect(added.length + kept).toBe(pieces.length)
        expect(
          new Set([...changed, ...gone.map((each) => ({ entry: each }))].map(({ entry: { id } }) => id)).size,
        ).toBe(changed.length + gone.length)
      }),
    )
  })
})
