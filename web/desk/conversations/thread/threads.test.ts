import { expect, it } from 'vitest'
import type { ListOf, MessageView } from '../../api/views.js'
import { messageOf } from '../../testing.js'
import { createThreads, merged, type Threads } from './threads.js'

/** Threads over a service that answers these pages, one after the other. */
function over(pages: (() => ListOf<MessageView>)[]): Threads {
  const client = { messages: async () => pages.shift()?.() ?? { items: [], next: null } }
  return createThreads(client as unknown as Parameters<typeof createThreads>[0], (error) => {
    throw error
  })
}
const page = (
  ids: number[],
  next: string | null = null,
  state: MessageView['state'] = null,
): ListOf<MessageView> => ({
  items: ids.map((id) => messageOf({ id, state })),
  next,
})
const shown = (threads: Threads): string[] =>
  (threads.peek(1)?.messages ?? []).map(({ id, state }) => `${id} ${state ?? ''}`.trim())
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

it('is read page by page, the newest first, each message once', async () => {
  const threads = over([() => page([4, 3], '3'), () => page([2, 1])])
  threads.open(1)
  await turn()
  await threads.earlier(1)
  await threads.earlier(1)
  expect(shown(threads)).toEqual(['1', '2', '3', '4'])
  expect(threads.peek(1)?.next).toBeNull()
})

it('what events tell while a page is read is newer than the page', async () => {
  const threads = over([() => page([4, 3], null, 'queued'), () => page([4, 3], null, 'sending')])
  threads.open(1)
  threads.put(messageOf({ id: 4, state: 'accepted' }))
  await turn()
  expect(shown(threads)).toEqual(['3 queued', '4 accepted'])
  const refreshing = threads.refresh()
  threads.put(messageOf({ id: 3, state: 'failed' }))
  await refreshing
  expect(shown(threads)).toEqual(['3 failed', '4 sending'])
})

it('a break longer than a page leaves no gap that looks like a whole', async () => {
  const threads = over([() => page([2, 1]), () => page([9, 8], '8'), () => page([7, 2, 1])])
  threads.open(1)
  await turn()
  await threads.refresh()
  expect(shown(threads)).toEqual(['8', '9'])
  await threads.earlier(1)
  expect(shown(threads)).toEqual(['1', '2', '7', '8', '9'])
})

it('after the service was set back it is what the service has, with what events told since', async () => {
  const threads = over([() => page([40, 30]), () => page([12, 11], '11')])
  threads.open(1)
  await turn()
  const starting = threads.startAnew()
  threads.put(messageOf({ id: 13 }))
  await starting
  expect(shown(threads)).toEqual(['11', '12', '13'])
  expect(threads.peek(1)?.next).toBe('11')
})

it('events of a thread that nobody opened are not kept', () => {
  const threads = over([])
  threads.put(messageOf({ id: 1, conversationId: 5 }))
  expect(threads.peek(5)).toBeUndefined()
})

it('a message that changes stays at its place', () => {
  const known = [messageOf({ id: 1 }), messageOf({ id: 2 })]
  expect(merged(known, [messageOf({ id: 1, content: '改了' })]).map(({ content }) => content)).toEqual([
    '改了',
    '你好',
  ])
})
