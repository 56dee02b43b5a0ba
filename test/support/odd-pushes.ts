/** A generator of numbers below a bound. */
export type Random = (below: number) => number

/** The same numbers in each run (mulberry32). */
export function random(seed: number): Random {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const pieces = [
  '你好',
  'a',
  ' ',
  '\n',
  '\t',
  '\u0014',
  '\u001b',
  '"',
  '\\',
  ']]>',
  '<![CDATA[',
  '</Content>',
  '&amp;',
  '<b>',
  '👋',
  '{',
  '}',
  '":',
]

function words(next: Random, most: number): string {
  let text = ''
  for (let i = next(most); i > 0; i--) text += pieces[next(pieces.length)] ?? ''
  return text
}

/**
 * The text of a push as WeChat might send it one day: most are messages, some of an odd shape, some of none. Its number
 * stands in it as `#7#`, and one in a hundred is tens of kilobytes long.
 */
export function oddPlaintext(next: Random, number: number): string {
  const openId = `oCustomer${next(2000)}`
  const head = { ToUserName: 'gh_1', FromUserName: openId, CreateTime: 1_900_000_000 + next(1000) }
  const long = next(100) === 0 ? 'x'.repeat(next(30_000)) : ''
  const content = `#${number}# ${words(next, 12)}${long}`
  const message = {
    ...head,
    MsgType: next(10) === 0 ? 'Text' : 'text',
    Content: content,
    MsgId: 10 ** 15 + number,
  }
  switch (next(12)) {
    case 0:
      return `${content} is no push`
    case 1:
      return `{"Content":${JSON.stringify(content)}`
    case 2:
      return `<!DOCTYPE xml [<!ENTITY a "b">]>${xml(message)}`
    case 3:
      return JSON.stringify({ ...message, MsgType: undefined })
    case 4:
      return JSON.stringify(message).replace('{', '{"MsgType":"event",')
    case 5:
      return xml({
        ...head,
        MsgType: 'voice',
        Title: content.replace(/[\]<&]/g, ''),
        MsgId: 10 ** 15 + number,
      })
    case 6:
      return JSON.stringify(message, null, 2).replaceAll('\\n', '\n').concat('\n')
    case 7:
    case 8:
      return JSON.stringify(message)
    default:
      return xml(message)
  }
}

function xml(fields: Readonly<Record<string, unknown>>): string {
  const elements = Object.entries(fields).map(([name, value]) =>
    typeof value === 'number'
      ? `<${name}>${value}</${name}>`
      : `<${name}><![CDATA[${String(value)}]]></${name}>`,
  )
  return `<xml>${elements.join('')}</xml>`
}
