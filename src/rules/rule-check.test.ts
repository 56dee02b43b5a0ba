import { describe, expect, it } from 'vitest'
import { checkRules } from './rule-check.js'
import { problemsText, type Problem } from './rule-problem.js'
import type { RepliesAllowed } from './rule-warning.js'

const say = { reply: { text: '好' } }

function problems(value: unknown): readonly Problem[] {
  const checked = checkRules(value)
  return checked.ok ? [] : checked.problems
}
const containing = (text: string): unknown => expect.stringContaining(text)
/** The problems of one rule named "r", as `path: message`, the path without its `rules[0].`. */
function problemsOf(rule: object): string[] {
  return problems({ rules: [{ name: 'r', when: {}, then: [say], ...rule }] }).map(
    ({ rule: name, path, message }) => {
      expect(name).toBe('r')
      return `${path.replace(/^rules\[0\]\.?/, '')}: ${message}`
    },
  )
}
function warnings(rules: readonly object[], allowed?: RepliesAllowed): string[] {
  const checked = checkRules(
    { rules: rules.map((rule, i) => ({ name: `r${i}`, when: {}, then: [say], ...rule })) },
    allowed,
  )
  if (!checked.ok) throw new Error(problemsText(checked.problems))
  return checked.warnings.map(({ rule, path, message }) => `${rule ?? ''} ${path}: ${message}`)
}

describe('a rules file that can’t work', () => {
  it.each([
    [undefined, 'must be an object with the one key "rules"'],
    [[], 'must be an object with the one key "rules"'],
    [{}, 'must be a list of at most 10000 rules'],
    [{ rules: {} }, 'must be a list of at most 10000 rules'],
    [{ rules: [], version: 1 }, 'must be an object with the one key "rules"'],
  ])('as a whole, as %j, is refused', (value, message) => {
    const found = problems(value)
    expect(found.map((each) => each.rule)).toEqual([null])
    expect(found[0]?.message).toContain(message)
  })

  it('names the place of a rule also behind one that can’t be read', () => {
    const found = problems({
      rules: [{ name: 'a' }, { name: 'b', when: { hours: { open: '夜班' } }, then: [] }],
      schedules: [],
    })
    expect(found.map(({ rule, path, at, code, params }) => ({ rule, path, at, code, params }))).toEqual([
      { rule: 'a', path: 'rules[0].when', at: ['rules', 0, 'when'], code: 'missing', params: {} },
      { rule: 'a', path: 'rules[0].then', at: ['rules', 0, 'then'], code: 'missing', params: {} },
      {
        rule: 'b',
        path: 'rules[1].when.hours',
        at: ['rules', 1, 'when', 'hours'],
        code: 'hours_unknown',
        params: { name: '夜班' },
      },
    ])
  })

  it('names every problem at once, by rule and field', () => {
    const found = problems({
      rules: [
        'hello',
        { name: 'a', when: { text: { matches: '(' } }, then: [say] },
        { name: 'b', then: [{ reply: {} }] },
        { name: 'a', when: {}, then: [] },
        { when: {}, then: [{ reply: { text: '{{match.1}}' } }] },
        { name: 'c', when: { event: 'user_enter_tempsession' }, then: [{ transfer: true }] },
      ],
    })
    expect(found.map(({ rule, path }) => [rule, path])).toEqual([
      [null, 'rules[0]'],
      ['a', 'rules[1].when.text.matches'],
      ['b', 'rules[2].when'],
      ['b', 'rules[2].then[0].reply'],
      ['a', 'rules[3].name'],
      [null, 'rules[4].name'],
      ['c', 'rules[5].then[0].transfer'],
    ])
  })

  it('is said in lines, the first twenty of many', () => {
    const rules = Array.from({ length: 30 }, (_, i) => ({ name: `r${i}`, when: {} }))
    const lines = problemsText(problems({ rules })).split('\n')
    expect(lines[0]).toBe(
      '  rules[0].then (rule "r0"): is missing: it must be a list of actions; [] stays silent',
    )
    expect(lines).toHaveLength(21)
    expect(lines[20]).toBe('  and 10 more')
  })
})

describe('a rule that can’t work is told which field and what it should be', () => {
  it.each<[rule: object, expected: string[]]>([
    [{ name: '' }, ['name: must not be empty']],
    [{ name: ' r' }, ['name: must not start or end with a space']],
    [{ name: 'r'.repeat(65) }, ['name: must not be longer than 64 characters']],
    [{ name: 'a\nb' }, ['name: must be one line']],
    [{ enabled: 'yes' }, ['enabled: must be true or false']],
    [
      { priority: 1 },
      [': has "priority", which is not known here: it takes "name", "enabled", "when", "then"'],
    ],
    [{ when: [] }, ['when: must be an object']],
    [{ when: { user: 'x' } }, ['when: has "user"']],
    [{ when: { event: '' } }, ['when.event: must be the name of an event']],
    [{ when: { type: 'voice' } }, ['when.type: must be "text", "image" or "miniprogrampage"']],
    [{ when: { type: ['text', 'voice'] } }, ['when.type[1]: must be "text", "image"']],
    [{ when: { text: {} } }, ['when.text: must have "equals", "contains" or "matches"']],
    [{ when: { text: '退款' } }, ['when.text: must be an object with "equals"']],
    [{ when: { text: { contains: 1 } } }, ['when.text.contains: must be a text or a list of texts']],
    [{ when: { text: { contains: [] } } }, ['when.text.contains: must not be empty']],
    [{ when: { text: { contains: ['a', ''] } } }, ['when.text.contains[1]: must not be empty']],
    [{ when: { text: { equals: ' a' } } }, ['when.text.equals: must not start or end with a space']],
    [{ when: { text: { equals: 'a', regex: 'b' } } }, ['when.text: has "regex"']],
    [{ when: { text: { matches: '(?=a)' } } }, ['when.text.matches: uses look-around']],
    [{ when: { text: { matches: ['a', '(a)\\1'] } } }, ['when.text.matches[1]: refers back']],
    [{ when: { sessionFrom: { matches: '(' } } }, ['when.sessionFrom.matches: is no regular expression']],
    [{ when: { tags: {} } }, ['when.tags: must have "any", "all" or "none"']],
    [{ when: { tags: { any: [] } } }, ['when.tags.any: must not be empty']],
    [{ when: { hours: { within: '09:00-18:00' } } }, ['when.hours.zone: is missing: it must be a time zone']],
    [
      { when: { hours: { zone: 'UTC' } } },
      ['when.hours: must be an object with either "within" or "outside"'],
    ],
    [
      { when: { hours: { within: '09:00-18:00', outside: '09:00-18:00', zone: 'UTC' } } },
      ['when.hours: must be an object with either'],
    ],
    [{ when: { hours: { within: '9-18', zone: 'UTC' } } }, ['when.hours.within: must be a span HH:MM-HH:MM']],
    [
      { when: { hours: { within: '09:00-18:00', zone: 'Beijing' } } },
      ['when.hours.zone: must be a time zone by its IANA name'],
    ],
    [
      { when: { hours: { within: '09:00-18:00', zone: 'UTC', days: [0, 8] } } },
      ['when.hours.days[0]: must be a weekday', 'when.hours.days[1]: must be a weekday'],
    ],
    [
      { when: { hours: { within: '09:00-18:00', zone: 'UTC', holidays: ['2026-02-30'] } } },
      ['when.hours.holidays[0]: must be a date'],
    ],
    [
      {
        when: {
          hours: { within: '09:00-18:00', zone: 'UTC', holidays: ['2026-10-01'], workdays: ['2026-10-01'] },
        },
      },
      ['when.hours.workdays[0]: names 2026-10-01, which "holidays" names too'],
    ],
    [{ when: { event: 'user_enter_tempsession', type: 'text' } }, ['when.type: can’t stand beside "event"']],
    [
      { when: { event: 'user_enter_tempsession', text: { equals: 'a' } } },
      ['when.text: can’t stand beside "event"'],
    ],
    [{ when: { type: 'image', text: { equals: 'a' } } }, ['when.text: can’t stand beside this "type"']],
    [{ then: say }, ['then: must be a list of actions']],
    [
      { then: [{}] },
      [
        'then[0]: must be an object with exactly one of "reply", "handoff", "transfer", "tag" and "assistant"',
      ],
    ],
    [{ then: [{ ...say, handoff: 'x' }] }, ['then[0]: must be an object with exactly one of']],
    [{ then: [{ send: 'x' }] }, ['then[0]: must be an object with exactly one of']],
    [
      { then: [{ reply: '好' }] },
      ['then[0].reply: must be an object with exactly one of "text", "image", "link" and "miniprogrampage"'],
    ],
    [{ then: [{ reply: { text: ' ' } }] }, ['then[0].reply.text: must not be blank']],
    [{ then: [{ reply: { text: '好', isAiMsg: 1 } }] }, ['then[0].reply.isAiMsg: must be true or false']],
    [
      { then: [{ reply: { text: '字'.repeat(4000) } }] },
      ['then[0].reply.text: needs 6 messages of 2048 bytes and WeChat allows 5'],
    ],
    [
      { then: [{ reply: { image: {} } }] },
      ['then[0].reply.image.mediaId: is missing: it must be a media id'],
    ],
    [
      { then: [{ reply: { image: { mediaId: '{{match.0}}' } } }] },
      ['then[0].reply.image.mediaId: takes no placeholders'],
    ],
    [
      { then: [{ reply: { voice: { mediaId: 'm' } } }] },
      ['then[0].reply: must be an object with exactly one of'],
    ],
    [
      {
        then: [
          {
            reply: {
              link: {
                title: 'a',
                description: '',
                url: 'javascript:alert(1)',
                thumbUrl: 'https://{{sessionFrom}}/',
              },
            },
          },
        ],
      },
      [
        'then[0].reply.link.url: must start with https:// and a host',
        'then[0].reply.link.thumbUrl: must start with',
      ],
    ],
    [
      { then: [{ reply: { miniprogrampage: { title: 'a' } } }] },
      [
        'then[0].reply.miniprogrampage.pagePath: is missing',
        'then[0].reply.miniprogrampage.thumbMediaId: is missing',
      ],
    ],
    [
      { then: [{ reply: { text: '{{name}}' } }] },
      ['then[0].reply.text: has the unknown placeholder {{name}}'],
    ],
    [
      { then: [{ reply: { text: '{{match.1}}' } }] },
      ['then[0].reply.text: uses {{match.1}}, which needs an expression'],
    ],
    [
      { when: { text: { matches: ['(a)', 'b'] } }, then: [{ reply: { text: '{{match.1}}' } }] },
      ['then[0].reply.text: uses {{match.1}}, but not every expression'],
    ],
    [{ then: [{ transfer: 'yes' }] }, ['then[0].transfer: must be true']],
    [
      { when: { event: 'user_enter_tempsession' }, then: [{ transfer: true }] },
      ['then[0].transfer: can’t answer an event'],
    ],
    [
      { then: [{ transfer: true }, { handoff: 'x' }] },
      ['then[1]: gives the conversation away a second time, after "transfer"'],
    ],
    [
      { then: [{ assistant: '售前' }, { handoff: 'x' }] },
      [
        'then[0].assistant: must be the last action',
        'then[1]: gives the conversation away a second time, after "assistant"',
      ],
    ],
    [{ then: [{ assistant: '售前' }, { tag: 'vip' }] }, ['then[0].assistant: must be the last action']],
    [
      { when: { event: 'user_enter_tempsession' }, then: [{ assistant: '售前' }] },
      ['then[0].assistant: can’t answer an event'],
    ],
    [{ then: [{ handoff: '' }] }, ['then[0].handoff: must not be empty']],
    [{ then: [{ tag: ' vip' }] }, ['then[0].tag: must not start or end with a space']],
  ])('%j', (rule, expected) => {
    const named = 'name' in rule
    const found = named
      ? problems({ rules: [{ when: {}, then: [say], ...rule }] }).map(
          ({ path, message }) => `${path.slice(9)}: ${message}`,
        )
      : problemsOf(rule)
    expect(found).toEqual(expected.map(containing))
  })
})

describe('a rule that works otherwise than its author may think', () => {
  it('is not warned about when there is nothing to warn about', () => {
    expect(
      warnings([
        { when: { event: 'user_enter_tempsession' }, then: [say, say] },
        { when: { text: { equals: 'a' } }, then: [say, say, say, say, say] },
        { when: { type: 'image' }, then: [] },
        {},
      ]),
    ).toEqual([])
  })

  it('sends more than the allowance, long texts counted by their parts', () => {
    const enter = { event: 'user_enter_tempsession' }
    expect(warnings([{ when: enter, then: [say, say, say] }])).toEqual([
      'r0 rules[0].then: sends 3 messages where 2 are allowed after entering: the last 1 will not go out',
    ])
    expect(warnings([{ then: [say, say, say, say, say, say] }])[0]).toContain(
      'sends 6 messages where 5 are allowed',
    )
    const long = { reply: { text: '字'.repeat(1000) } }
    expect(warnings([{ then: [say, say, say, say, long] }])).toEqual([
      expect.stringContaining(
        'r0 rules[0].then[4].reply.text: is longer than 2048 bytes: it goes out as 2 messages',
      ),
      expect.stringContaining('sends 6 messages where 5 are allowed'),
    ])
    expect(warnings([{ then: [say, say, say, say] }], { afterMessage: 3, afterEnter: 2 })[0]).toContain(
      'sends 4 messages where 3 are allowed after a message',
    )
  })

  it('never matches behind one that takes everything of its kind', () => {
    const shadowed = warnings([
      { when: { type: ['image', 'miniprogrampage'] } },
      { when: { type: 'image', tags: { any: 'vip' } } }, // r1: behind r0
      { when: { event: 'user_enter_tempsession', sessionFrom: { equals: 'a' } } },
      { when: { event: 'user_enter_tempsession' } },
      { when: { event: 'user_enter_tempsession', tags: { any: 'vip' } } }, // r4: behind r3
      { when: { type: 'text' }, enabled: false },
      { when: { text: { equals: 'a' } } },
      { when: { type: 'text' } },
      { when: { text: { equals: 'b' } } }, // r8: behind r7
      {},
      { when: { hours: { within: '00:00-24:00', zone: 'UTC' } } }, // r10: behind r9
      { when: { event: 'wxa_media_check' }, then: [{ tag: 'a' }] },
      { when: { text: { equals: 'a' } }, enabled: false },
    ])
    expect(shadowed).toEqual(
      [
        ['r1', 1, 'r0'],
        ['r4', 4, 'r3'],
        ['r8', 8, 'r7'],
        ['r10', 10, 'r9'],
      ].map(([rule, index, before]) =>
        containing(`${rule} rules[${index}].when: never matches: the rule "${before}" before it`),
      ),
    )
  })

  it('uses a media id that WeChat will have forgotten', () => {
    expect(warnings([{ then: [{ reply: { image: { mediaId: 'm' } } }] }])).toEqual([
      expect.stringContaining(
        'r0 rules[0].then[0].reply: uses a media id, which WeChat forgets 72 hours after',
      ),
    ])
  })

  it('tags a message and leaves it without an answer', () => {
    expect(warnings([{ then: [{ tag: 'vip' }] }])).toEqual([
      expect.stringContaining('r0 rules[0].then: tags but does not answer'),
    ])
    expect(warnings([{ when: { event: 'user_enter_tempsession' }, then: [{ tag: 'vip' }] }])).toEqual([])
  })

  it('replies to an event that opens no conversation', () => {
    expect(warnings([{ when: { event: 'user_enter_temp_session' } }])).toEqual([
      expect.stringContaining('r0 rules[0].when.event: opens no conversation'),
    ])
  })
})
