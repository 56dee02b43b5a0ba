import { describe, expect, it } from 'vitest'
import { Typing } from './typing.js'

describe('typing', () => {
  it('needs something that the customer did in the last 30 seconds', () => {
    const typing = new Typing()
    expect(typing.start(0)).toBe(45080)
    typing.interacted(0)
    expect(typing.start(30_000)).toBe(45080)
    expect(typing.start(29_999)).toBe(0)
  })

  it('shows for 15 seconds and can’t be started again meanwhile', () => {
    const typing = new Typing()
    typing.interacted(0)
    expect(typing.start(0)).toBe(0)
    expect(typing.until(14_999)).toBe(15_000)
    expect(typing.start(14_999)).toBe(45081)
    expect(typing.until(15_000)).toBeNull()
    expect(typing.start(15_000)).toBe(0)
  })

  it('can be started again once it was stopped', () => {
    const typing = new Typing()
    typing.interacted(0)
    typing.start(0)
    typing.stop()
    expect(typing.until(1)).toBeNull()
    expect(typing.start(1)).toBe(0)
  })
})
