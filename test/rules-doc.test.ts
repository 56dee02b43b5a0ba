import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { conditionKinds } from '../src/rules/conditions.js'
import { fieldsOf, incomingTypes, messageTypes } from '../src/wechat/index.js'

const page = readFileSync(new URL('../docs/rules.md', import.meta.url), 'utf8')
/** The first cells of the page's tables. */
const cells = [...page.matchAll(/^\| (.+?) +\|/gm)].map(([, cell]) => cell)

describe('docs/rules.md', () => {
  it.each(Object.keys(conditionKinds))('says when the condition %s holds', (key) => {
    expect(cells).toContain(`\`${key}\``)
  })

  it.each(messageTypes)('says how a rule writes $msgType', (type) => {
    const form = type.isBare
      ? '"…"'
      : `{ ${fieldsOf(type)
          .map(([name]) => `"${name}"`)
          .join(', ')} }`
    const cell = `\`{ "reply": { "${type.msgType}": ${form} } }\``
    expect(cells.map((each) => each?.replace(/: "…" \} \} \}/, ' } } }'))).toContain(cell)
  })

  it('names the types of messages that customers send', () => {
    expect(page).toContain(`or one of a list: ${incomingTypes.map((type) => `\`${type}\``).join(', ')} `)
  })
})
