import { expect, it } from 'vitest'
import type { Candidate } from '../knowledge.js'
import type { KnowledgeEntry } from '../knowledge-entry.js'
import type { Near } from './entry-vectors.js'
import { mergedRanks } from './merged-ranks.js'

const entry = (id: number): KnowledgeEntry => ({ id }) as KnowledgeEntry
const word = (id: number, confidence: number): Candidate => ({
  entry: entry(id),
  confidence,
  dice: confidence,
  cover: 0,
  matched: ['a'],
})
const near = (id: number): Near => ({ entry: entry(id), similarity: 0.9 })
const ids = (candidates: readonly Candidate[]): number[] => candidates.map((each) => each.entry.id)

it('puts what both found before what one of them found, and keeps how sure the words were', () => {
  const merged = mergedRanks([word(1, 0.6), word(2, 0.5)], [near(3), near(2)], 8)
  expect(ids(merged)).toEqual([2, 1, 3])
  expect(merged[0]).toMatchObject({ confidence: 0.5, matched: ['a'] })
  expect(merged[2]).toMatchObject({ confidence: 0, matched: [] })
})

it('is the order of the words where nothing is said of the meaning, and no longer than asked', () => {
  expect(ids(mergedRanks([word(5, 0.1), word(4, 0.9)], [], 8))).toEqual([5, 4])
  expect(ids(mergedRanks([], [near(1), near(2), near(3)], 2))).toEqual([1, 2])
})
