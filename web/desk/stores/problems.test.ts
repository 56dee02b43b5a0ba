import { ref } from 'vue'
import { expect, it } from 'vitest'
import { DeskError } from '../api/client.js'
import { createI18n } from '../locales/i18n.js'
import { createProblems, quietly } from './problems.js'

function problemsOf() {
  const said: string[] = []
  const problems = createProblems(createI18n(ref('en')), {
    say: (text, tone) => void said.push(`${tone} ${text}`),
  })
  return { said, ...problems }
}

it('says what the service says against it, and that it was not done', async () => {
  const { said, run } = problemsOf()
  expect(await run(async () => undefined)).toBe(true)
  expect(await run(() => Promise.reject(new DeskError('unreachable', '', 0)))).toBe(false)
  expect(said).toHaveLength(1)
  expect(said[0]).toMatch(/^bad \w+/)
})

it('says nothing of a session that is over: the way in is shown', async () => {
  const { said, run } = problemsOf()
  expect(await run(() => Promise.reject(new DeskError('unauthorized', '', 401)))).toBe(false)
  expect(said).toEqual([])
})

it('hides no mistake of its own', async () => {
  const { run } = problemsOf()
  await expect(run(() => Promise.reject(new TypeError('ours')))).rejects.toThrow('ours')
  await expect(quietly(() => Promise.reject(new TypeError('ours')))).rejects.toThrow('ours')
  await quietly(() => Promise.reject(new DeskError('unreachable', '', 0)))
})
