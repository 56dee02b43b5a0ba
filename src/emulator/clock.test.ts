import { describe, expect, it } from 'vitest'
import { EmulatorClock } from './clock.js'

describe('the emulator’s clock', () => {
  it('goes with real time and ahead of it, while signatures stay real', () => {
    let real = 1000
    const clock = new EmulatorClock({ realNow: () => real })
    clock.advance(500)
    real = 1100
    expect([clock.now(), clock.signedNow()]).toEqual([1600, 1100])
    expect(clock.view()).toEqual({ now: 1600, advancedMs: 500 })
    expect(clock.reset()).toBe(500)
    expect(clock.now()).toBe(1100)
  })

  it('stands still where it was told, and signatures follow it', () => {
    let real = 1000
    const clock = new EmulatorClock({ realNow: () => real, fixedAt: 7_000 })
    real = 2000
    expect([clock.now(), clock.signedNow()]).toEqual([7000, 7000])
    clock.advance(1)
    expect([clock.now(), clock.signedNow()]).toEqual([7001, 7001])
    expect(clock.view()).toEqual({ now: 7001, advancedMs: 1, fixedAt: 7000 })
    clock.reset()
    expect(clock.now()).toBe(7000)
  })

  it('does not go back', () => {
    expect(() => {
      new EmulatorClock().advance(-1)
    }).toThrow('only goes forward')
  })
})
