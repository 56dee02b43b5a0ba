/** What some models think aloud before they answer. */
const thoughts = /<think>[\s\S]*?(?:<\/think>|$)/gi

/**
 * Returns the JSON object in a model's answer, also within a fence, behind thoughts or between words; undefined where
 * there is none, or more than one.
 */
export function readJsonAnswer(text: string): unknown {
  const answer = text.replace(thoughts, '')
  const found = objectsIn(answer)
  return found.length === 1 ? found[0] : undefined
}

function objectsIn(text: string): unknown[] {
  const found: unknown[] = []
  let at = text.indexOf('{')
  while (at >= 0) {
    const end = endOfObject(text, at)
    if (end === undefined) break
    const object = parsed(text.slice(at, end))
    if (object !== undefined) found.push(object)
    at = text.indexOf('{', object === undefined ? at + 1 : end)
  }
  return found
}

/** Where the object that begins here ends, outside of strings; undefined where it does not. */
function endOfObject(text: string, from: number): number | undefined {
  let depth = 0
  let isText = false
  for (let at = from; at < text.length; at++) {
    const character = text[at]
    if (isText) {
      if (character === '\\') at++
      else if (character === '"') isText = false
    } else if (character === '"') isText = true
    else if (character === '{') depth++
    else if (character === '}' && --depth === 0) return at + 1
  }
  return undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
