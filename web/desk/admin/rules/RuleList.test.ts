// @vitest-environment happy-dom
import { defineComponent, h, nextTick, ref } from 'vue'
import { expect, it } from 'vitest'
import type { Rule } from '../../../../src/rules/rule-set.js'
import { mount, buttonOf, press, textsOf, unmountAfterEach } from '../../testing-components.js'
import type { RuleRow } from './rule-set-draft.js'
import RuleList from './RuleList.vue'

unmountAfterEach()

const ruleOf = (name: string): Rule => ({
  name,
  when: { text: { contains: name } },
  then: [{ reply: { text: name } }],
})

/** The list, and around it who moves rows as it asks. */
function mountList(names: string[], problems = new Map<number, string[]>()): { moves: number[][] } {
  const rows = ref<RuleRow[]>(names.map((name, index) => ({ id: index + 11, rule: ruleOf(name) })))
  const moves: number[][] = []
  const around = defineComponent({
    setup: () => () =>
      h(RuleList, {
        rows: rows.value,
        problems: { byRule: problems, others: [] },
        counts: null,
        onMove(from: number, to: number) {
          moves.push([from, to])
          rows.value.splice(to, 0, ...rows.value.splice(from, 1))
        },
      }),
  })
  mount(around, { props: {} })
  return { moves }
}
const order = (): string[] => textsOf('li p.admin-name')
const said = (): string[] => textsOf('[role=status]')
async function key(name: string, altKey: boolean): Promise<void> {
  const event = new KeyboardEvent('keydown', { key: name, altKey, bubbles: true, cancelable: true })
  document.activeElement?.dispatchEvent(event)
  await nextTick()
  await nextTick()
}

it('moves a rule by its buttons, says its place, and keeps the focus at the button', async () => {
  mountList(['hours', 'price', 'thanks'])
  await press('Move hours down')
  expect(order()).toEqual(['price', 'hours', 'thanks'])
  expect(said()).toEqual(['hours is now number 2'])
  expect(document.activeElement).toBe(buttonOf('Move hours down'))
})

it('gives the focus to the other button where the rule can go no further', async () => {
  mountList(['hours', 'price'])
  await press('Move hours down')
  expect(order()).toEqual(['price', 'hours'])
  expect(buttonOf('Move hours down').disabled).toBe(true)
  expect(document.activeElement).toBe(buttonOf('Move hours up'))
  await press('Move hours up')
  expect(order()).toEqual(['hours', 'price'])
  expect(said()).toEqual(['hours is now number 1'])
  expect(document.activeElement).toBe(buttonOf('Move hours down'))
})

it('moves a rule by Alt and an arrow, and the focus goes with what had it', async () => {
  const { moves } = mountList(['hours', 'price', 'thanks'])
  buttonOf('Edit thanks').focus()
  await key('ArrowUp', true)
  await key('ArrowUp', true)
  expect(order()).toEqual(['thanks', 'hours', 'price'])
  expect(said()).toEqual(['thanks is now number 1'])
  expect(document.activeElement).toBe(buttonOf('Edit thanks'))
  // There is no place before the first, and an arrow alone moves nothing.
  await key('ArrowUp', true)
  await key('ArrowDown', false)
  expect(moves).toEqual([
    [2, 1],
    [1, 0],
  ])
})

it('shows what the service says against a rule at that rule', () => {
  mountList(['hours', 'price'], new Map([[1, ['it has no reply']]]))
  const [hours, price] = textsOf('li')
  expect(hours).not.toContain('it has no reply')
  expect(price).toContain('It can’t be saved like this: it has no reply')
})
