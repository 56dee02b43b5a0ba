import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RetrievalIndex, type Hit } from './retrieval-index.js'
import { termsOf } from './terms.js'

interface Shop {
  readonly entries: readonly { readonly title: string; readonly wordings: string[]; readonly text: string }[]
  readonly questions: readonly { readonly says: string; readonly entry: number | null }[]
}
const fixture = new URL('../../../test/fixtures/shop-knowledge.json', import.meta.url)
const shop = JSON.parse(readFileSync(fixture, 'utf8')) as Shop

function indexOf(entries: Shop['entries']): RetrievalIndex {
  const index = new RetrievalIndex()
  for (const [at, { title, wordings, text }] of entries.entries())
    index.set({ id: at + 1, wordings: [title, ...wordings], text })
  return index
}
const all = (): boolean => true
const find = (index: RetrievalIndex, says: string): Hit[] => index.search(says, 8, all)

describe('a shop’s questions', () => {
  const index = indexOf(shop.entries)
  const known = shop.questions.filter(({ entry }) => entry !== null)

  it('are at least a hundred, thirty of them without an answer', () => {
    expect(shop.questions.length).toBeGreaterThanOrEqual(100)
    expect(shop.questions.length - known.length).toBeGreaterThanOrEqual(30)
  })

  it('find their entry among the first three in nine of ten, and among the eight that a model is shown in nearly all', () => {
    const ranks = known.map(({ says, entry }) => find(index, says).findIndex(({ id }) => id === entry))
    const within = (most: number): number =>
      ranks.filter((rank) => rank >= 0 && rank < most).length / known.length
    expect(within(3)).toBeGreaterThanOrEqual(0.9)
    expect(within(8)).toBeGreaterThanOrEqual(0.95)
    expect(within(1)).toBeGreaterThanOrEqual(0.8)
  })

  it('are found less surely where no entry answers them', () => {
    const mean = (numbers: number[]): number => numbers.reduce((sum, each) => sum + each, 0) / numbers.length
    const confidence = (says: string): number => find(index, says)[0]?.confidence ?? 0
    const answered = mean(known.map(({ says }) => confidence(says)))
    const unknown = shop.questions.filter(({ entry }) => entry === null)
    expect(answered).toBeGreaterThan(2 * mean(unknown.map(({ says }) => confidence(says))))
  })
})

it('says how surely, from 0 to 1, and by which words', () => {
  const index = indexOf(shop.entries)
  const [first] = find(index, '能用洗碗机洗吗')
  expect(first).toMatchObject({ id: 1, dice: 1, confidence: 1 })
  expect(first?.matched.slice(0, 3)).toContain('洗碗')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (says) => {
      for (const { confidence, cover, dice } of find(index, says))
        for (const value of [confidence, cover, dice]) {
          expect(value).toBeGreaterThanOrEqual(0)
          expect(value).toBeLessThanOrEqual(1 + 1e-9)
        }
    }),
  )
})

it('is after any changes as one that was built at once', () => {
  const entries = shop.entries.slice(0, 12)
  const change = fc.record({ at: fc.nat(11), isRemoved: fc.boolean() })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const index = new RetrievalIndex()
      const there = new Set<number>()
      for (const { at, isRemoved } of changes) {
        const entry = entries[at]
        if (isRemoved || !entry) {
          index.delete(at)
          there.delete(at)
        } else {
          index.set({ id: at, wordings: [entry.title], text: entry.text })
          there.add(at)
        }
      }
      const fresh = new RetrievalIndex()
      for (const at of there) {
        const entry = entries[at]
        if (entry) fresh.set({ id: at, wordings: [entry.title], text: entry.text })
      }
      expect(index.size).toBe(fresh.size)
      for (const says of ['能退货吗', '运费多少', '发票'])
        expect(find(index, says)).toEqual(find(fresh, says))
    }),
  )
})

it('finds only what it may', () => {
  const index = indexOf(shop.entries)
  expect(index.search('能用洗碗机洗吗', 8, (id) => id !== 1).map(({ id }) => id)).not.toContain(1)
})

it('takes traditional characters and full-width letters for what they mean', () => {
  expect([...termsOf('發貨')]).toEqual([...termsOf('发货')])
  expect([...termsOf('ＭＡＣ２')]).toEqual([...termsOf('mac2')])
  expect(termsOf('').size).toBe(0)
  expect(termsOf('😀!?').size).toBe(0)
})
