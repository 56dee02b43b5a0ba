import { expect, it } from 'vitest'
import { activeMs, watchActivity } from './activity.js'

function page() {
  const target = new EventTarget()
  const state = { at: 0, focus: true, begun: 0 }
  const activity = watchActivity({
    target,
    hasFocus: () => state.focus,
    clock: () => state.at,
    onBegin: () => state.begun++,
  })
  return { target, state, activity }
}

it.each(['keydown', 'pointerdown', 'pointermove', 'wheel', 'scroll', 'touchmove'])(
  'a page is used for two minutes after a %s',
  (sign) => {
    const { target, state, activity } = page()
    state.at = 500_000
    expect(activity.isActive()).toBe(false)
    target.dispatchEvent(new Event(sign))
    expect(activity.isActive()).toBe(true)
    expect(state.begun).toBe(1)
    state.at += activeMs - 1
    expect(activity.isActive()).toBe(true)
    state.at += 1
    expect(activity.isActive()).toBe(false)
  },
)

it('a page without the focus is not used, whatever moves over it', () => {
  const { target, state, activity } = page()
  state.focus = false
  target.dispatchEvent(new Event('pointermove'))
  expect(activity.isActive()).toBe(false)
  expect(state.begun).toBe(0)
})

it('is not watched any more once it is closed', () => {
  const { target, state, activity } = page()
  activity.stop()
  state.at = 500_000
  target.dispatchEvent(new Event('keydown'))
  expect(activity.isActive()).toBe(false)
})
