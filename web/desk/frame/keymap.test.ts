import { expect, it } from 'vitest'
import { createKeymap, shortcuts, type Command } from './keymap.js'

let now = 0
const press = (
  read: ReturnType<typeof createKeymap>,
  key: string,
  change: Partial<KeyboardEvent> & { inField?: boolean; off?: boolean } = {},
): Command | null => {
  const { inField = false, off = false, ...event } = change
  const usual = {
    key,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    isComposing: false,
    keyCode: 0,
    defaultPrevented: false,
  }
  return read({ ...usual, ...event }, inField, !off)
}

it('single keys are commands, in both cases', () => {
  const read = createKeymap(() => now)
  expect(['j', 'K', '/', '?', ']', 'Enter', 'x'].map((key) => press(read, key))).toEqual([
    'next',
    'previous',
    'search',
    'help',
    'context',
    'open',
    null,
  ])
})

it('mean nothing in a field, with a modifier, while composing, or switched off', () => {
  const read = createKeymap(() => now)
  expect(press(read, 't', { inField: true })).toBeNull()
  expect(press(read, 't', { ctrlKey: true })).toBeNull()
  expect(press(read, 't', { altKey: true })).toBeNull()
  expect(press(read, 't', { isComposing: true })).toBeNull()
  expect(press(read, 't', { keyCode: 229 })).toBeNull()
  expect(press(read, 't', { off: true })).toBeNull()
  expect(press(read, 't', { defaultPrevented: true })).toBeNull()
})

it('Ctrl+K and Cmd+K mean the same everywhere', () => {
  const read = createKeymap(() => now)
  expect(press(read, 'k', { ctrlKey: true, inField: true })).toBe('palette')
  expect(press(read, 'k', { metaKey: true, off: true })).toBe('palette')
})

it('G waits for a digit, and not for long', () => {
  const read = createKeymap(() => now)
  expect([press(read, 'g'), press(read, '2')]).toEqual([null, 'tab2'])
  press(read, 'g')
  now += 2000
  expect(press(read, '2')).toBeNull()
  press(read, 'g')
  expect(press(read, 'j')).toBeNull()
  expect(press(read, 'j')).toBe('next')
})

it('no two commands have the same keys', () => {
  const keys = shortcuts.map(([each]) => each.join('+'))
  expect(new Set(keys).size).toBe(keys.length)
})
