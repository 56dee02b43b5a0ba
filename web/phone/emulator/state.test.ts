import { describe, expect, it } from 'vitest'
import type { Delivery, PhoneMessage } from '../../../src/emulator/protocol.js'
import { applyEvent, emptyState, maxEntries } from './state.js'

const message = (sequence: number, openId = 'o1'): PhoneMessage => ({
  id: `m${sequence}`,
  sequence,
  appId: 'wx1',
  openId,
  from: 'user',
  at: sequence,
  content: { msgType: 'text', content: '' },
})
const delivery = (sequence: number, state: Delivery['state']): Delivery => ({
  id: `d${sequence}`,
  sequence,
  appId: 'wx1',
  openId: 'o1',
  messageId: null,
  kind: 'text',
  format: 'json',
  mode: 'secure',
  plaintext: '',
  attempts: [],
  state,
  answer: null,
})

describe('applyEvent', () => {
  it('keeps each customer’s messages in their sequence, a repeated one once', () => {
    const state = emptyState(0)
    for (const sequence of [1, 3, 2, 3]) applyEvent(state, { type: 'message', message: message(sequence) })
    applyEvent(state, { type: 'message', message: message(4, 'o2') })
    expect(state.messages['wx1/o1']?.map((item) => item.sequence)).toEqual([1, 2, 3])
    expect(state.messages['wx1/o2']?.map((item) => item.sequence)).toEqual([4])
  })

  it('replaces a delivery by its later state and keeps its place', () => {
    const state = emptyState(0)
    applyEvent(state, { type: 'delivery', delivery: delivery(1, 'pending') })
    applyEvent(state, { type: 'delivery', delivery: delivery(2, 'pending') })
    applyEvent(state, { type: 'delivery', delivery: delivery(1, 'answered') })
    expect(state.deliveries.map((item) => `${item.id} ${item.state}`)).toEqual(['d1 answered', 'd2 pending'])
  })

  it('forgets the oldest deliveries past the bound', () => {
    const state = emptyState(0)
    for (let i = 1; i <= maxEntries + 2; i++)
      applyEvent(state, { type: 'delivery', delivery: delivery(i, 'answered') })
    expect(state.deliveries).toHaveLength(maxEntries)
    expect(state.deliveries[0]?.sequence).toBe(3)
  })

  it('an app that is reset or removed leaves nothing, and others stay', () => {
    const state = emptyState(0)
    const app = { name: '', originalId: '', mode: 'secure', format: 'json', pushUrl: '' } as const
    for (const appId of ['wx1', 'wx10']) {
      applyEvent(state, { type: 'app', app: { ...app, appId } })
      applyEvent(state, { type: 'message', message: { ...message(1), appId } })
      applyEvent(state, { type: 'delivery', delivery: { ...delivery(1, 'answered'), id: appId, appId } })
    }
    applyEvent(state, { type: 'app_reset', appId: 'wx1' })
    expect(state.apps.map(({ appId }) => appId)).toEqual(['wx1', 'wx10'])
    expect(Object.keys(state.messages)).toEqual(['wx10/o1'])
    expect(state.deliveries.map(({ appId }) => appId)).toEqual(['wx10'])
    applyEvent(state, { type: 'app_removed', appId: 'wx10' })
    expect(state.apps.map(({ appId }) => appId)).toEqual(['wx1'])
    expect([state.messages, state.deliveries]).toEqual([{}, []])
  })

  it('a reset puts a clock that stands still back to where it began', () => {
    const state = emptyState(0)
    applyEvent(state, { type: 'clock', clock: { now: 7005, advancedMs: 5, fixedAt: 7000 } })
    applyEvent(state, { type: 'reset' })
    expect(state.clock).toEqual({ now: 7000, advancedMs: 0, fixedAt: 7000 })
  })

  it('a reset empties the phones and the wire, and leaves the apps', () => {
    const state = emptyState(0)
    const app = {
      appId: 'wx1',
      name: '',
      originalId: '',
      mode: 'secure',
      format: 'json',
      pushUrl: '',
    } as const
    applyEvent(state, { type: 'app', app })
    applyEvent(state, { type: 'app', app: { ...app, name: '茶铺' } })
    applyEvent(state, { type: 'message', message: message(1) })
    applyEvent(state, { type: 'reset' })
    expect(state.apps).toEqual([{ ...app, name: '茶铺' }])
    expect(state.messages).toEqual({})
  })
})
