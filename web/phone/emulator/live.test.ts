import { describe, expect, it, vi } from 'vitest'
import type { EmulatorEvent, PhoneMessage } from '../../../src/emulator/protocol.js'
import { EmulatorError, type Client } from './client.js'
import { connect, type OpenStream, type StreamListener } from './live.js'
import { emptyState } from './state.js'

const customer = { appId: 'wx1', openId: 'o1' }
const message = (sequence: number): PhoneMessage => ({
  ...customer,
  id: `m${sequence}`,
  sequence,
  from: 'service',
  at: sequence,
  content: { msgType: 'text', content: '' },
})

/** An emulator that holds messages, and a stream that the test opens, breaks and writes to. */
function fakes() {
  const held: PhoneMessage[] = []
  const streams: (StreamListener & { emit(event: EmulatorEvent): void })[] = []
  const none = () => Promise.resolve([])
  const read = {
    apps: none,
    deliveries: none,
    calls: none,
    faults: none,
    model: () => Promise.resolve({ profile: 'openai' as const, faults: [] }),
    modelCalls: none,
    clock: () => Promise.resolve({ now: 0, advancedMs: 0 }),
    messages: () => Promise.resolve([...held]),
    user: () => Promise.reject(new EmulatorError('not_found', '')),
  }
  const client = read as Partial<Client> as Client
  const openStream: OpenStream = (listener) => {
    streams.push({
      ...listener,
      emit(event) {
        listener.data(JSON.stringify(event))
      },
    })
    return () => undefined
  }
  return { held, streams, read, client, openStream }
}

const sequences = (messages: PhoneMessage[] | undefined) => messages?.map((item) => item.sequence)

describe('connect', () => {
  it('reads what was there, then follows', async () => {
    const { held, streams, client, openStream } = fakes()
    const state = emptyState(0)
    const live = connect({ client, state, openStream, customers: () => [customer] })
    expect(state.link).toBe('connecting')
    held.push(message(1))
    client.user = () =>
      Promise.resolve({
        ...customer,
        allowance: { remaining: 5, expiresAt: 1 },
        typingUntil: null,
        officialUntil: null,
      })
    streams[0]!.opened()
    await vi.waitFor(() => {
      expect(state.link).toBe('live')
    })
    streams[0]!.emit({ type: 'message', message: message(2) })
    expect(sequences(state.messages['wx1/o1'])).toEqual([1, 2])
    expect(state.users['wx1/o1']?.allowance.remaining).toBe(5)
    live.close()
  })

  it('applies what arrives while it reads after what it read', async () => {
    const { held, streams, read, client, openStream } = fakes()
    const state = emptyState(0)
    let release = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    read.apps = async () => {
      await gate
      return []
    }
    client.user = () =>
      Promise.resolve({
        ...customer,
        allowance: { remaining: 5, expiresAt: 1 },
        typingUntil: null,
        officialUntil: null,
      })
    const live = connect({ client, state, openStream, customers: () => [customer] })
    held.push(message(1))
    streams[0]!.opened()
    streams[0]!.emit({ type: 'message', message: message(2) })
    release()
    await vi.waitFor(() => {
      expect(sequences(state.messages['wx1/o1'])).toEqual([1, 2])
    })
    live.close()
  })

  it('says that the link is lost, and after it is back shows what an emulator that began again has', async () => {
    const { held, streams, client, openStream } = fakes()
    const state = emptyState(0)
    client.user = () =>
      Promise.resolve({
        ...customer,
        allowance: { remaining: 5, expiresAt: 1 },
        typingUntil: null,
        officialUntil: null,
      })
    const live = connect({ client, state, openStream, customers: () => [customer] })
    held.push(message(7), message(8))
    streams[0]!.opened()
    await vi.waitFor(() => {
      expect(sequences(state.messages['wx1/o1'])).toEqual([7, 8])
    })
    streams[0]!.broken(true)
    expect(state.link).toBe('lost')
    held.splice(0, 2, message(1))
    streams[0]!.opened()
    await vi.waitFor(() => {
      expect(state.link).toBe('live')
    })
    expect(sequences(state.messages['wx1/o1'])).toEqual([1])
    live.close()
  })

  it('opens the stream anew when the browser gives it up', async () => {
    const { streams, client, openStream } = fakes()
    const state = emptyState(0)
    const live = connect({ client, state, openStream, customers: () => [customer], retryMs: 1 })
    streams[0]!.broken(false)
    await vi.waitFor(() => {
      expect(streams).toHaveLength(2)
    })
    streams[1]!.opened()
    await vi.waitFor(() => {
      expect(state.link).toBe('live')
    })
    live.close()
  })

  it('reads again while the emulator cannot be reached', async () => {
    const { streams, read, client, openStream } = fakes()
    const state = emptyState(0)
    let refused = 2
    read.apps = () =>
      refused-- > 0 ? Promise.reject(new EmulatorError('unreachable', '')) : Promise.resolve([])
    const live = connect({ client, state, openStream, customers: () => [], retryMs: 1 })
    streams[0]!.opened()
    await vi.waitFor(() => {
      expect(state.link).toBe('live')
    })
    live.close()
  })
})
