import { describe, expect, it } from 'vitest'
import { makePassword, passwordProblem, Passwords } from './passwords.js'

describe('a password', () => {
  it('is kept as argon2id, each time with another salt', async () => {
    const passwords = new Passwords()
    const [one, other] = await Promise.all([
      passwords.hash('云朵马克杯很好看的'),
      passwords.hash('云朵马克杯很好看的'),
    ])
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(one).not.toBe(other)
    expect(await passwords.verify(one, '云朵马克杯很好看的')).toBe(true)
    expect(await passwords.verify(one, '云朵马克杯很好看')).toBe(false)
  })

  it('is nobody’s where there is no account, or a removed one', async () => {
    const passwords = new Passwords()
    expect(await passwords.verify(undefined, '')).toBe(false)
    expect(await passwords.verify('', '')).toBe(false)
  })

  it('costs a hash also where there is no account, so that those who wait are as many', async () => {
    const passwords = new Passwords()
    const many = await Promise.allSettled(
      Array.from({ length: 110 }, () => passwords.verify(undefined, 'correct horse')),
    )
    expect(many.filter(({ status }) => status === 'rejected')).not.toEqual([])
  })

  it('sends away who comes when too many wait already, and lets those in who waited', async () => {
    const passwords = new Passwords()
    const hash = await passwords.hash('correct horse')
    const many = await Promise.allSettled(
      Array.from({ length: 110 }, () => passwords.verify(hash, 'correct horse')),
    )
    const done = many.filter((each) => each.status === 'fulfilled')
    expect(done.every(({ value }) => value)).toBe(true)
    expect(done.length).toBeGreaterThanOrEqual(100)
    expect(done.length).toBeLessThan(110)
    expect(await passwords.verify(hash, 'correct horse')).toBe(true)
  })

  it.each(['correct horse', '我家的云朵马克杯真好', makePassword()])('may be %s', (password) => {
    expect(passwordProblem(password, '小林')).toBeUndefined()
  })

  it.each([
    ['short1', /at least 10/],
    ['x'.repeat(201), /at most 200/],
    ['1234567890', /tried first/],
    ['Password123', /tried first/],
    ['qwertyuiop', /tried first/],
    ['ababababab', /tried first/],
    ['woaini1314520', /tried first/],
    ['xiaolin-2026', /contain the name/],
  ])('may not be %s', (password, words) => {
    expect(passwordProblem(password, 'xiaolin')).toMatch(words)
  })
})
