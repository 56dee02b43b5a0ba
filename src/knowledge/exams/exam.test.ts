import { describe, expect, it } from 'vitest'
import type { Candidate } from '../knowledge.js'
import type { KnowledgeEntry } from '../knowledge-entry.js'
import { sureMatch } from '../sure-match.js'
import { curveOf, proposedMatchAt, tryCase, type ExamCase } from './exam.js'

const candidate = (id: number, dice: number, cover = 0): Candidate => ({
  entry: { id } as KnowledgeEntry,
  confidence: Math.max(dice, cover),
  dice,
  cover,
  matched: [],
})
const one = (entryId: number | null, id = 1): ExamCase => ({ id, says: '', entryId })

describe('a sure match', () => {
  it('is the likeliest from a sureness on, and only when it leads the next', () => {
    expect(sureMatch([candidate(1, 0.8), candidate(2, 0.5)], 0.7)?.entry.id).toBe(1)
    expect(sureMatch([candidate(1, 0.8), candidate(2, 0.7)], 0.7)).toBeUndefined()
    expect(sureMatch([candidate(1, 0.6)], 0.7)).toBeUndefined()
    // What is covered counts a tenth less than what is alike.
    expect(sureMatch([candidate(1, 0, 1)], 0.9)?.entry.id).toBe(1)
    expect(sureMatch([candidate(1, 0, 1)], 0.95)).toBeUndefined()
    const none: Candidate[] = []
    expect(sureMatch(none, 0.1)).toBeUndefined()
  })
})

describe('a case', () => {
  it('passes where a model would be shown the right entry, and always where none is right', () => {
    const eight = Array.from({ length: 8 }, (_, at) => candidate(at + 1, 0.5))
    expect(tryCase(one(8), eight)).toMatchObject({ rank: 8, passed: true })
    expect(tryCase(one(9), [...eight, candidate(9, 0.1)])).toMatchObject({ rank: 9, passed: false })
    expect(tryCase(one(7), [])).toMatchObject({ rank: null, passed: false })
    expect(tryCase(one(null), eight)).toMatchObject({ rank: null, passed: true })
  })
})

describe('the sureness that is proposed', () => {
  const right = Array.from({ length: 30 }, (_, at) => ({ case: one(1, at), found: [candidate(1, 0.72)] }))
  const curve = (more: { case: ExamCase; found: Candidate[] }[]): ReturnType<typeof curveOf> => {
    const all = [...right, ...more]
    return curveOf(
      all.map((each) => each.case),
      all.map((each) => tryCase(each.case, each.found)),
    )
  }

  it('is the lowest from which on nothing is answered wrongly', () => {
    expect(proposedMatchAt(curve([]), 30)).toBe(0.3)
    const wrong = { case: one(2, 99), found: [candidate(1, 0.5)] }
    expect(proposedMatchAt(curve([wrong]), 31)).toBe(0.55)
  })

  it('is none where a question without an answer would be answered as surely', () => {
    expect(proposedMatchAt(curve([{ case: one(null, 99), found: [candidate(1, 0.9)] }]), 31)).toBeNull()
  })

  it('is none with fewer than thirty cases, and where nothing would be answered', () => {
    expect(proposedMatchAt(curve([]), 29)).toBeNull()
    expect(proposedMatchAt(curveOf([], []), 40)).toBeNull()
  })
})
