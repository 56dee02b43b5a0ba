import fc from 'fast-check'
import { expect, it } from 'vitest'
import { agentAuthor, assistantAuthor, isBot, parseAuthor, ruleAuthor } from './author.js'

it('reads an author as it was written', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), (name, id) => {
      expect(parseAuthor(ruleAuthor(name))).toEqual({ kind: 'rule', name })
      expect(parseAuthor(assistantAuthor(name))).toEqual({ kind: 'assistant', name })
      expect(parseAuthor(agentAuthor(id))).toEqual({ kind: 'agent', id })
    }),
  )
  for (const kind of ['contact', 'bot', 'api', 'system'] as const) expect(parseAuthor(kind)).toEqual({ kind })
})

it('takes what it does not know for the system', () => {
  for (const text of ['', 'agent:', 'agent:x', 'agent:1 ', 'model:gpt', 'Bot'])
    expect(parseAuthor(text)).toEqual({ kind: 'system' })
})

it('counts rules, assistants and handlers in code as the bot, and nobody else', () => {
  const authors = ['contact', 'bot', 'api', 'system', 'rule:欢迎', 'assistant:售前', 'agent:7']
  expect(authors.filter((text) => isBot(parseAuthor(text)))).toEqual(['bot', 'rule:欢迎', 'assistant:售前'])
})
