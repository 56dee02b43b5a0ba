import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runs } from '../../test/support/property-runs.js'
import { changeOwnership, type Ownership, type OwnershipChange } from './ownership.js'
import { undoVerdict, UNDO_MS, type UndoRecord } from './undo.js'

const record: UndoRecord = { what: 'close', epoch: 5, agentId: 7, at: 100_000, waitingSince: null }
const asked = { epoch: 5, agentId: 7 }
const verdict = (change: Partial<UndoRecord> | null, now: { epoch?: number; at?: number } = {}, ask = {}) =>
  undoVerdict(change && { ...record, ...change }, { ...asked, ...ask }, { epoch: 5, at: 100_000, ...now })

describe('whether a close or release can be undone', () => {
  it('for eight seconds of the one clock, by who did it', () => {
    expect(verdict({})).toBe('undo')
    expect(verdict({}, { at: 100_000 + UNDO_MS })).toBe('undo')
    expect(verdict({}, { at: 100_000 + UNDO_MS + 1 })).toBe('late')
    expect(verdict({}, {}, { agentId: 8 })).toBe('not_yours')
    expect(verdict({}, {}, { agentId: null })).toBe('not_yours')
  })

  it('also after the customer wrote and the bot answered or handed over', () => {
    expect(verdict({}, { epoch: 7 })).toBe('undo')
  })

  it('not after somebody acted, and not another change than was meant', () => {
    expect(verdict(null)).toBe('nothing')
    expect(verdict({}, {}, { epoch: 4 })).toBe('acted')
  })

  it('once; the same undo again is answered as it was, unless somebody acted since', () => {
    expect(verdict({ undoneAs: 6 }, { epoch: 6, at: 900_000 })).toBe('done_already')
    expect(verdict({ undoneAs: 6 }, { epoch: 7 })).toBe('acted')
  })

  it('also where the clock was put back a little meanwhile, never where it says that it is long ago', () => {
    expect(verdict({}, { at: 99_000 })).toBe('undo')
    expect(verdict({}, { at: 100_000 - UNDO_MS - 1 })).toBe('late')
  })
})

it('an undone change gives the conversation to who made it, whatever customer and bot did meanwhile', () => {
  const others = fc.array(fc.constantFrom<OwnershipChange>({ type: 'message' }, { type: 'handoff' }), {
    maxLength: 6,
  })
  fc.assert(
    fc.property(
      fc.constantFrom<Ownership['status']>('bot', 'waiting', 'assigned', 'closed'),
      fc.constantFrom<'close' | 'release'>('close', 'release'),
      fc.nat(20),
      others,
      (status, what, epoch, meanwhile) => {
        const before: Ownership = { status, agentId: status === 'assigned' ? 7 : null, epoch }
        const left = changeOwnership(before, { type: what })
        fc.pre(left !== undefined && left !== before)
        const now = meanwhile.reduce((state, each) => changeOwnership(state, each) ?? state, left)
        const undone = changeOwnership(now, { type: 'undo', agentId: 7 })
        expect(undone).toEqual({ status: 'assigned', agentId: 7, epoch: now.epoch + 1 })
        // Never from a colleague who has it.
        const taken = changeOwnership(now, { type: 'take', agentId: 8 })
        expect(taken && changeOwnership(taken, { type: 'undo', agentId: 7 })).toBeUndefined()
      },
    ),
    { numRuns: runs(500) },
  )
})
