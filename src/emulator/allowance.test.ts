import { describe, expect, it } from 'vitest'
import { Allowance } from './allowance.js'

const minute = 60_000
const hour = 60 * minute

function spend(allowance: Allowance, times: number): void {
  for (let i = 0; i < times; i++) allowance.spend()
}

describe('the allowance', () => {
  it('is closed before the customer has done anything', () => {
    const allowance = new Allowance()
    expect(allowance.check(0)).toBe(45015)
    expect(allowance.view(0)).toEqual({ remaining: 0, expiresAt: 0 })
  })

  it('gives five messages for 48 hours after a message', () => {
    const allowance = new Allowance()
    allowance.trigger('message', 0)
    expect(allowance.view(0)).toEqual({ remaining: 5, expiresAt: 48 * hour })
    spend(allowance, 5)
    expect(allowance.check(1)).toBe(45047)
    expect(allowance.check(48 * hour)).toBe(45015)
  })

  it('gives two messages for one minute after entering', () => {
    const allowance = new Allowance()
    allowance.trigger('enter', 0)
    expect(allowance.view(0)).toEqual({ remaining: 2, expiresAt: minute })
    expect(allowance.check(minute - 1)).toBe(0)
    expect(allowance.check(minute)).toBe(45015)
  })

  it('is raised to the greater count and the later deadline, and never added up', () => {
    const allowance = new Allowance()
    allowance.trigger('message', 0)
    spend(allowance, 4)
    allowance.trigger('enter', hour)
    expect(allowance.view(hour)).toEqual({ remaining: 2, expiresAt: 48 * hour })
    allowance.trigger('message', 2 * hour)
    allowance.trigger('message', 2 * hour)
    expect(allowance.view(2 * hour)).toEqual({ remaining: 5, expiresAt: 50 * hour })
    allowance.trigger('enter', 3 * hour)
    expect(allowance.view(3 * hour).remaining).toBe(5)
  })

  it('begins anew when the one before has expired', () => {
    const allowance = new Allowance()
    allowance.trigger('message', 0)
    allowance.trigger('enter', 49 * hour)
    expect(allowance.view(49 * hour).remaining).toBe(2)
  })
})
