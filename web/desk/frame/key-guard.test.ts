import { beforeEach, expect, it } from 'vitest'
import { createKeyGuard, type KeyGuard } from './key-guard.js'

let now = 0
let guard: KeyGuard
beforeEach(() => {
  guard = createKeyGuard(() => now)
})
const press = (key: string, change: Partial<KeyboardEvent> = {}): string => {
  const usual = {
    key,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    isComposing: false,
    keyCode: 0,
    repeat: false,
  }
  return guard.read({ ...usual, ...change })
}

it('R, N and L right after T are commands, though T has moved the focus meanwhile', () => {
  for (const key of ['r', 'R', 'n', 'l']) {
    guard.did('take', { key: 't' })
    guard.released({ key: 't' })
    guard.focused()
    expect([key, press(key)]).toEqual([key, 'command'])
    expect([key, press(key)]).toEqual([key, 'text'])
  }
})

it('is text again once something was typed, after a while, with a modifier, and while composing', () => {
  const taken = (): void => {
    guard.did('take', { key: 't' })
    guard.focused()
  }
  taken()
  expect(press('您')).toBe('text')
  expect(press('r')).toBe('text')
  taken()
  now += 1501
  expect(press('r')).toBe('text')
  taken()
  expect(press('r', { ctrlKey: true })).toBe('text')
  taken()
  expect(press('r', { keyCode: 229 })).toBe('text')
  expect(press('r')).toBe('text')
})

it('whoever went to the field, or was led there by its key, writes there', () => {
  guard.did('take', { key: 't' })
  guard.moved()
  guard.focused()
  expect(press('r')).toBe('text')
  for (const command of ['reply', 'note', 'tags', 'search'] as const) {
    guard.did(command, { key: 'x' })
    guard.focused()
    expect([command, press('r')]).toEqual([command, 'text'])
  }
  // The canned replies are in the box that T leads to.
  guard.did('take', { key: 't' })
  guard.focused()
  expect(press('/')).toBe('text')
})

it('a key that is held down does not go on in the field', () => {
  guard.did('reply', { key: 'r' })
  guard.focused()
  expect([press('r', { repeat: true }), press('R', { repeat: true })]).toEqual(['nothing', 'nothing'])
  guard.released({ key: 'r' })
  expect(press('r')).toBe('text')
  expect(press('r', { repeat: true })).toBe('text')
})
