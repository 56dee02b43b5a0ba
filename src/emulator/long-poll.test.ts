import { EventEmitter } from 'node:events'
import { beforeEach, describe, expect, it } from 'vitest'
import { EventBus } from './event-bus.js'
import { untilSome, type LongPoll } from './long-poll.js'
import type { EmulatorEvent } from './protocol.js'

const event: EmulatorEvent = { type: 'reset' }
const patience = 60_000

let items: string[]
let looks: number
let bus: EventBus
let response: EventEmitter
let closing: AbortController

beforeEach(() => {
  items = []
  looks = 0
  bus = new EventBus()
  response = new EventEmitter()
  closing = new AbortController()
})

function poll(options: Partial<LongPoll> = {}, look?: () => string[]): Promise<readonly string[]> {
  return untilSome(
    () => {
      looks += 1
      return look ? look() : items
    },
    {
      waitMs: patience,
      bus,
      wakes: ({ type }) => type === 'reset',
      response,
      closed: closing.signal,
      ...options,
    },
  )
}

function expectReleased(): void {
  expect(bus.size).toBe(0)
  expect(response.listenerCount('close')).toBe(0)
}

describe('a list that is waited for', () => {
  it('is answered at once when there is something, or nobody wants to wait', async () => {
    expect(await poll({ waitMs: 0 })).toEqual([])
    items = ['a']
    expect(await poll()).toEqual(['a'])
    expectReleased()
  })

  it('is answered by the event that brings something, and looked at after no other', async () => {
    const answer = poll()
    bus.emit({ type: 'app_reset', appId: 'wx1' })
    expect(looks).toBe(1)
    bus.emit(event)
    expect(looks).toBe(2)
    expect(bus.size).toBe(1)
    items = ['a']
    bus.emit(event)
    expectReleased()
    expect(await answer).toEqual(['a'])
    bus.emit(event)
    expect(looks).toBe(3)
  })

  it('is answered with what there is when the time has passed', async () => {
    expect(await poll({ waitMs: 1 })).toEqual([])
    expectReleased()
  })

  it('lets go when the client has gone', async () => {
    const answer = poll()
    expect(response.listenerCount('close')).toBe(1)
    response.emit('close')
    expectReleased()
    expect(await answer).toEqual([])
  })

  it('lets go when the world ends, and waits in none that has ended', async () => {
    const answer = poll()
    closing.abort()
    expectReleased()
    expect(await answer).toEqual([])
    expect(await poll()).toEqual([])
    expectReleased()
  })

  it('fails, and lets go, when it is no longer there', async () => {
    let gone = false
    const answer = poll({}, () => {
      if (gone) throw new Error('There is no such list.')
      return []
    })
    gone = true
    bus.emit(event)
    await expect(answer).rejects.toThrow('There is no such list.')
    expectReleased()
  })
})
