// @vitest-environment happy-dom
import { nextTick } from 'vue'
import { expect, it } from 'vitest'
import type { CaseTableView } from '../../../../src/knowledge/schemas/exam-view.js'
import { clientKey, createClient } from '../../api/client.js'
import { appsKey, createApps } from '../../stores/apps.js'
import { mount, press, submit, texts, textsOf, unmountAfterEach, write } from '../../testing-components.js'
import CaseImport from './CaseImport.vue'

unmountAfterEach()

const looked: CaseTableView = {
  rows: [
    { line: 2, says: 'When is it sent?', entryTitle: 'Sending', problem: null },
    { line: 3, says: 'Any news?', entryTitle: null, problem: null },
    { line: 4, says: 'What?', entryTitle: null, problem: 'no_entry' },
  ],
  saved: 0,
}

it('shows what was understood of a table, and saves it only then', async () => {
  const bodies: unknown[] = []
  const saved: number[] = []
  const answers = [looked, { ...looked, saved: 2 }]
  const client = createClient({
    fetch: (_path, init) => {
      bodies.push(JSON.parse(init?.body as string))
      return Promise.resolve(Response.json(answers.shift()))
    },
    now: Date.now,
    onSignedOut: () => undefined,
  })
  const apps = createApps({ apps: () => Promise.resolve([]) })
  const dialog = mount(CaseImport, {
    props: { open: false, onSaved: (count: number) => void saved.push(count) },
    provide: { ...texts(), [clientKey as symbol]: client, [appsKey as symbol]: apps },
  })
  await dialog.setProps({ open: true })
  await write('Or paste a table', 'question,expected\n…')
  await submit('Check')
  await answered()
  expect(textsOf('tbody tr')).toEqual([
    '2When is it sent?SendingCan be imported',
    '3Any news?There is none: people must get itCan be imported',
    '4What?There is no such answer',
  ])
  expect(textsOf('[role=status]')).toEqual(['3 rows: 2 can be imported, 1 can’t.'])
  await press('Import 2')
  await answered()
  const body = { text: 'question,expected\n…', appId: null }
  expect(bodies).toEqual([
    { ...body, save: false },
    { ...body, save: true },
  ])
  expect(saved).toEqual([2])
})

it('looks anew at a table that was changed', async () => {
  const client = createClient({
    fetch: () => Promise.resolve(Response.json(looked)),
    now: Date.now,
    onSignedOut: () => undefined,
  })
  const apps = createApps({ apps: () => Promise.resolve([]) })
  const dialog = mount(CaseImport, {
    props: { open: false },
    provide: { ...texts(), [clientKey as symbol]: client, [appsKey as symbol]: apps },
  })
  await dialog.setProps({ open: true })
  await write('Or paste a table', 'one')
  await submit('Check')
  await answered()
  await write('Or paste a table', 'another')
  expect(textsOf('tbody tr')).toEqual([])
})

async function answered(): Promise<void> {
  for (let times = 0; times < 10; times++) await nextTick()
  await new Promise((resolve) => setTimeout(resolve))
}
