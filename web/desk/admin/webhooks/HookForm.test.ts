// @vitest-environment happy-dom
import { nextTick } from 'vue'
import { expect, it } from 'vitest'
import type { WebhookView } from '../../../../src/hooks/schemas/webhook.js'
import { clientKey, createClient } from '../../api/client.js'
import { appsKey, createApps } from '../../stores/apps.js'
import {
  mount,
  buttonOf,
  fieldOf,
  submit,
  texts,
  textsOf,
  unmountAfterEach,
  write,
} from '../../testing-components.js'
import HookForm from './HookForm.vue'

unmountAfterEach()

const hook: WebhookView = {
  id: 4,
  url: 'https://crm.example/hook',
  description: 'the CRM',
  events: ['message.received', 'conversation.closed'],
  apps: ['wx2'],
  enabled: true,
  disabledReason: null,
  oldSecretUntil: null,
  createdAt: 0,
  dead: 0,
}

interface Call {
  method: string
  path: string
  body: Record<string, unknown>
}

/** The form, open; the service answers each call with `answers` in turn. */
async function openForm(hook: WebhookView | null, ...answers: Response[]) {
  const calls: Call[] = []
  const told = { added: [] as string[], changed: 0, isOpen: true }
  const client = createClient({
    fetch: (path, init) => {
      calls.push({
        method: init?.method ?? '',
        path: path as string,
        body: JSON.parse(init?.body as string) as Call['body'],
      })
      return Promise.resolve(answers.shift() ?? new Response(null, { status: 204 }))
    },
    now: Date.now,
    onSignedOut: () => undefined,
  })
  const apps = createApps({
    apps: () =>
      Promise.resolve([
        { appId: 'wx1', name: 'Shop' },
        { appId: 'wx2', name: 'School' },
      ]),
  })
  await apps.read()
  const wrapper = mount(HookForm, {
    provide: { ...texts(), [clientKey as symbol]: client, [appsKey as symbol]: apps },
    props: {
      hook,
      name: 'the CRM',
      open: false,
      onAdded: (secret: string) => void told.added.push(secret),
      onChanged: () => (told.changed += 1),
      'onUpdate:open': (open: boolean) => void (told.isOpen = open),
    },
  })
  await wrapper.setProps({ open: true })
  return { calls, told }
}
async function answered(): Promise<void> {
  for (let times = 0; times < 10; times++) await nextTick()
  await new Promise((resolve) => setTimeout(resolve))
}
async function choose(label: string): Promise<void> {
  fieldOf(label).click()
  await nextTick()
}

it('fills its fields from an address, and saves the same', async () => {
  const { calls, told } = await openForm(hook)
  expect(fieldOf('Address').value).toBe(hook.url)
  await submit('Save')
  await answered()
  const { url, description, events, apps } = hook
  expect(calls).toEqual([
    { method: 'PATCH', path: './api/v1/webhooks/4', body: { url, description, events, apps } },
  ])
  expect(told).toEqual({ added: [], changed: 1, isOpen: false })
})

it('adds an address for all events of all Mini Programs, and gives its secret', async () => {
  const { calls, told } = await openForm(null, Response.json({ secret: 'whsec_1' }))
  await write('Address', ' https://one.example ')
  await submit('Add')
  await answered()
  expect(
    calls.map(({ method, path, body }) => [method, path, body['url'], body['events'], body['apps']]),
  ).toEqual([['POST', './api/v1/webhooks', 'https://one.example', ['*'], null]])
  expect(told).toEqual({ added: ['whsec_1'], changed: 0, isOpen: false })
})

it('cannot be handed in without an address, an event or a Mini Program', async () => {
  await openForm(null)
  expect(buttonOf('Add').disabled).toBe(true)
  await write('Address', 'https://one.example')
  expect(buttonOf('Add').disabled).toBe(false)
  await choose('Some events')
  expect(textsOf('.hint')).toContain('Choose an event.')
  expect(buttonOf('Add').disabled).toBe(true)
  await choose('A customer wrote message.received')
  expect(buttonOf('Add').disabled).toBe(false)
  await choose('Some Mini Programs')
  expect(buttonOf('Add').disabled).toBe(true)
  await choose('School')
  expect(buttonOf('Add').disabled).toBe(false)
})

it('says why the service refuses it, stays open, and stops saying so while it is mended', async () => {
  const refusal = { error: { code: 'invalid', message: 'No.', reason: 'x' } }
  const { told } = await openForm(null, Response.json(refusal, { status: 400 }))
  await write('Address', 'https://127.0.0.1')
  await submit('Add')
  await answered()
  expect(textsOf('[role=alert]')[0]).toMatch(/^Not added: .+ Check the address and try again\.$/)
  expect(told).toEqual({ added: [], changed: 0, isOpen: true })
  await write('Address', 'https://one.example')
  expect(textsOf('[role=alert]')).toEqual([])
})
