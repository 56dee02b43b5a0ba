// @vitest-environment happy-dom
import { expect, it } from 'vitest'
import type { Schedule } from '../../../../src/rules/business-hours.js'
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
import HoursForm from './HoursForm.vue'

unmountAfterEach()

const support: Schedule = {
  name: 'Support',
  zone: 'Asia/Shanghai',
  week: [['09:00-12:00', '13:00-18:00'], ['09:00-18:00'], [], ['09:00-18:00'], ['09:00-18:00'], [], []],
  dates: [{ date: '2026-10-01', hours: [] }],
}

async function openForm(
  schedule: Schedule | null,
  props: { busy?: boolean; problem?: string } = {},
): Promise<{ saved: Schedule[] }> {
  const saved: Schedule[] = []
  const wrapper = mount(HoursForm, {
    props: {
      schedule,
      busy: false,
      problem: '',
      open: false,
      onSave: (made: Schedule) => void saved.push(made),
      ...props,
    },
  })
  await wrapper.setProps({ open: true })
  return { saved }
}

it('fills its fields from business hours, and gives back the same', async () => {
  const { saved } = await openForm(support)
  expect(fieldOf('Mon').value).toBe('09:00-12:00, 13:00-18:00')
  expect(fieldOf('Wed').value).toBe('')
  expect(fieldOf('Date 1').value).toBe('2026-10-01')
  await submit('Save')
  expect(saved).toEqual([support])
})

it('adds and removes dates, and gives them back in their order', async () => {
  const { saved } = await openForm(support)
  await press('Add a date')
  await write('Date 2', '2026-05-01')
  await write('Hours of date 2', '9:00－12:00')
  // A date that is not filled in is none.
  await press('Add a date')
  await submit('Save')
  await press('Remove date 1')
  await submit('Save')
  const may = { date: '2026-05-01', hours: ['09:00-12:00'] }
  expect(saved.map(({ dates }) => dates)).toEqual([[may, { date: '2026-10-01', hours: [] }], [may]])
})

it('begins with an office week, and wants a name', async () => {
  const { saved } = await openForm(null)
  expect([fieldOf('Fri').value, fieldOf('Sat').value]).toEqual(['09:00-18:00', ''])
  expect(buttonOf('Save').disabled).toBe(true)
  await write('Name', 'Sales')
  await submit('Save')
  expect(saved.map(({ name, dates }) => ({ name, dates }))).toEqual([{ name: 'Sales', dates: undefined }])
})

it('says what the service says against it, and saves once at a time', async () => {
  await openForm(support, { busy: true, problem: 'Mon: write spans such as 09:00-18:00.' })
  expect(textsOf('[role=alert]')).toEqual(['Mon: write spans such as 09:00-18:00.'])
  expect(buttonOf('Save').disabled).toBe(true)
})
