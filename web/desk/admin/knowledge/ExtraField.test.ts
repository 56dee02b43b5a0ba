// @vitest-environment happy-dom
import { reactive } from 'vue'
import { expect, it } from 'vitest'
import { clientKey, createClient } from '../../api/client.js'
import { appsKey, createApps } from '../../stores/apps.js'
import {
  buttonOf,
  fieldOf,
  mount,
  texts,
  textsOf,
  unmountAfterEach,
  write,
} from '../../testing-components.js'
import type { ExtraDraft } from './entry-extra.js'
import ExtraField from './ExtraField.vue'

unmountAfterEach()

/** The field of an entry; nothing is asked of the service. */
async function open(names: readonly string[], appId: string | null): Promise<ExtraDraft> {
  const client = createClient({
    fetch: () => Promise.reject(new Error('Nothing is asked for.')),
    now: Date.now,
    onSignedOut: () => undefined,
  })
  const apps = createApps({ apps: () => Promise.resolve(names.map((name) => ({ appId: name, name }))) })
  await apps.read()
  const extra = reactive<ExtraDraft>({ msgType: '', fields: {} })
  mount(ExtraField, {
    props: { modelValue: extra, appId },
    provide: { ...texts(), [clientKey as symbol]: client, [appsKey as symbol]: apps },
  })
  return extra
}

it('has the fields of the message that is chosen, and keeps those of another', async () => {
  const extra = await open(['wx1'], null)
  expect(textsOf('label')).toEqual(['A message after the answer (optional)'])
  await write('A message after the answer (optional)', 'miniprogrampage')
  await write('Title', 'Mugs')
  await write('Page path', 'pages/mugs')
  await write('A message after the answer (optional)', 'link')
  expect(fieldOf('Title').value).toBe('Mugs')
  await write('Address of the link', 'https://shop.example')
  await write('A message after the answer (optional)', 'miniprogrampage')
  expect(fieldOf('Page path').value).toBe('pages/mugs')
  expect(extra).toEqual({
    msgType: 'miniprogrampage',
    fields: { title: 'Mugs', pagePath: 'pages/mugs', url: 'https://shop.example' },
  })
})

it.each([
  [['wx1'], null, false],
  [['wx1', 'wx2'], null, true],
  [['wx1', 'wx2'], 'wx2', false],
] as const)('uploads a picture where it is clear to which of %j: %s', async (names, appId, isDisabled) => {
  await open(names, appId)
  await write('A message after the answer (optional)', 'image')
  expect(buttonOf('Upload a picture').disabled).toBe(isDisabled)
})
