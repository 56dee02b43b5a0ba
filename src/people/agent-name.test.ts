import { describe, expect, it } from 'vitest'
import { agentNameKey, parseAgentName } from './agent-name.js'

describe('an agent’s name', () => {
  it.each(['小林', 'Lin', '李 四', 'a', '🐼客服', 'x'.repeat(40)])('may be %s', (name) => {
    expect(parseAgentName(name)).toBe(name)
  })

  it.each([
    ['', 'nothing'],
    ['   ', 'blank'],
    ['x'.repeat(41), 'too long'],
    ['a\r\nlevel=error forged', 'lines'],
    ['a\u001b[31mred', 'terminal codes'],
    ['admin\u200b', 'what can’t be seen'],
    ['\u202enimda', 'turned round'],
    ['a\u2028b', 'a line separator'],
    ['a\ud800', 'half a character'],
    ['a\u0000', 'NUL'],
  ])('may not be %j: %s', (name) => {
    expect(parseAgentName(name)).toBeUndefined()
  })

  it('is the same in any case, width and form', () => {
    const keys = ['Lin', 'LIN', 'ｌｉｎ', ' lin '].map(agentNameKey)
    expect(new Set(keys).size).toBe(1)
    expect(agentNameKey('é')).toBe(agentNameKey('e\u0301'))
  })
})
