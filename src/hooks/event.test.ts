import { describe, expect, it } from 'vitest'
import { eventOf, hookEvents, type Occurrence } from './event.js'

const message = (about: Partial<Occurrence>): Occurrence => ({
  id: 7,
  direction: 'outgoing',
  state: null,
  attempts: 1,
  ...about,
})

describe('what a message of the feed tells', () => {
  it.each([
    [{ direction: 'incoming' }, 'message.received', 'message.received:7'],
    [{ state: 'accepted' }, 'message.sent', 'message.sent:7'],
    [{ state: 'failed' }, 'message.failed', 'message.failed:7:1'],
    [{ state: 'failed', attempts: 2 }, 'message.failed', 'message.failed:7:2'],
    [{ state: 'unknown' }, 'message.unknown', 'message.unknown:7:1'],
    [{ direction: 'system', line: 'entered' }, 'contact.entered', 'contact.entered:7'],
    [{ direction: 'system', line: 'handoff' }, 'conversation.handoff', 'conversation.handoff:7'],
    [{ direction: 'system', line: 'take' }, 'conversation.assigned', 'conversation.assigned:7'],
    [{ direction: 'system', line: 'close' }, 'conversation.closed', 'conversation.closed:7'],
  ] as const)('%o is %s', (about, event, onceKey) => {
    expect(eventOf(message(about))).toEqual({ event, onceKey })
  })

  it.each([
    { state: 'queued' },
    { state: 'sending' },
    { state: 'cancelled' },
    { direction: 'note' },
    { direction: 'system', line: 'something later' },
    { direction: 'system', line: 'constructor' },
  ] as const)('%o tells nothing', (about) => {
    expect(eventOf(message(about))).toBeUndefined()
  })

  it('uses every name that endpoints can ask for', () => {
    const told = new Set([
      ...['accepted', 'failed', 'unknown'].map((state) => eventOf(message({ state }))?.event),
      eventOf(message({ direction: 'incoming' }))?.event,
      ...['entered', 'handoff', 'take', 'abandon', 'release', 'close', 'reopen', 'transferred'].map(
        (line) => eventOf(message({ direction: 'system', line }))?.event,
      ),
    ])
    expect(told).toEqual(new Set(Object.keys(hookEvents)))
  })
})
