import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { problemsText } from './rule-problem.js'
import { ruleSetSchema, type RuleSet } from './rule-set.js'
import { parseRules, serialiseRules } from './rules-file.js'

/** The example of the outside contract, as it is printed there. */
const example = await readFile(new URL('../../test/fixtures/rules.json', import.meta.url), 'utf8')

function rulesIn(text: string): RuleSet {
  const checked = parseRules(text)
  if (!checked.ok) throw new Error(problemsText(checked.problems))
  return checked.rules
}
function problemIn(text: string): string {
  const checked = parseRules(text)
  return checked.ok ? '' : problemsText(checked.problems)
}

describe('a rules file', () => {
  it('reads as the example of the contract, with nothing to warn about', () => {
    const checked = parseRules(example)
    const parsed: unknown = JSON.parse(example)
    expect(checked).toMatchObject({ ok: true, rules: parsed, warnings: [] })
  })

  it('works as docs/rules.md shows it', async () => {
    const page = await readFile(new URL('../../docs/rules.md', import.meta.url), 'utf8')
    const shown = /```json\n(.*?)```/s.exec(page)?.[1] ?? ''
    expect(parseRules(shown)).toMatchObject({ ok: true, warnings: [] })
  })

  it('has a schema that OpenAPI can show', () => {
    const shown = z.toJSONSchema(ruleSetSchema)
    expect(shown).toMatchObject({ type: 'object', required: ['rules'], additionalProperties: false })
    expect(JSON.stringify(shown)).toContain('"miniprogrampage"')
  })

  it('comes out as it went in, whatever order its keys were in', () => {
    const mixed = `\uFEFF{"rules":[{"then":[{"reply":{"isAiMsg":true,"link":{"url":"https://a.example/","thumbUrl":"https://a.example/b.png","description":"","title":"t"}}},{"tag":"vip"}],
      "when":{"tags":{"none":"b","any":["a"]},"hours":{"zone":"UTC","workdays":[],"days":[2,1],"within":"09:00-18:00"},"text":{"caseSensitive":true,"matches":"a","equals":"b"},"type":"text"},
      "enabled":false,"name":"r"}]}`
    expect(serialiseRules(rulesIn(mixed))).toBe(`{
  "rules": [
    {
      "name": "r",
      "enabled": false,
      "when": {
        "type": "text",
        "text": {
          "equals": "b",
          "matches": "a",
          "caseSensitive": true
        },
        "hours": {
          "within": "09:00-18:00",
          "days": [
            2,
            1
          ],
          "zone": "UTC",
          "workdays": []
        },
        "tags": {
          "any": [
            "a"
          ],
          "none": "b"
        }
      },
      "then": [
        {
          "reply": {
            "link": {
              "title": "t",
              "description": "",
              "url": "https://a.example/",
              "thumbUrl": "https://a.example/b.png"
            },
            "isAiMsg": true
          }
        },
        {
          "tag": "vip"
        }
      ]
    }
  ]
}
`)
  })

  it('that is no JSON is refused with the line', () => {
    expect(problemIn('{\n  "rules": [\n    { "name": "a" "when": {} }\n  ]\n}')).toMatch(
      /^ {2}the rules: is not JSON: .*\(line 3\b/,
    )
    expect(problemIn('')).toContain('is not JSON')
    expect(problemIn('您好')).toContain('is not JSON')
  })

  it('can’t reach an object’s prototype', () => {
    expect(problemIn('{"rules":[{"name":"r","when":{},"then":[],"__proto__":{"enabled":false}}]}')).not.toBe(
      '',
    )
  })
})
