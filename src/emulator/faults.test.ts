import { describe, expect, it } from 'vitest'
import { Faults } from './faults.js'
import type { FaultInput } from './protocol.js'

const send = '/cgi-bin/message/custom/send'

describe('faults', () => {
  it('happen once when nobody says how often, and are gone then', () => {
    const faults = new Faults()
    faults.add({ errcode: -1 })
    expect(faults.takeForCall(send, 'o1')?.errcode).toBe(-1)
    expect(faults.takeForCall(send, 'o1')).toBeUndefined()
    expect(faults.items).toEqual([])
  })

  it('concern the paths that begin so and the customer who is named', () => {
    const faults = new Faults()
    faults.add({ path: '/cgi-bin/message', openId: 'o1', errcode: 45015 })
    expect(faults.takeForCall('/cgi-bin/token', null)).toBeUndefined()
    expect(faults.takeForCall(send, 'o2')).toBeUndefined()
    expect(faults.takeForCall(send, 'o1')?.errcode).toBe(45015)
  })

  it('are met in the order in which they were added', () => {
    const faults = new Faults()
    faults.add({ errcode: -1, times: 2 })
    faults.add({ status: 502 })
    const met = [1, 2, 3].map(() => faults.takeForCall(send, null))
    expect(met.map((fault) => fault?.errcode ?? fault?.status)).toEqual([-1, -1, 502])
  })

  it('of pushes leave API calls alone, and the other way round', () => {
    const faults = new Faults()
    faults.add({ push: 'duplicate' })
    faults.add({ errcode: -1 })
    expect(faults.takeForCall(send, null)?.errcode).toBe(-1)
    expect(faults.takeForCall(send, null)).toBeUndefined()
    expect(faults.takeForPush('o1', true)).toBe('duplicate')
  })

  it('keep back no second push while one is kept back', () => {
    const faults = new Faults()
    faults.add({ push: 'reorder' })
    expect(faults.takeForPush('o1', false)).toBeUndefined()
    expect(faults.takeForPush('o1', true)).toBe('reorder')
  })

  it('tell what is left after each change', () => {
    const seen: number[][] = []
    const faults = new Faults({ onChange: (items) => seen.push(items.map((fault) => fault.remaining)) })
    faults.add({ errcode: -1, times: 2 })
    faults.takeForCall(send, null)
    faults.clear()
    expect(seen).toEqual([[2], [1], []])
  })

  it.each<[FaultInput, string]>([
    [{}, 'exactly one of errcode, delayMs, reset, status, push'],
    [{ errcode: -1, status: 502 }, 'exactly one of'],
    [{ push: 'duplicate', path: send }, 'path: '],
    [{ path: 'cgi-bin', errcode: -1 }, 'path: must be the start of a path'],
    [{ errcode: -1, times: 0 }, 'times: '],
  ])('refuse %j and say why', (input, message) => {
    expect(() => new Faults().add(input)).toThrow(message)
  })
})
