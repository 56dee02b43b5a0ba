// @vitest-environment happy-dom
import { nextTick } from 'vue'
import { expect, it } from 'vitest'
import type { Rule } from '../../../../src/rules/rule-set.js'
import {
  mount,
  buttonOf,
  fieldOf,
  press,
  submit,
  textsOf,
  unmountAfterEach,
  write,
} from '../../testing-components.js'
import RuleForm from './RuleForm.vue'

unmountAfterEach()

const full: Rule = {
  name: 'prices',
  enabled: false,
  when: {
    type: ['text', 'image'],
    text: { contains: ['price', '多少钱'] },
    sessionFrom: { equals: ['goods'] },
    hours: { within: '09:00-18:00', days: [1, 5], zone: 'Asia/Shanghai' },
    tags: { none: ['vip'] },
  },
  then: [{ reply: { text: 'It is 5.' } }, { tag: 'asked' }, { handoff: 'A colleague comes.' }],
}
/** The form has no place for two comparisons of one text. */
const beyondForm: Rule = { ...full, when: { text: { contains: ['a'], equals: ['b'] } } }

async function openForm(
  rule: Rule,
  schedules: string[] = [],
): Promise<{ done: Rule[]; isOpen: () => boolean }> {
  const done: Rule[] = []
  const state = { isOpen: true }
  const wrapper = mount(RuleForm, {
    props: {
      rule,
      schedules,
      open: true,
      onDone: (made: Rule) => void done.push(made),
      'onUpdate:open': (open: boolean) => {
        state.isOpen = open
        void wrapper.setProps({ open })
      },
    },
  })
  await nextTick()
  return { done, isOpen: () => state.isOpen }
}
const problems = (): string[] => textsOf('[role=alert]')

it('fills its fields from a rule, and gives back the same rule', async () => {
  const { done, isOpen } = await openForm(full)
  expect(fieldOf('Name of the rule').value).toBe('prices')
  expect(textsOf('#rule-form')[0]).not.toContain('Back to the form')
  await submit('Done')
  expect(done).toEqual([full])
  expect(isOpen()).toBe(false)
})

it('gives back what was changed in its fields, and leaves the rule that it was given', async () => {
  const before = JSON.stringify(full)
  const { done } = await openForm(full)
  await write('Name of the rule', ' cost ')
  await write('Text of the message', 'cost\n\n fee ')
  await submit('Done')
  expect(done).toEqual([
    { ...full, name: 'cost', when: { ...full.when, text: { contains: ['cost', 'fee'] } } },
  ])
  expect(JSON.stringify(full)).toBe(before)
})

it('keeps the business hours that a rule names also where they are gone', async () => {
  const rule: Rule = { name: 'closed', when: { hours: { closed: 'Support' } }, then: [] }
  const { done } = await openForm(rule, ['Sales'])
  await submit('Done')
  expect(done).toEqual([rule])
})

it('gives nothing back without a name', async () => {
  await openForm({ name: '', when: {}, then: [{ reply: { text: '' } }] })
  expect(buttonOf('Done').disabled).toBe(true)
  await write('Name of the rule', 'greeting')
  expect(buttonOf('Done').disabled).toBe(false)
})

it('shows a rule beyond its fields as JSON, and loses nothing of it', async () => {
  const { done } = await openForm(beyondForm)
  await press('Back to the form')
  expect(problems()).toEqual(['The rule has what the form has no place for: go on as JSON.'])
  await submit('Done')
  expect(done).toEqual([beyondForm])
})

it('says what is wrong with the JSON, keeps it, and stops saying so while it is mended', async () => {
  const { done, isOpen } = await openForm(full)
  await press('Edit as JSON')
  expect(JSON.parse(fieldOf('The rule as JSON').value)).toEqual(full)
  await write('The rule as JSON', '{ "name": ')
  await submit('Done')
  expect(problems()[0]).toMatch(/^This is no JSON: .+ Mend it and try again\.$/)
  expect(fieldOf('The rule as JSON').value).toBe('{ "name": ')
  await write('The rule as JSON', '{ "name": "one" }')
  expect(problems()).toEqual([])
  await submit('Done')
  expect(problems()).toEqual(['A rule has name, when and then. Add what is missing and try again.'])
  expect([done, isOpen()]).toEqual([[], true])
})
