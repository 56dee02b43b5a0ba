import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { DeskError } from '../api/client.js'
import type { MessageView, OutgoingMessage } from '../api/views.js'
import { memoryStorage } from '../testing-storage.js'
import { messageOf } from '../testing.js'
import { createOutgoing, type Outgoing, type OutgoingOptions } from './outgoing.js'
import { createThreads, type Threads } from './threads.js'

const text = (content: string): OutgoingMessage => ({ msgType: 'text', content })
let threads: Threads
let outgoing: Outgoing
let storage: Storage
let submitted: string[]
/** What the service does with the next submits. */
let answers: (() => MessageView)[]
const unreachable = (): never => {
  throw new DeskError('unreachable', '', 0)
}
const pending = (): string[] =>
  (threads.peek(1)?.pending ?? []).map(({ clientId, state }) => `${clientId} ${state}`)

beforeEach(() => {
  vi.useFakeTimers()
  storage = memoryStorage()
  submitted = []
  answers = []
  open()
})
afterEach(() => {
  vi.useRealTimers()
})

function open(): void {
  const client = {
    messages: async () => ({ items: [], next: null }),
    send: async (_id: number, clientId: string) => {
      submitted.push(clientId)
      const answer = answers.shift()
      return answer ? answer() : messageOf({ id: submitted.length, direction: 'outgoing', state: 'queued' })
    },
  }
  // Nothing else of the client is used here.
  const partial = client as unknown as OutgoingOptions['client']
  threads = createThreads(partial, () => undefined)
  outgoing = createOutgoing({ client: partial, threads, storage, now: Date.now, onSent: threads.putNew })
}

it('a message is shown at once, and is one of the thread when the service has it', async () => {
  outgoing.send(1, 'a', text('您好'))
  expect(pending()).toEqual(['a sending'])
  await vi.runAllTimersAsync()
  expect(pending()).toEqual([])
  expect(threads.peek(1)?.messages).toHaveLength(1)
  expect(storage.length).toBe(0)
})

it('an event that came before the answer to the submit knows more of the message', async () => {
  answers = [
    () => {
      threads.put(messageOf({ id: 5, direction: 'outgoing', state: 'accepted' }))
      return messageOf({ id: 5, direction: 'outgoing', state: 'queued' })
    },
  ]
  outgoing.send(1, 'a', text('您好'))
  await vi.runAllTimersAsync()
  expect(threads.peek(1)?.messages.map(({ state }) => state)).toEqual(['accepted'])
})

it('the same submit twice is one', async () => {
  outgoing.send(1, 'a', text('您好'))
  outgoing.send(1, 'a', text('您好'))
  await vi.runAllTimersAsync()
  expect(submitted).toEqual(['a'])
})

it('messages of one conversation go one after the other, however long the first takes', async () => {
  answers = [unreachable, unreachable]
  outgoing.send(1, 'a', text('一'))
  outgoing.send(1, 'b', text('二'))
  await vi.runAllTimersAsync()
  expect(submitted).toEqual(['a', 'a', 'a', 'b'])
})

it('is tried by itself while nobody answers, under the same name, and at once when the network is back', async () => {
  answers = [unreachable]
  outgoing.send(1, 'a', text('您好'))
  await vi.advanceTimersByTimeAsync(10)
  expect(pending()).toEqual(['a sending'])
  outgoing.resume()
  await vi.advanceTimersByTimeAsync(10)
  expect(pending()).toEqual([])
  expect(submitted).toEqual(['a', 'a'])
})

it('is shown as not handed over after long, and can be tried again or discarded', async () => {
  answers = Array.from({ length: 100 }, () => unreachable)
  outgoing.send(1, 'a', text('您好'))
  await vi.advanceTimersByTimeAsync(150_000)
  expect(pending()).toEqual(['a failed'])
  answers = []
  const [failed] = threads.peek(1)?.pending ?? []
  if (failed) outgoing.retry(failed)
  await vi.runAllTimersAsync()
  expect(pending()).toEqual([])
})

it('what the service refuses is not tried again, and says why', async () => {
  answers = [
    () => {
      throw new DeskError('not_yours', 'Take it first.', 409, { reason: 'taken' })
    },
  ]
  outgoing.send(1, 'a', text('您好'))
  await vi.runAllTimersAsync()
  expect(threads.peek(1)?.pending).toMatchObject([
    {
      state: 'failed',
      problem: { code: 'not_yours', message: 'Take it first.', detail: { reason: 'taken' } },
    },
  ])
  expect(storage.length).toBe(0)
  const [failed] = threads.peek(1)?.pending ?? []
  if (failed) outgoing.discard(failed)
  expect(pending()).toEqual([])
})

it('a page that was closed midway is gone on with, under the same name', async () => {
  answers = [() => messageOf(), unreachable]
  outgoing.send(1, 'first', text('一'))
  await vi.advanceTimersByTimeAsync(10)
  outgoing.send(1, 'a', text('您好'))
  await vi.advanceTimersByTimeAsync(10)
  // The page is gone; its timers with it.
  vi.clearAllTimers()
  submitted = []
  open()
  outgoing.restore()
  await vi.runAllTimersAsync()
  expect(submitted).toEqual(['a'])
  expect(storage.length).toBe(0)
})

it('what was left long ago waits for a person', async () => {
  answers = [unreachable]
  outgoing.send(1, 'a', text('您好'))
  await vi.advanceTimersByTimeAsync(10)
  vi.clearAllTimers()
  submitted = []
  vi.setSystemTime(Date.now() + 3_600_000)
  open()
  outgoing.restore()
  await vi.runAllTimersAsync()
  expect(submitted).toEqual([])
  expect(pending()).toEqual(['a failed'])
})
