import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextMessageState, type MessageState, type MessageStep } from './message-state.js'

const steps: MessageStep[] = ['leave', 'accept', 'lose', 'fail', 'return', 'cancel', 'retry']

describe('nextMessageState', () => {
  it('takes a message to WeChat', () => {
    expect(nextMessageState('queued', 'leave')).toBe('sending')
    expect(nextMessageState('sending', 'accept')).toBe('accepted')
  })

  it('lets only a person end what is unknown, and never sends it again', () => {
    expect(steps.filter((step) => nextMessageState('unknown', step) !== undefined)).toEqual([
      'accept',
      'fail',
    ])
  })

  it('lets an accepted message alone', () => {
    expect(steps.some((step) => nextMessageState('accepted', step) !== undefined)).toBe(false)
  })

  it('never leaves twice without WeChat’s certain no, or a person’s word, in between', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...steps), { maxLength: 30 }), (taken) => {
        let state: MessageState = 'queued'
        let mayLeave = true
        for (const step of taken) {
          const next = nextMessageState(state, step)
          if (next === undefined) continue
          if (step === 'leave') {
            expect(mayLeave).toBe(true)
            mayLeave = false
          }
          if (step === 'return' || step === 'fail' || step === 'cancel') mayLeave = true
          state = next
        }
      }),
    )
  })
})
