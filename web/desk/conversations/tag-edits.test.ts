import { expect, it } from 'vitest'
import { DeskError } from '../api/client.js'
import type { ConversationView } from '../api/views.js'
import { conversationOf } from '../testing.js'
import { createTagEdits } from './tag-edits.js'

type Change = { add?: readonly string[]; remove?: readonly string[] }

/** A service that answers when it is told to. */
function service() {
  const asked: { change: Change; answer: () => void; fail: () => void }[] = []
  const put: ConversationView[] = []
  const problems: DeskError[] = []
  const edits = createTagEdits({
    client: {
      changeTags: (_id, change) =>
        new Promise((resolve, reject) => {
          asked.push({
            change,
            answer: () => {
              resolve(conversationOf({ id: 1 }))
            },
            fail: () => {
              reject(new DeskError('unreachable', '', 0))
            },
          })
        }),
    },
    conversations: { put: (view) => put.push(view) },
    onProblem: (error) => problems.push(error),
  })
  return { edits, asked, put, problems }
}

it('saves two tags typed quickly, each by itself', async () => {
  const { edits, asked } = service()
  const saving = [edits.save(1, '退款', 'add'), edits.save(1, '发票', 'add')]
  await expect.poll(() => asked.map(({ change }) => change)).toEqual([{ add: ['退款'] }, { add: ['发票'] }])
  expect(edits.of(1).map(({ tag }) => tag)).toEqual(['退款', '发票'])
  expect(edits.of(2)).toEqual([])
  for (const { answer } of asked) answer()
  await Promise.all(saving)
  expect(edits.of(1)).toEqual([])
})

it('keeps what could not be saved, to be tried again or discarded', async () => {
  const { edits, asked, problems } = service()
  const saving = edits.save(1, '退款', 'add')
  await expect.poll(() => asked.length).toBe(1)
  asked[0]?.fail()
  await saving
  expect(edits.of(1)).toMatchObject([{ tag: '退款', what: 'add', state: 'failed' }])
  expect(problems).toHaveLength(1)
  const again = edits.save(1, '退款', 'add')
  await expect.poll(() => asked.length).toBe(2)
  asked[1]?.answer()
  await again
  expect(edits.of(1)).toEqual([])
  const lost = edits.save(1, '发票', 'remove')
  await expect.poll(() => asked.length).toBe(3)
  asked[2]?.fail()
  await lost
  const [edit] = edits.of(1)
  if (edit) edits.discard(edit)
  expect(edits.of(1)).toEqual([])
})

it('of one tag does what was meant last, one after the other', async () => {
  const { edits, asked } = service()
  const saving = [edits.save(1, '退款', 'add'), edits.save(1, '退款', 'remove')]
  await expect.poll(() => asked.length).toBe(1)
  asked[0]?.answer()
  await expect.poll(() => asked.length).toBe(1)
  await Promise.race([Promise.all(saving), expect.poll(() => asked.length).toBe(2)])
  expect(asked.at(-1)?.change).toEqual({ remove: ['退款'] })
  asked.at(-1)?.answer()
  await Promise.all(saving)
  expect(edits.of(1)).toEqual([])
})
