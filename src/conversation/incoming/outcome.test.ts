import { describe, expect, it } from 'vitest'
import { HandlerError } from '../../errors.js'
import { AllowanceError } from '../allowance-error.js'
import { decideOutcome, isFailure, isFinal, type BotResult } from './outcome.js'

const nothing: BotResult = {
  answer: 'success',
  isLate: false,
  handoff: undefined,
  assistant: undefined,
  error: undefined,
  hasAnswered: false,
  isEvent: false,
}
const threw = new HandlerError('threw', 'A handler threw.')
const allowance = new HandlerError('threw', 'A handler threw.', { cause: new AllowanceError('used up') })

describe('what a run comes to', () => {
  it.each<[string, Partial<BotResult>, ReturnType<typeof decideOutcome>]>([
    ['a transfer', { answer: 'transfer' }, { kind: 'transferred' }],
    [
      'a transfer, whatever else happened',
      { answer: 'transfer', error: threw, handoff: 'vip' },
      { kind: 'transferred' },
    ],
    [
      'a transfer that WeChat was not told of',
      { answer: 'transfer', isLate: true },
      { kind: 'handoff', reason: 'transfer_late' },
    ],
    [
      'a transfer that was refused as too late',
      { error: new HandlerError('late', 'too late') },
      { kind: 'handoff', reason: 'transfer_late' },
    ],
    [
      'an assistant’s turn',
      { assistant: '售前', hasAnswered: true },
      { kind: 'assisted', assistant: '售前' },
    ],
    [
      'a handoff, also where an assistant was asked',
      { assistant: '售前', handoff: 'vip' },
      { kind: 'handoff', reason: 'vip' },
    ],
    [
      'an error, also where an assistant was asked',
      { assistant: '售前', error: threw },
      { kind: 'handoff', reason: 'handler_failed' },
    ],
    ['no turn of an event', { assistant: '售前', hasAnswered: true, isEvent: true }, { kind: 'answered' }],
    ['a handoff, also before an error', { handoff: 'vip', error: threw }, { kind: 'handoff', reason: 'vip' }],
    [
      'an error, also after a reply',
      { error: threw, hasAnswered: true },
      { kind: 'handoff', reason: 'handler_failed' },
    ],
    ['no more messages allowed', { error: allowance }, { kind: 'handoff', reason: 'allowance' }],
    [
      'a sub-merchant’s session',
      { error: new HandlerError('business', 'no') },
      { kind: 'handoff', reason: 'business' },
    ],
    ['a reply', { hasAnswered: true }, { kind: 'answered' }],
    ['an event that nobody wanted', { isEvent: true }, { kind: 'ignored' }],
    ['a message that nobody answered', {}, { kind: 'handoff', reason: 'unanswered' }],
  ])('%s', (_, result, outcome) => {
    expect(decideOutcome({ ...nothing, ...result })).toEqual(outcome)
  })
})

describe('an error of handlers', () => {
  it('counts as failed where they are at fault', () => {
    expect([undefined, threw, new HandlerError('timeout', 't')].map(isFailure)).toEqual([false, true, true])
    expect(
      [allowance, new HandlerError('late', 'l'), new HandlerError('business', 'b')].map(isFailure),
    ).toEqual([false, false, false])
  })

  it('is final where another run could not end otherwise', () => {
    expect([threw, new HandlerError('timeout', 't')].map(isFinal)).toEqual([false, false])
    expect(
      [allowance, ...(['late', 'misuse', 'business'] as const).map((code) => new HandlerError(code, ''))].map(
        isFinal,
      ),
    ).toEqual([true, true, true, true])
  })
})
