import type { HandoffReason } from '../../../../src/protocol/reasons.js'
import type { Action } from '../../../../src/rules/rule-set.js'
import {
  fieldsOf,
  knownType,
  outgoingTypes,
  type OutgoingType,
} from '../../../../src/wechat/messages/index.js'
import { readReply, replyOf } from '../../../../src/wechat/messages/reply-form.js'
import type { AdminText } from './conditions/condition-field.js'

/** Messages by their type, and what else a rule can do. */
export type ActionKind = OutgoingType | 'assistant' | 'handoff' | 'transfer' | 'tag'

/** Of a rule that gives no reason of its own: pages have words for it. */
const NO_REASON: HandoffReason = 'by_rule'

export const actionKinds: readonly ActionKind[] = [
  ...outgoingTypes,
  'assistant',
  'handoff',
  'transfer',
  'tag',
]

/** An action as the form has it. The fields of other kinds stay, so that another choice of kind loses nothing. */
export interface ActionDraft {
  kind: ActionKind
  fields: Record<string, string>
}

/** A field of the form for an action. */
export interface ActionField {
  readonly name: string
  readonly label: AdminText
  /** Whether it takes several lines, and placeholders by a button. */
  readonly isText: boolean
  /** What an empty field comes to. */
  readonly hint?: AdminText
}

export function emptyAction(kind: ActionKind = 'text'): ActionDraft {
  return { kind, fields: {} }
}

export function isReply(kind: ActionKind): kind is OutgoingType {
  return kind !== 'handoff' && kind !== 'transfer' && kind !== 'tag' && kind !== 'assistant'
}

/** The form's name of an action. */
export function actionLabel(kind: ActionKind): AdminText {
  return isReply(kind) ? knownType(kind).words.reply : `rules.do.${kind}`
}

/** The fields that the form has for an action. */
export function actionFields(kind: ActionKind): readonly ActionField[] {
  if (kind === 'transfer') return []
  if (kind === 'handoff')
    return [{ name: kind, label: 'rules.text.handoff', isText: false, hint: 'rules.text.handoffHint' }]
  if (!isReply(kind)) return [{ name: kind, label: `rules.text.${kind}`, isText: false }]
  const type = knownType(kind)
  return fieldsOf(type).map(([name, { label }]) => ({ name, label, isText: type.isBare }))
}

export function actionDraft(action: Action): ActionDraft {
  if ('handoff' in action)
    return { kind: 'handoff', fields: action.handoff === NO_REASON ? {} : { handoff: action.handoff } }
  if ('transfer' in action) return emptyAction('transfer')
  if ('assistant' in action) return { kind: 'assistant', fields: { assistant: action.assistant } }
  if ('tag' in action) return { kind: 'tag', fields: { tag: action.tag } }
  const kind = outgoingTypes.find((type) => type in action.reply)
  // A later service may know more types.
  if (kind === undefined) return emptyAction()
  const { texts } = readReply(action.reply)
  return { kind, fields: Object.fromEntries(texts.map(({ name, text }) => [name, text])) }
}

/** The inverse of actionDraft. */
export function actionOf({ kind, fields }: ActionDraft): Action {
  switch (kind) {
    case 'handoff':
      return { handoff: (fields['handoff'] ?? '').trim() || NO_REASON }
    case 'transfer':
      return { transfer: true }
    case 'assistant':
      return { assistant: (fields['assistant'] ?? '').trim() }
    case 'tag':
      return { tag: fields['tag'] ?? '' }
    default:
      return { reply: replyOf(knownType(kind), fields) }
  }
}
