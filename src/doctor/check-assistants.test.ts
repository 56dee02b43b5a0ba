import { expect, it } from 'vitest'
import { checkAssistants, type AssistantFacts } from './check-assistants.js'

const rules = { rules: [{ name: 'r', when: {}, then: [{ assistant: '售前' }] }] }
const facts = (change: Partial<AssistantFacts> = {}): AssistantFacts => ({
  live: () => ({ asksModel: true }),
  entries: 3,
  checkModel: async () => ({ ok: true, reason: null, thinks: false }),
  checkEmbeddings: async () => undefined,
  ...change,
})
const found = async (change?: Partial<AssistantFacts>): Promise<[string, string][]> =>
  (await checkAssistants(rules, facts(change))).map(({ check, level }) => [check, level])

it('asks nothing where no rule leaves anything to an assistant', async () => {
  const checkModel = (): never => {
    throw new Error('It was asked.')
  }
  const off = { rules: [{ name: 'r', enabled: false, when: {}, then: [{ assistant: '售前' }] }] }
  expect(await checkAssistants({ rules: [] }, facts({ checkModel }))).toEqual([])
  expect(await checkAssistants(off, facts({ checkModel }))).toEqual([])
})

it('finds an assistant that is not published, knowledge that is empty, and a model that is not as it should be', async () => {
  expect(await found()).toEqual([['model', 'ok']])
  expect(await found({ live: () => undefined })).toEqual([['assistant', 'fail']])
  expect(await found({ entries: 0 })).toEqual([
    ['knowledge', 'warn'],
    ['model', 'ok'],
  ])
  expect(await found({ checkModel: async () => undefined })).toEqual([['model', 'warn']])
  expect(await found({ checkModel: async () => ({ ok: false, reason: 'key', thinks: null }) })).toEqual([
    ['model', 'fail'],
  ])
  expect(await found({ checkModel: async () => ({ ok: true, reason: null, thinks: true }) })).toEqual([
    ['model', 'warn'],
  ])
  expect(await found({ live: () => ({ asksModel: false }) })).toEqual([])
})

it('asks the model of embeddings where one is set up', async () => {
  expect(await found({ checkEmbeddings: async () => true })).toContainEqual(['embeddings', 'ok'])
  expect(await found({ checkEmbeddings: async () => false })).toContainEqual(['embeddings', 'warn'])
  expect(JSON.stringify(await found())).not.toContain('embeddings')
})
