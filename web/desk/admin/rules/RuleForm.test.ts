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
import { noProblems, type FormProblems } from './rules-problem.js'

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
  check?: (rule: Rule) => Promise<FormProblems>,
): Promise<{ done: Rule[]; isOpen: () => boolean }> {
  const done: Rule[] = []
  const state = { isOpen: true }
  const wrapper = mount(RuleForm, {
    props: {
      rule,
      schedules,
      check,
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
const nextTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))
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

it('offers the events by name', async () => {
  const { done } = await openForm({ name: 'welcome', when: {}, then: [{ reply: { text: 'Hello' } }] })
  await write('Event', 'user_enter_tempsession')
  await submit('Done')
  expect(done.at(-1)?.when).toEqual({ event: 'user_enter_tempsession' })
})

it('asks about an event that WeChat’s pages do not name', async () => {
  const { done } = await openForm({ ...full, when: { event: 'user_enter_tempsesion' } })
  const meant = (): HTMLInputElement => fieldOf('It is spelt right, keep it') as HTMLInputElement
  expect(textsOf('.asks')[0]).toContain('no event user_enter_tempsesion')
  // It was kept so before.
  expect(meant().checked).toBe(true)
  await write('Name of the event', 'user_entr')
  expect([meant().checked, meant().required]).toEqual([false, true])
  await write('Name of the event', 'trade_manage_order_settlement')
  expect(textsOf('.asks')).toEqual([])
  await submit('Done')
  expect(done.at(-1)?.when).toEqual({ event: 'trade_manage_order_settlement' })
})

it('needs no reason for a hand-over', async () => {
  const { done } = await openForm({ name: 'people', when: {}, then: [{ handoff: 'asked' }] })
  await write('Reason, for the agents', '')
  await submit('Done')
  expect(done.at(-1)?.then).toEqual([{ handoff: 'by_rule' }])
})

it('shows no reason where the rule has none of its own', async () => {
  await openForm({ name: 'people', when: {}, then: [{ handoff: 'by_rule' }] })
  expect(fieldOf('Reason, for the agents').value).toBe('')
})

it('shows what the service says against the rule at its fields, and stays open until it is mended', async () => {
  const answers: FormProblems[] = [
    {
      name: 'There is a rule of this name.',
      conditions: new Map([['text', 'This is no expression.']]),
      actions: new Map([[0, 'This is too long.']]),
      others: [],
      all: [],
    },
    noProblems,
  ]
  const asked: Rule[] = []
  const { done, isOpen } = await openForm(full, [], async (rule) => {
    asked.push(rule)
    return answers.shift() ?? noProblems
  })
  await submit('Done')
  await nextTurn()
  expect([done, isOpen()]).toEqual([[], true])
  expect(textsOf('.field .problem')).toEqual([
    'There is a rule of this name.',
    'This is no expression.',
    'This is too long.',
  ])
  expect(problems()).toEqual(['The rule can’t work like this: mend what is marked.'])
  expect(document.activeElement).toBe(fieldOf('Name of the rule'))
  expect(fieldOf('Text of the message').getAttribute('aria-invalid')).toBe('true')
  await write('Name of the rule', 'other')
  expect(textsOf('.field .problem')).toEqual([])
  await submit('Done')
  await nextTurn()
  expect([done.map(({ name }) => name), isOpen()]).toEqual([['other'], false])
  expect(asked).toHaveLength(2)
})
