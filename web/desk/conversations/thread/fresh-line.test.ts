// @vitest-environment happy-dom
import { effectScope, nextTick, ref, shallowRef, type EffectScope, type Ref } from 'vue'
import { expect, it, vi, type Mock } from 'vitest'
import { useFreshLine, type FreshLine } from './fresh-line.js'

interface Stage {
  first: Ref<number | null>
  scrolled: Mock
  onMoved: Mock
  freshLine: FreshLine | undefined
  scope: EffectScope
}

function stage(top: number): Stage {
  const inner = document.createElement('div')
  inner.innerHTML = '<div data-fresh></div>'
  const line = inner.firstElementChild as HTMLElement
  const scrolled = vi.fn()
  line.scrollIntoView = scrolled
  const first = ref<number | null>(1)
  const onMoved = vi.fn()
  const scope = effectScope()
  const freshLine = scope.run(() => useFreshLine(first, shallowRef(inner), () => top, onMoved))
  return { first, scrolled, onMoved, freshLine, scope }
}

it('brings the line to the edge again when the last of what was not read comes a moment later', async () => {
  const { first, scrolled, onMoved, scope } = stage(0)
  first.value = 2
  await nextTick()
  await nextTick()
  expect(scrolled).toHaveBeenCalledWith({ block: 'start' })
  expect(onMoved).toHaveBeenCalledOnce()
  scope.stop()
})

it('leaves whoever has scrolled on where they are', async () => {
  const { first, scrolled, onMoved, scope } = stage(300)
  first.value = 2
  await nextTick()
  await nextTick()
  expect(scrolled).not.toHaveBeenCalled()
  expect(onMoved).not.toHaveBeenCalled()
  scope.stop()
})

it('shows the line where it is above, and stays at the end where it is in sight', () => {
  const above = stage(-10)
  above.freshLine?.show()
  expect(above.scrolled).toHaveBeenCalledOnce()
  const inSight = stage(10)
  inSight.freshLine?.show()
  expect(inSight.scrolled).not.toHaveBeenCalled()
})
