import { z } from 'zod'
import { ruleIssue } from '../protocol/rule-problems.js'
import {
  fieldsOf,
  messageTypes,
  outgoingTypes,
  type Field,
  type MessageType,
  type ReplyForm,
} from '../wechat/index.js'
import { checkOf } from './rule-problem.js'
import { closed, must, text } from './schema-parts.js'

/** Characters of an address, placeholders and all. */
const ADDRESS_CHARACTERS = 2000

function fieldSchema({ kind, be, maxCharacters, mayBeEmpty }: Field): z.ZodString {
  if (kind === 'address')
    return text(be, ADDRESS_CHARACTERS).regex(
      /^https?:\/\/[^\s/?#{}]+/i,
      'must start with https:// and a host',
    )
  return mayBeEmpty
    ? z.string(must(be)).max(maxCharacters, `must not be longer than ${maxCharacters} characters`)
    : text(be, maxCharacters)
}

/** A text that may go out as several messages. */
function bareSchema({ be, maxCharacters }: Field): z.ZodString {
  return z
    .string(must(be))
    .max(maxCharacters, `must not be longer than ${maxCharacters} characters`)
    .refine((value) => value.trim() !== '', checkOf('must not be blank', ruleIssue('empty')))
}

function formOf(type: MessageType): z.ZodType {
  const fields = fieldsOf(type)
  const [only] = fields
  if (type.isBare && only) return bareSchema(only[1])
  const example = fields.map(([name, { example }]) => `"${name}": "${example}"`).join(', ')
  return closed(
    `${type.noun}: { ${example} }`,
    Object.fromEntries(fields.map(([name, field]) => [name, fieldSchema(field)])),
  )
}

const types = outgoingTypes.map((type) => `"${type}"`)

/** One message that a rule sends, by its type. */
export const replySchema = z.union(
  messageTypes.map((type) =>
    closed('a reply', {
      [type.msgType]: formOf(type),
      isAiMsg: z.boolean(must('true or false')).exactOptional(),
    }),
  ),
  must(
    `an object with exactly one of ${types.slice(0, -1).join(', ')} and ${types.at(-1) ?? ''}, such as { "text": "…" }`,
  ),
) as unknown as z.ZodType<ReplyForm>
