import { LATEST_SECONDS } from './incoming.js'
import { formatOf, readPlaintext } from './plaintext.js'
import { leadingElements, openingEnd } from './whole-text.js'

/** A push that is WeChat's and can't be read, with what of it only WeChat can have written. */
export interface Unreadable {
  /** Why it can't be read: a sentence that holds nothing of the push. */
  readonly problem: string
  /** The customer that it is of; empty where a customer's own text may have said so, or nothing does. */
  readonly fromUserName: string
  /** Unix time in seconds; 0 where that is not certain. */
  readonly createTime: number
  /** Whether it is certainly an event, not something that a customer wrote. */
  readonly isEvent: boolean
}

/** Looks at what can't be read as a push for what is certain of it all the same. */
export function unreadable(plaintext: string, problem: string): Unreadable {
  const certain = certainFields(plaintext)
  // A sub-merchant's session is another one than the customer's own, and which is not certain.
  const fromUserName = isOfBusiness(plaintext) ? '' : (certain.get('FromUserName') ?? '')
  const seconds = Number(certain.get('CreateTime') ?? 0)
  return {
    problem,
    fromUserName: openId.test(fromUserName) ? fromUserName : '',
    createTime: Number.isSafeInteger(seconds) && seconds > 0 && seconds <= LATEST_SECONDS ? seconds : 0,
    isEvent: certain.get('MsgType')?.trim().toLowerCase() === 'event',
  }
}

function isOfBusiness(plaintext: string): boolean {
  return /BusinessId["\s>]/.test(plaintext)
}

const openId = /^[\w@.-]{1,128}$/

type Certain = ReadonlyMap<string, string>

/** Returns its certain fields: all where it can be parsed, and otherwise those before anything of a customer's. */
function certainFields(plaintext: string): Certain {
  try {
    const { fields } = readPlaintext(plaintext)
    return new Map(
      Object.entries(fields).flatMap(([name, value]): [string, string][] =>
        typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [],
      ),
    )
  } catch {
    return leadingFields(plaintext)
  }
}

/**
 * A text that gets out of its field can bring in anything behind that field, and nothing before it: the envelope's
 * fields that lead are WeChat's. One that stands twice among them is not certain.
 */
function leadingFields(plaintext: string): Certain {
  const certain = new Map<string, string>()
  const doubtful = new Set<string>()
  const leading =
    formatOf(plaintext) === 'json'
      ? leadingMembers(plaintext)
      : leadingElements(plaintext, openingEnd(plaintext))
  for (const { name, value } of leading) {
    if (certain.has(name)) doubtful.add(name)
    certain.set(name, value)
  }
  for (const name of doubtful) certain.delete(name)
  return certain
}

function* leadingMembers(text: string): Generator<{ readonly name: string; readonly value: string }> {
  objectStart.lastIndex = 0
  if (!objectStart.test(text)) return
  simpleMember.lastIndex = objectStart.lastIndex
  for (let found = simpleMember.exec(text); found; found = simpleMember.exec(text)) {
    const [, name = '', quoted, bare] = found
    yield { name, value: quoted ?? bare ?? '' }
  }
}

const objectStart = /\uFEFF?\s*\{/y
const simpleMember =
  /\s*"\s*(ToUserName|FromUserName|CreateTime|MsgType|Event|MsgId|BusinessId)\s*"\s*:\s*(?:"([\w@.+/=-]*)"|(\d+))\s*[,}]/y
