import type { Action, Comparison, Rule, When } from '../../../../src/rules/rule-set.js'

export type ActionKind = 'text' | 'link' | 'card' | 'image' | 'handoff' | 'transfer' | 'tag'

/** An action as the form has it: one field for each that any kind takes. */
export interface ActionDraft {
  kind: ActionKind
  text: string
  title: string
  description: string
  url: string
  thumbUrl: string
  pagePath: string
  mediaId: string
}

export interface ComparisonDraft {
  by: 'equals' | 'contains' | 'matches'
  /** One on each line. */
  lines: string
}

/** A rule as the form has it; empty is no condition. */
export interface RuleDraft {
  name: string
  enabled: boolean
  text: ComparisonDraft
  sessionFrom: ComparisonDraft
  types: string[]
  event: string
  /** Hours of its own (`within`, `outside`), or by the name of business hours (`open`, `closed`). */
  hours: {
    by: 'within' | 'outside' | 'open' | 'closed'
    span: string
    days: number[]
    zone: string
    name: string
  }
  tags: { by: 'any' | 'all' | 'none'; lines: string }
  actions: ActionDraft[]
}

export const actionKinds = ['text', 'link', 'card', 'image', 'handoff', 'transfer', 'tag'] as const
export const messageTypes = ['text', 'image', 'miniprogrampage'] as const

export function emptyAction(kind: ActionKind = 'text'): ActionDraft {
  return { kind, text: '', title: '', description: '', url: '', thumbUrl: '', pagePath: '', mediaId: '' }
}

/** The rule in the form's fields; what they have no place for is left out. */
export function draftOf(rule: Rule): RuleDraft {
  const { text, sessionFrom, type, event, hours, tags } = rule.when
  const by = tags?.any ? 'any' : tags?.all ? 'all' : tags?.none ? 'none' : 'any'
  return {
    name: rule.name,
    enabled: rule.enabled !== false,
    text: comparisonDraft(text),
    sessionFrom: comparisonDraft(sessionFrom),
    types: [...listOf(type)],
    event: event ?? '',
    hours: hoursDraft(hours),
    tags: { by, lines: listOf(tags?.[by]).join('\n') },
    actions: rule.then.map(actionDraft),
  }
}

/** What the form says, as a rule; the service says what is wrong with it. */
export function ruleOf(draft: RuleDraft): Rule {
  const { hours, tags } = draft
  const [text, sessionFrom] = [comparisonOf(draft.text), comparisonOf(draft.sessionFrom)]
  const itsHours = hoursOf(hours)
  const when: When = {
    ...(draft.event.trim() === '' ? {} : { event: draft.event.trim() }),
    ...(draft.types.length === 0 ? {} : { type: messageTypes.filter((type) => draft.types.includes(type)) }),
    ...(text === undefined ? {} : { text }),
    ...(sessionFrom === undefined ? {} : { sessionFrom }),
    ...(itsHours === undefined ? {} : { hours: itsHours }),
    ...(linesOf(tags.lines).length === 0 ? {} : { tags: { [tags.by]: linesOf(tags.lines) } }),
  }
  return {
    name: draft.name.trim(),
    ...(draft.enabled ? {} : { enabled: false }),
    when,
    then: draft.actions.map(actionOf),
  }
}

/** Whether the form shows all of the rule, so that saving it there loses nothing. */
export function fitsForm(rule: Rule): boolean {
  return canonical(rule) === canonical(ruleOf(draftOf(rule)))
}

function hoursDraft(hours: When['hours']): RuleDraft['hours'] {
  const none: RuleDraft['hours'] = { by: 'outside', span: '', days: [], zone: 'Asia/Shanghai', name: '' }
  if (hours === undefined) return none
  if ('open' in hours) return { ...none, by: 'open', name: hours.open }
  if ('closed' in hours) return { ...none, by: 'closed', name: hours.closed }
  const its = { ...none, days: [...(hours.days ?? [])], zone: hours.zone }
  return 'within' in hours
    ? { ...its, by: 'within', span: hours.within }
    : { ...its, by: 'outside', span: hours.outside }
}

function hoursOf({ by, span, days, zone, name }: RuleDraft['hours']): When['hours'] {
  if (by === 'open' || by === 'closed')
    return name === '' ? undefined : by === 'open' ? { open: name } : { closed: name }
  if (span.trim() === '') return undefined
  const calendar = { ...(days.length === 0 ? {} : { days }), zone: zone.trim() }
  return by === 'within' ? { within: span.trim(), ...calendar } : { outside: span.trim(), ...calendar }
}

function comparisonDraft(comparison: Comparison | undefined): ComparisonDraft {
  const by = comparison?.equals ? 'equals' : comparison?.matches ? 'matches' : 'contains'
  return { by, lines: listOf(comparison?.[by]).join('\n') }
}

function comparisonOf({ by, lines }: ComparisonDraft): Comparison | undefined {
  const words = linesOf(lines)
  return words.length === 0 ? undefined : { [by]: words }
}

function actionDraft(action: Action): ActionDraft {
  if ('handoff' in action) return { ...emptyAction('handoff'), text: action.handoff }
  if ('transfer' in action) return emptyAction('transfer')
  if ('tag' in action) return { ...emptyAction('tag'), text: action.tag }
  const { reply } = action
  if ('text' in reply) return { ...emptyAction('text'), text: reply.text }
  if ('image' in reply) return { ...emptyAction('image'), mediaId: reply.image.mediaId }
  if ('link' in reply) return { ...emptyAction('link'), ...reply.link }
  const { title, pagePath, thumbMediaId } = reply.miniprogrampage
  return { ...emptyAction('card'), title, pagePath, mediaId: thumbMediaId }
}

function actionOf({ kind, text, title, description, url, thumbUrl, pagePath, mediaId }: ActionDraft): Action {
  switch (kind) {
    case 'text':
      return { reply: { text } }
    case 'image':
      return { reply: { image: { mediaId } } }
    case 'link':
      return { reply: { link: { title, description, url, thumbUrl } } }
    case 'card':
      return { reply: { miniprogrampage: { title, pagePath, thumbMediaId: mediaId } } }
    case 'handoff':
      return { handoff: text }
    case 'transfer':
      return { transfer: true }
    case 'tag':
      return { tag: text }
  }
}

function listOf<T extends string>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return []
  return typeof value === 'string' ? [value] : value
}

function linesOf(lines: string): string[] {
  return lines
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** Where one or a list may stand, the same text for both; the order of keys and of days says nothing. */
function canonical(value: unknown, key = ''): string {
  if (Array.isArray(value)) {
    const items = value.map((item) => canonical(item))
    return `[${(key === 'days' || key === 'type' ? items.toSorted() : items).join()}]`
  }
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .filter(([name, part]) => !(name === 'enabled' && part === true))
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, part]) => `${name}:${canonical(part, name)}`)
      .join()}}`
  const one = JSON.stringify(value)
  return ['equals', 'contains', 'matches', 'any', 'all', 'none', 'type'].includes(key) ? `[${one}]` : one
}
