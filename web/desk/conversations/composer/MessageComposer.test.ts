// @vitest-environment happy-dom
import { nextTick, ref, shallowRef } from 'vue'
import { expect, it } from 'vitest'
import type { ConversationView } from '../../api/views.js'
import { commandsKey, createCommands } from '../../frame/commands.js'
import { defaultSettings, settingsKey } from '../../settings/settings.js'
import { appsKey } from '../../stores/apps.js'
import { clockKey } from '../../stores/clock.js'
import { principalKey } from '../../stores/principal.js'
import { toastsKey } from '../../stores/toasts.js'
import { conversationOf } from '../../testing.js'
import {
  mount,
  buttonOf,
  fieldOf,
  press,
  texts,
  textsOf,
  unmountAfterEach,
  write,
} from '../../testing-components.js'
import { timesIn } from '../../text/time.js'
import { writingKey } from '../writing/writing.js'
import type { ComposerEvent } from './machine/events.js'
import { step } from './machine/machine.js'
import { seenOf } from './machine/seen.js'
import { contactOf, emptyComposer } from './machine/state.js'
import MessageComposer from './MessageComposer.vue'

unmountAfterEach()

const meId = 1
const mine = (id: number): ConversationView =>
  conversationOf({
    id,
    status: 'assigned',
    agent: { id: meId, name: 'Ann' },
  })

/** The composer of a conversation. Its events are noted and go nowhere; `happen` is how the machine goes on. */
async function mountComposer(...seen: ConversationView[]) {
  const state = shallowRef(emptyComposer('tab'))
  const sent: ComposerEvent[] = []
  const happen = async (event: ComposerEvent): Promise<void> => {
    state.value = step(state.value, event).state
    await nextTick()
  }
  await happen({ type: 'entered', writer: { databaseId: 'db', agentId: meId }, canKeep: true })
  await happen({ type: 'loaded', drafts: [], submits: [], liveTabs: [], now: 0 })
  for (const one of seen) {
    await happen({ type: 'seen', contact: contactOf(one), seen: seenOf(one, meId, 0) })
    await happen({ type: 'looked', contact: contactOf(one) })
  }
  const writing = {
    state,
    whyNotKept: shallowRef(null),
    urls: new Map(),
    send(event: ComposerEvent) {
      // Where the caret is says nothing of what is written.
      if (event.type !== 'focused' && event.type !== 'blurred') sent.push(event)
    },
  }
  const me = { id: meId, name: 'Ann' }
  const isMine = (view: ConversationView): boolean => view.agent?.id === meId
  const wrapper = mount(MessageComposer, {
    props: { conversation: seen[0] ?? conversationOf() },
    provide: {
      ...texts(),
      [writingKey as symbol]: writing,
      [principalKey as symbol]: { me, isMine },
      [settingsKey as symbol]: { ...defaultSettings },
      [commandsKey as symbol]: createCommands(),
      [appsKey as symbol]: { apps: ref([]), appsKnown: ref(true), appName: (id: string) => id },
      [toastsKey as symbol]: { list: ref([]), say: () => undefined, dismiss: () => undefined },
      [clockKey as symbol]: { now: ref(0), times: ref(timesIn('Asia/Shanghai', 'en')) },
    },
  })
  await nextTick()
  sent.length = 0
  return { happen, sent, wrapper }
}
const typed = (conversation: ConversationView, text: string): ComposerEvent => ({
  type: 'typed',
  contact: contactOf(conversation),
  kind: 'reply',
  text,
})

it('shows what the state has, and after another conversation that one’s', async () => {
  const [one, other] = [mine(1), mine(2)]
  const { happen, wrapper } = await mountComposer(one, other)
  await happen(typed(one, 'hello'))
  await happen(typed(other, 'good day'))
  expect(fieldOf('Reply').value).toBe('hello')
  await wrapper.setProps({ conversation: other })
  expect(fieldOf('Reply').value).toBe('good day')
  await happen(typed(other, ''))
  expect(fieldOf('Reply').value).toBe('')
  await wrapper.setProps({ conversation: one })
  expect(fieldOf('Reply').value).toBe('hello')
})

it('sends what is done with it as events, and holds nothing of it itself', async () => {
  const one = mine(1)
  const { happen, sent } = await mountComposer(one)
  await write('Reply', 'hello')
  expect(sent).toEqual([typed(one, 'hello')])
  // The machine did not go on: nothing is written, so there is nothing to send.
  expect(buttonOf('Send').disabled).toBe(true)
  await happen(typed(one, 'hello'))
  expect(buttonOf('Send').disabled).toBe(false)
  await press('Send')
  expect(sent.at(-1)).toMatchObject({
    type: 'submitted',
    contact: contactOf(one),
    kind: 'reply',
    what: 'box',
  })
  expect(fieldOf('Reply').value).toBe('hello')
  await press('Note')
  expect(sent.at(-1)).toEqual({ type: 'chose', contact: contactOf(one), kind: 'note' })
  expect(buttonOf('Reply').getAttribute('aria-selected')).toBe('true')
})

it('sends on Enter and not on Shift+Enter', async () => {
  const one = mine(1)
  const { happen, sent } = await mountComposer(one)
  await happen(typed(one, 'hello'))
  const enter = (shiftKey: boolean): void => {
    const event = new KeyboardEvent('keydown', { key: 'Enter', shiftKey, bubbles: true, cancelable: true })
    fieldOf('Reply').dispatchEvent(event)
  }
  enter(true)
  expect(sent.filter(({ type }) => type === 'submitted')).toEqual([])
  enter(false)
  expect(sent.filter(({ type }) => type === 'submitted')).toHaveLength(1)
})

it('is locked, with its text kept in sight, when a colleague has the conversation', async () => {
  const one = mine(1)
  const { happen, wrapper } = await mountComposer(one)
  await happen(typed(one, 'hello'))
  const theirs = conversationOf({ ...one, agent: { ...one.agent, id: 2, name: 'Bo' } })
  await wrapper.setProps({ conversation: theirs })
  await happen({ type: 'seen', contact: contactOf(theirs), seen: seenOf(theirs, meId, 0) })
  expect(fieldOf('Reply').value).toBe('hello')
  expect(fieldOf('Reply').getAttribute('aria-disabled')).toBe('true')
  expect(textsOf('#composer-lock')[0]).toContain('Bo has this conversation')
})
