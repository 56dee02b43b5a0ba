import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeForUrl, NAMELESS, parseTemplate, render, templateProblem, type Values } from './template.js'

function values(given: Partial<Values> = {}): Values {
  return { match: undefined, sessionFrom: null, contact: { name: null }, ...given }
}
function write(source: string, given: Partial<Values> = {}): string {
  return render(parseTemplate(source), values(given))
}

describe('a template', () => {
  it('takes what the expression found, by number and by name', () => {
    const match = new Map([
      ['0', '订单 42'],
      ['1', '42'],
      ['number', '42'],
    ])
    expect(write('{{match.0}}|{{match.1}}|{{ match.number }}|{{match.2}}', { match })).toBe('订单 42|42|42|')
  })

  it('takes where the customer came from, or nothing', () => {
    expect(write('来自 {{sessionFrom}}。', { sessionFrom: 'detail?id=1' })).toBe('来自 detail?id=1。')
    expect(write('来自 {{sessionFrom}}。')).toBe('来自 。')
  })

  it('says 您 to a customer whose name is not known, or blank', () => {
    expect(write('{{contact.name}}的订单', { contact: { name: '张三' } })).toBe('张三的订单')
    expect(write('{{contact.name}}的订单')).toBe(`${NAMELESS}的订单`)
    expect(write('{{contact.name}}的订单', { contact: { name: '  ' } })).toBe('您的订单')
  })

  it('puts customers’ words in as they are and never reads them as a template', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(
        '{{contact.name}}',
        '{{match.1}}',
        '{{sessionFrom}}',
        '{{',
        '}}',
        '$1',
        '$&',
        '{{match.1}',
      ),
    )
    const piece = fc.oneof(
      fc.constantFrom('{{match.1}}', '{{sessionFrom}}', '{{contact.name}}'),
      fc.stringMatching(/^[^{}]{0,5}$/u),
    )
    fc.assert(
      fc.property(fc.array(piece), hostile, hostile, hostile, (pieces, group, sessionFrom, name) => {
        const given = { match: new Map([['1', group]]), sessionFrom, contact: { name } }
        const expected = pieces.map((each) => {
          if (each === '{{match.1}}') return group
          if (each === '{{sessionFrom}}') return sessionFrom
          return each === '{{contact.name}}' ? name.trim() || NAMELESS : each
        })
        expect(write(pieces.join(''), given)).toBe(expected.join(''))
      }),
    )
  })

  it('is itself where nothing stands in braces', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (source) => {
        fc.pre(!source.includes('{{'))
        expect(write(source, { match: new Map([['1', 'x']]) })).toBe(source)
      }),
    )
  })

  it('escapes values in an address so that each stays one part of it', () => {
    const link = parseTemplate('https://shop.example/o?id={{sessionFrom}}&lang=zh')
    expect(render(link, values({ sessionFrom: '1&lang=en#退/款' }), encodeForUrl)).toBe(
      'https://shop.example/o?id=1%26lang%3Den%23%E9%80%80%2F%E6%AC%BE&lang=zh',
    )
    expect(encodeForUrl('half a pair: \ud83d')).toBe('half%20a%20pair%3A%20%EF%BF%BD')
    expect(encodeForUrl('😀')).toBe('%F0%9F%98%80')
  })

  it('is written out no further than a reply may be long, however often it names a long text', () => {
    const values = { match: new Map([['1', '👋'.repeat(1000)]]), sessionFrom: null, contact: { name: null } }
    const text = render(parseTemplate('{{match.1}}'.repeat(900)), values)
    expect(text.length).toBeLessThanOrEqual(10_240)
    expect(text.length).toBeGreaterThan(10_000)
    expect(text.isWellFormed()).toBe(true)
  })
})

describe('what is wrong with a template', () => {
  const groups = [new Set(['0', '1', 'number'])]

  it('is nothing where each placeholder is known', () => {
    expect(
      templateProblem('{{match.1}} {{ match.number }} {{sessionFrom}} {{contact.name}} {a} }}', groups),
    ).toBeUndefined()
  })

  it.each([
    ['{{match.2}}', groups, 'such a group'],
    ['{{match.name}}', groups, 'such a group'],
    ['{{match.0}}', undefined, 'needs an expression under when.text.matches'],
    ['{{match.1}}', [...groups, new Set(['0'])], 'not every expression'],
    ['{{contact.openId}}', groups, 'unknown placeholder {{contact.openId}}'],
    ['{{}}', groups, 'unknown placeholder'],
    ['{{match}}', groups, 'unknown placeholder'],
    ['{{match.1}', groups, 'does not close'],
    ['{{match.1', groups, 'does not close'],
    ['您好 {{ {{match.1}}', groups, 'does not close'],
  ])('in %s is said', (source, given, message) => {
    expect(templateProblem(source, given)?.message).toContain(message)
  })
})
