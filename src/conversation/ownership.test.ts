import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { botAnswers, changeOwnership, type Ownership, type OwnershipChange } from './ownership.js'

const bot: Ownership = { status: 'bot', agentId: null, epoch: 0 }
const run = (...changes: OwnershipChange[]): Ownership =>
  changes.reduce((now, change) => changeOwnership(now, change) ?? now, bot)
const take = (agentId: number): OwnershipChange => ({ type: 'take', agentId })

describe('changeOwnership', () => {
  it('goes from the bot to people and to the end', () => {
    expect(run({ type: 'handoff' })).toEqual({ status: 'waiting', agentId: null, epoch: 1 })
    expect(run({ type: 'handoff' }, take(7))).toEqual({ status: 'assigned', agentId: 7, epoch: 2 })
    expect(run({ type: 'handoff' }, take(7), { type: 'close' })).toEqual({
      status: 'closed',
      agentId: null,
      epoch: 3,
    })
  })

  it('opens a closed conversation for the bot when the customer writes, and for people when one reopens it', () => {
    expect(run({ type: 'close' }, { type: 'message' }).status).toBe('bot')
    expect(run({ type: 'close' }, { type: 'reopen' }).status).toBe('waiting')
  })

  it('leaves a person their conversation when the customer writes or a late bot hands it off', () => {
    const mine = run(take(7))
    expect(changeOwnership(mine, { type: 'message' })).toBe(mine)
    expect(changeOwnership(mine, { type: 'handoff' })).toBe(mine)
  })

  it('lets a colleague take over, and gives back what its agent left', () => {
    expect(run(take(7), take(8))).toMatchObject({ status: 'assigned', agentId: 8 })
    expect(run(take(7), { type: 'abandon' })).toMatchObject({ status: 'waiting', agentId: null })
    expect(run(take(7), { type: 'release' })).toMatchObject({ status: 'bot', agentId: null })
  })

  it('refuses to release a closed conversation', () => {
    expect(changeOwnership(run({ type: 'close' }), { type: 'release' })).toBeUndefined()
  })

  it('has an agent exactly while assigned, and raises the epoch exactly with each change', () => {
    const change: fc.Arbitrary<OwnershipChange> = fc.oneof(
      fc.constantFrom<OwnershipChange[]>(
        { type: 'message' },
        { type: 'handoff' },
        { type: 'release' },
        { type: 'abandon' },
        { type: 'close' },
        { type: 'reopen' },
      ),
      fc.integer({ min: 1, max: 3 }).map(take),
      fc.integer({ min: 1, max: 3 }).map((agentId): OwnershipChange => ({ type: 'assign', agentId })),
    )
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        let now = bot
        for (const each of changes) {
          const next = changeOwnership(now, each) ?? now
          expect(next.agentId !== null).toBe(next.status === 'assigned')
          if (next !== now) {
            expect(next.epoch).toBe(now.epoch + 1)
            expect([next.status, next.agentId]).not.toEqual([now.status, now.agentId])
          }
          now = next
        }
      }),
    )
  })

  it('keeps the bot silent while people have or await it', () => {
    expect((['bot', 'waiting', 'assigned', 'closed'] as const).map(botAnswers)).toEqual([
      true,
      false,
      false,
      true,
    ])
  })
})
